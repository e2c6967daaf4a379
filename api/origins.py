"""Where a browser's request comes from: our own pages, or another site's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit


def origin_of(url: str) -> str:
    """scheme://host[:port] of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def own_origins(headers: Mapping[str, str], public_url: str) -> set[str]:
    """The origins from which the console speaks: the host that was asked, and the public address."""
    host = headers.get("host", "").lower()
    return {f"http://{host}", f"https://{host}", origin_of(public_url)}


def same_origin(headers: Mapping[str, str], public_url: str) -> bool | None:
    """Whether a request comes from our own pages; None when it does not say."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() in own_origins(headers, public_url)
    site = headers.get("sec-fetch-site")
    return None if site is None else site in ("same-origin", "none")
