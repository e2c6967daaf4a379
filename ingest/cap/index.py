"""An index of alerts, RSS 2.0 or Atom: where each is, and what tells that it changed."""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from core.errors import DecodeError
from ingest.cap.tree import children, name_of, text_of, tree

ATOM: Final = "http://www.w3.org/2005/Atom"
ENTRIES: Final = 500  # of one index, the first ones
_LINK_LIMIT: Final = 2_000


class Listed(NamedTuple):
    """One alert of an index: its address, and a stamp that is another when it changed."""

    url: str
    stamp: str


def listed(body: bytes, base_url: str) -> list[Listed]:
    """What an index lists, each address once; raises `DecodeError` for what is none."""
    root = tree(body)
    if name_of(root) == "rss":
        channels = children(root, "channel")
        found = [_item(item) for channel in channels for item in children(channel, "item")]
    elif root.tag == f"{{{ATOM}}}feed":
        found = [_entry(entry) for entry in children(root, "entry")]
    else:
        raise DecodeError("unknown_type", f"this is neither RSS nor Atom but {root.tag[:80]}")
    first: dict[str, Listed] = {}
    for one in found[:ENTRIES]:
        if 0 < len(one.url) <= _LINK_LIMIT:
            with suppress(ValueError):  # no address at all
                url = urljoin(base_url, one.url)
                first.setdefault(url, Listed(url, one.stamp))
    return [*first.values()]


def _item(item: Element) -> Listed:
    return Listed(text_of(item, "link"), f"{text_of(item, 'guid')}\n{text_of(item, 'pubDate')}"[:_LINK_LIMIT])


def _entry(entry: Element) -> Listed:
    """Of several links the one to CAP, else the first that is not the page itself."""
    links = children(entry, "link")
    cap = [link for link in links if "cap" in link.get("type", "")]
    plain = [link for link in links if link.get("rel", "alternate") == "alternate"]
    url = next((link.get("href", "") for link in (*cap, *plain, *links)), "")
    return Listed(url.strip(), f"{text_of(entry, 'id')}\n{text_of(entry, 'updated')}"[:_LINK_LIMIT])
