"""SMS gateways: forms and JSON, filled in so that no text can break out of them."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs

import pytest

from core.entities import Person
from ronda.channels.channel import NeverError
from ronda.channels.http import Poster
from ronda.channels.sms import Sms, filled
from tests.ronda.channels.endpoint import listening
from tests.ronda.channels.letters import LETTER

HARD = 'Api & "asap"\n100% $phone é'


def test_a_form() -> None:
    """Every value is quoted."""
    body, kind = filled("user=a&to=$phone&text=$text", {"phone": "628", "text": HARD, "id": "i"})
    assert kind == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"user": ["a"], "to": ["628"], "text": [HARD]}


def test_json() -> None:
    """Every value stays inside its quotes."""
    body, kind = filled('{"to": "$phone", "message": "$text"}', {"phone": "628", "text": HARD, "id": "i"})
    assert (kind, json.loads(body)) == ("application/json", {"to": "628", "message": HARD})


def sent(url: str, phone: str) -> str:
    async def find(person: str) -> Person:
        return Person(id=person, phone=phone)

    sms = Sms(
        url, "to=$phone&text=$text&ref=$id", "Bearer t", after_s=20, poster=Poster(), person=find, calling_code="62"
    )
    return asyncio.run(sms.send(LETTER))


def test_what_is_posted() -> None:
    """The number with its country, one line of text with the link, the id of the notice."""
    with listening(201) as there:
        assert sent(there.url, "0812-3456-789") == "sent"
    assert there.headers[0]["authorization"] == "Bearer t"
    assert parse_qs(there.bodies[0].decode()) == {
        "to": ["628123456789"], "ref": ["i.1:1:offer"],
        "text": ["Kebakaran: bisa datang? Oesapa. https://ronda/o/x"],
    }  # fmt: skip


def test_nobody_without_a_number() -> None:
    """And what the gateway refuses is not tried again."""
    with listening(400) as there:
        with pytest.raises(NeverError, match="no telephone number"):
            sent(there.url, "rumah")
        with pytest.raises(NeverError, match="RONDA_SMS_BODY"):
            sent(there.url, "0812-3456-789")
