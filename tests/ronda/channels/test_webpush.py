"""Web Push against a local push service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.clock import ManualClock
from ronda.channels.channel import LaterError, Letter, NeverError
from ronda.channels.http import Poster
from ronda.channels.sealing import point
from ronda.channels.webpush import WebPush
from store.offers import Push
from tests.ronda.channels.endpoint import listening
from tests.ronda.channels.letters import FIRE, LETTER, T0_US, ZONE

KEY = ec.generate_private_key(ec.SECP256R1())
BROWSER = ec.generate_private_key(ec.SECP256R1())
SECRET = bytes(range(16))


def unsealed(body: bytes) -> dict[str, Any]:
    """What a browser makes of a push (RFC 8188 and 8291, from the other side)."""
    salt, theirs = body[:16], body[21:86]
    shared = BROWSER.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))

    def derive(key: bytes, salt_: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt_, info).derive(key)

    key = derive(shared, SECRET, b"WebPush: info\0" + point(BROWSER) + theirs, 32)
    content, nonce = (
        derive(key, salt, b"Content-Encoding: " + i, n) for i, n in ((b"aes128gcm\0", 16), (b"nonce\0", 12))
    )
    plain = AESGCM(content).decrypt(nonce, body[86:], None)
    assert plain.endswith(b"\x02")
    found: dict[str, Any] = msgspec.json.decode(plain[:-1])
    return found


def push(url: str) -> Push:
    return Push(url, point(BROWSER), SECRET)


def sent(letter: Letter, *pushes: Push) -> list[str]:
    """The addresses that were dropped, after sending."""
    dropped: list[str] = []

    async def find(_: str) -> Sequence[Push]:
        return pushes

    async def drop(endpoint: str) -> None:
        dropped.append(endpoint)

    channel = WebPush(
        KEY, "mailto:ani@kota.id", poster=Poster(), clock=ManualClock(T0_US), zone=ZONE, pushes=find, drop=drop
    )
    try:
        assert asyncio.run(channel.send(letter)) == "sent"
    except NeverError:
        dropped.append("nobody")
    return dropped


def test_only_the_browser_can_read_it() -> None:
    """With its life, its urgency, our name; a newer word about the same offer replaces it."""
    with listening(201) as there:
        assert sent(LETTER, push(there.url)) == []
    told, headers = unsealed(there.bodies[0]), there.headers[0]
    assert (told["title"], told["offer"], told["link"]) == ("Kebakaran: bisa datang?", "i.1", "https://ronda/o/x")
    assert (headers["ttl"], headers["urgency"], headers["content-encoding"]) == ("300", "high", "aes128gcm")
    assert headers["authorization"].startswith("vapid t=")
    assert len(headers["topic"]) == 32


def test_a_browser_that_is_gone_is_forgotten() -> None:
    """The others get it all the same; keys that are none are gone too."""
    with listening(410) as gone, listening(201) as good:
        bad = Push(good.url + "/bad", b"no key", SECRET)
        assert sent(LETTER, push(gone.url), bad, push(good.url)) == [gone.url, bad.endpoint]
        assert len(good.bodies) == 1
    assert sent(LETTER) == ["nobody"]


def test_a_busy_service_is_asked_again() -> None:
    """If no other browser of the person took it."""
    with listening(503) as busy, pytest.raises(LaterError):
        sent(LETTER, push(busy.url))


def test_a_long_report_is_cut() -> None:
    """A push holds four kilobytes."""
    long = msgspec.structs.replace(FIRE, text="x" * 2000, address="y" * 3000)
    huge = msgspec.structs.replace(FIRE, address="y" * 9000)
    with listening(201) as there:
        for incident in (long, huge):
            sent(Letter(LETTER.notice, LETTER.offer, incident, LETTER.said, LETTER.link, 300.0), push(there.url))
    assert len(unsealed(there.bodies[0])["text"]) == 500
    assert sorted(unsealed(there.bodies[1])) == ["incident", "notice", "offer", "title", "type"]
