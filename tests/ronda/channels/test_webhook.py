"""The webhook: signed as in Standard Webhooks."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core.clock import ManualClock
from core.entities import Person
from core.signing import key_of, signature
from ronda.channels.channel import LaterError, NeverError
from ronda.channels.http import Poster
from ronda.channels.webhook import Webhook
from tests.ronda.channels.endpoint import listening
from tests.ronda.channels.letters import LETTER, T0_US, ZONE

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def find(person: str) -> Person:
    return Person(id=person, name="Ana", phone="0812-3456-789")


def hook(url: str) -> Webhook:
    clock = ManualClock(T0_US)
    return Webhook(url, SECRET, poster=Poster(), person=find, clock=clock, zone=ZONE)


def test_the_example_of_the_standard() -> None:
    """Its published id, time, body and signature."""
    body = b'{"test": 2432232314}'
    assert signature(key_of(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_what_is_posted() -> None:
    """The notice with all that a bot needs to pass it on, under the signature of exactly these bytes."""
    with listening(204) as there:
        assert asyncio.run(hook(there.url).send(LETTER)) == "sent"
    headers, body = there.headers[0], there.bodies[0]
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("i.1:1:offer", "1767571200")
    assert headers["webhook-signature"] == signature(key_of(SECRET), "i.1:1:offer", 1767571200, body)
    told: dict[str, Any] = msgspec.json.decode(body)
    assert told == {
        "notice": "i.1:1:offer", "type": "offer", "offer": "i.1", "incident": "i", "volunteer": "ana",
        "at": "2026-01-05T08:00:00+08:00", "expires": "2026-01-05T08:05:00+08:00", "title": "Kebakaran: bisa datang?",
        "body": "Oesapa.", "link": "https://ronda/o/x", "role": "", "state": "offered", "eta_s": 301.5,
        "why": "nearest", "kind": "kebakaran", "severity": 3, "exercise": False, "lon": 123.6, "lat": -10.17,
        "area": None, "address": None, "text": "asap tebal", "name": "Ana", "phone": "0812-3456-789",
    }  # fmt: skip


def test_refused_or_busy() -> None:
    """A refusal is final, a failure of theirs is not."""
    for status, raised in ((401, NeverError), (500, LaterError)):
        with listening(status) as there, pytest.raises(raised):
            asyncio.run(hook(there.url).send(LETTER))
