"""Fetching: conditional, from one host, bounded."""

from __future__ import annotations

import asyncio

import pytest

from ingest.cap.tree import BYTES
from ronda.alerts.bucket import Bucket
from ronda.alerts.fetch import ElsewhereError, Fetcher
from ronda.channels.channel import LaterError, NeverError
from tests.ronda.alerts.site import Page, Site, site


def fetched(at: Site, *paths: str, times: int = 1) -> list[bytes | None]:
    async def main() -> list[bytes | None]:
        fetcher = Fetcher(at.url("/index"), Bucket())
        return [await fetcher.get(at.url(path)) for _ in range(times) for path in paths]

    return asyncio.run(main())


@pytest.mark.parametrize("headers", [{"ETag": '"1"'}, {"Last-Modified": "Mon, 16 Feb 2026 16:17:19 GMT"}])
def test_what_did_not_change_is_not_sent_again(headers: dict[str, str]) -> None:
    """By its ETag or by its time; when it changes it comes."""
    with site() as there:
        there.pages["/a"] = Page(b"one", headers=headers)
        assert fetched(there, "/a", times=3) == [b"one", None, None]
        assert there.asked == ["/a"] * 3


def test_a_redirect_within_the_host_is_followed() -> None:
    """A few times."""
    with site() as there:
        there.pages |= {"/a": Page(b"", 302, {"Location": "/b"}), "/b": Page(b"two")}
        there.pages["/loop"] = Page(b"", 301, {"Location": "/loop"})
        assert fetched(there, "/a") == [b"two"]
        with pytest.raises(NeverError, match="leads on and on"):
            fetched(there, "/loop")


@pytest.mark.parametrize("to", ["http://127.0.0.2:{port}/a", "http://127.0.0.1:9/a", "file:///etc/passwd", "ftp://x/"])
def test_another_host_is_never_asked(to: str) -> None:
    """Whatever an index links to, or a page leads to."""
    with site() as there:
        url = to.format(port=there.port)
        there.pages["/a"] = Page(b"", 302, {"Location": url})
        with pytest.raises(ElsewhereError, match="is not of"):
            fetched(there, "/a")
        with pytest.raises(ElsewhereError, match="is not of"):
            asyncio.run(Fetcher(there.url("/index"), Bucket()).get(url))


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (Page(b"", 404), NeverError),
        (Page(b"", 403), NeverError),
        (Page(b"", 503, {"Retry-After": "7"}), LaterError),
        (Page(b"", 429), LaterError),
    ],
)
def test_what_is_no_use_and_what_may_come_later(page: Page, error: type[Exception]) -> None:
    """Gone is gone; busy is busy."""
    with site() as there:
        there.pages["/a"] = page
        with pytest.raises(error):
            fetched(there, "/a")


def test_an_address_is_asked_for_as_it_may_be() -> None:
    """An index may link to anything, and three that can never be asked for would keep all others waiting."""
    with site() as there:
        there.pages["/peringatan%20%C3%A4%7F%41"] = Page(b"one")
        assert fetched(there, "/peringatan ä\x7f%41") == [b"one"]
        with pytest.raises(ElsewhereError):
            asyncio.run(Fetcher(there.url("/index"), Bucket()).get("http://127.0.0.1:port/a"))


def test_a_redirect_to_no_address_is_no_use() -> None:
    """It is said as of any other page."""
    with site() as there:
        there.pages["/a"] = Page(b"", 302, {"Location": "http://[::1/a"})
        with pytest.raises(NeverError, match="leads to no address"):
            fetched(there, "/a")


def test_an_endless_body_is_cut() -> None:
    """One byte more than is read comes back: whoever reads it says that it is too large."""
    with site() as there:
        there.pages["/a"] = Page(b"x" * (BYTES + 1000))
        (body,) = fetched(there, "/a")
        assert len(body or b"") == BYTES + 1


def test_nobody_there() -> None:
    """It may come back."""
    away = Fetcher("http://127.0.0.1:9/", Bucket())
    with pytest.raises(LaterError, match="does not answer"):
        asyncio.run(away.get("http://127.0.0.1:9/"))
