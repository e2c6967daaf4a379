"""GET for alerts: from one host only, conditional, bounded in size and time, each request out of the bucket."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.client import HTTPException
from string import punctuation
from time import monotonic
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ingest.cap.tree import BYTES
from ronda.alerts.bucket import Bucket
from ronda.channels.channel import LaterError, NeverError
from ronda.channels.http import BUSY, Stay, after_s
from ronda.unawaited import unawaited

TIMEOUT_S: Final = 10.0  # between two pieces of an answer
WHOLE_S: Final = 30.0  # for all of it
HOPS: Final = 3
REMEMBERED: Final = 1_000  # addresses whose version is known
AGENT: Final = "Ronda (CAP reader)"
_PIECE: Final = 65_536
_UNCHANGED: Final = 304
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class _Answer(NamedTuple):
    status: int
    body: bytes
    headers: Any


class ElsewhereError(NeverError):
    """An address that is not of the index's own host."""


class Fetcher:
    """Reads what the host of the index has; `requests` counts what it was asked."""

    def __init__(self, index_url: str, bucket: Bucket) -> None:
        self._index, self._bucket = urlsplit(index_url), bucket
        self._versions: dict[str, dict[str, str]] = {}  # by address: what to ask a change with
        self._opener = build_opener(Stay, ProxyHandler({}))
        self.requests = 0

    async def get(self, url: str) -> bytes | None:
        """What is there now, None if it is what it was. Raises `LaterError`, or `NeverError` where it is no use."""
        at = url
        for _ in range(HOPS):
            self._check(at)
            await self._bucket.take()
            self.requests += 1
            answers = list[_Answer]()
            await unawaited(partial(self._get, at, self._versions.get(url, {}), answers.append), "cap-http")
            (answer,) = answers
            if answer.status not in _MOVED:
                return self._read(url, answer)
            try:
                at = urljoin(at, answer.headers.get("Location", ""))
            except ValueError as error:
                raise NeverError(f"{url[:200]} leads to no address: {error}") from error
        raise NeverError(f"{url[:200]} leads on and on")

    def _check(self, url: str) -> None:
        """What an index links to may be anything: only its own host is asked, and never less safely."""
        if not self._ours(url):
            ours = self._index
            raise ElsewhereError(f"{url[:200]} is not of {ours.scheme}://{ours.netloc}; it is not fetched")

    def _ours(self, url: str) -> bool:
        ours = self._index
        try:
            found = urlsplit(url)
            same_port = found.scheme != ours.scheme or found.port == ours.port
        except ValueError:  # no address at all
            return False
        safe = found.scheme == ours.scheme or (ours.scheme, found.scheme) == ("http", "https")
        return safe and same_port and found.hostname == ours.hostname

    def _read(self, url: str, answer: _Answer) -> bytes | None:
        if answer.status == _UNCHANGED:
            return None
        if answer.status != 200:
            raise NeverError(f"{url[:200]} answers {answer.status}")
        given = {"If-None-Match": answer.headers.get("ETag"), "If-Modified-Since": answer.headers.get("Last-Modified")}
        self._versions.pop(url, None)
        self._versions[url] = {name: value for name, value in given.items() if value}
        while len(self._versions) > REMEMBERED:
            del self._versions[next(iter(self._versions))]
        return answer.body

    def forget(self, url: str) -> None:
        """Ask for all of it the next time: what came could not be used, or not yet."""
        self._versions.pop(url, None)

    def _get(self, url: str, version: dict[str, str], tell: Callable[[_Answer], None]) -> None:
        """Ask; on a thread."""
        host = urlsplit(url).hostname or "?"
        headers = {"User-Agent": AGENT, "Accept": "application/cap+xml, application/xml, text/xml", **version}
        try:
            request = Request(quote(url, safe=punctuation), headers=headers)  # noqa: S310  # of the index's scheme, which is http or https
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                tell(_Answer(answer.status, _whole(answer, host), answer.headers))
        except HTTPError as error:
            with error:
                if error.code in BUSY or error.code >= 500:
                    raise LaterError(
                        f"{host} answers {error.code}", after_s(error.headers.get("Retry-After"))
                    ) from error
                tell(_Answer(error.code, b"", error.headers))
        except (URLError, OSError, HTTPException, ValueError) as error:
            raise LaterError(f"{host} does not answer: {error}") from error


def _whole(answer: Any, host: str) -> bytes:
    """The body; one byte more than is read, of a longer one: whoever reads it says so."""
    end_s, body = monotonic() + WHOLE_S, b""
    while len(body) <= BYTES and (piece := answer.read1(_PIECE)):
        body += piece
        if monotonic() > end_s:
            raise LaterError(f"{host} answers too slowly")
    return body[: BYTES + 1]
