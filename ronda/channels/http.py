"""POST for channels: few at once, no redirects, no proxy of the environment, on threads of their own.

The standard library does; nothing of an answer is read but its status.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from ronda.channels.channel import LaterError, NeverError

AT_ONCE: Final = 8
TIMEOUT_S: Final = 8.0
LONGEST_S: Final = 120.0  # of what the other side asks us to wait
BUSY: Final = frozenset({408, 425, 429})  # come again later


class Stay(HTTPRedirectHandler):
    """A redirect is an answer like any other: a letter goes where it was addressed."""

    def http_error_302(self, *_: Any, **__: Any) -> Any:
        return None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class Poster:
    """Posts. With `public_only` an address within private networks is refused: strangers chose it."""

    def __init__(self, *, public_only: bool = False, timeout_s: float = TIMEOUT_S) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notify-http")
        self._opener = build_opener(Stay, ProxyHandler({}))
        self._public_only = public_only
        self._timeout_s = timeout_s

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status, if it is below 500 and not a plea to come again; that, and no answer, raise `LaterError`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._post, url, body, headers)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        host = urlsplit(url).hostname or "?"
        try:
            if self._public_only:
                _check_public(url)
            request = Request(url, body, dict(headers), method="POST")  # noqa: S310  # settings and pushes allow http(s)
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                if error.code in BUSY or error.code >= 500:
                    raise LaterError(
                        f"{host} answers {error.code}", after_s(error.headers.get("Retry-After"))
                    ) from error
                return error.code
        except (URLError, OSError, HTTPException) as error:
            raise LaterError(f"{host} does not answer: {error}") from error


def after_s(said: str | None) -> float | None:
    """How long a `Retry-After` asks us to wait; dates are not read."""
    return min(float(said), LONGEST_S) if said and said.isascii() and said.isdigit() else None


def _check_public(url: str) -> None:
    parts = urlsplit(url)
    found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    if not all(ipaddress.ip_address(address[0]).is_global for *_, address in found):
        raise NeverError(f"{parts.hostname} lies within a private network")
