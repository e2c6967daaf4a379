"""Posting: what is worth another try, and what is not."""

from __future__ import annotations

import asyncio

import pytest

from ronda.channels.channel import LaterError, NeverError
from ronda.channels.http import Poster
from tests.ronda.channels.endpoint import listening


def posted(url: str, **options: bool) -> int:
    return asyncio.run(Poster(**options, timeout_s=2.0).post(url, b"x", {"A": "b"}))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [200, 201, 302, 400, 404, 410])
def test_an_answer_is_an_answer(status: int) -> None:
    """A redirect too: nothing is posted where it leads."""
    with listening(status, Location="http://127.0.0.1:9/") as there:
        assert posted(there.url) == status
    assert (there.bodies, there.headers[0]["a"]) == ([b"x"], "b")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_whoever_is_busy_is_asked_again(status: int) -> None:
    """When they say."""
    with listening(status, Retry_After="7") as there, pytest.raises(LaterError, match=str(status)) as raised:
        posted(there.url)
    assert raised.value.after_s == 7.0


@pytest.mark.parametrize("said", ["999999", "soon", "-1", "٣"])
def test_what_they_say_is_bounded(said: str) -> None:
    """Two minutes at most, and our own pauses when it is no number."""
    with listening(503, Retry_After=said.encode().decode("latin-1")) as there, pytest.raises(LaterError) as raised:
        posted(there.url)
    assert raised.value.after_s == (120.0 if said == "999999" else None)


def test_nobody_there() -> None:
    """A server that is away may come back."""
    with pytest.raises(LaterError, match=r"127\.0\.0\.1 does not answer"):
        posted("http://127.0.0.1:9/")


def test_strangers_addresses_must_be_public() -> None:
    """A browser's push address that leads into our own network is refused, by name too."""
    for url in ("http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://10.0.0.1/"):
        with pytest.raises(NeverError, match="private"):
            posted(url, public_only=True)
