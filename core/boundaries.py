"""Names of versions of boundary sets. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import msgspec

from core.entities import Area, Zone

_CONTENT: Final = "content-"


def set_version(rows: Iterable[Area | Zone]) -> str:
    """A set's name after its content: the same shapes under the same ids bear the same, in whatever order they come."""
    digest = blake2b(digest_size=6)
    for row in sorted(rows, key=lambda row: row.id):
        line = row.line if isinstance(row, Zone) else ()
        digest.update(msgspec.json.encode((row.id, row.polygons, line)))
    return f"{_CONTENT}{digest.hexdigest()}"


def named_after_content(zone: Zone) -> Zone:
    """The zone with a version: its own, unless that is the name of a former content or none."""
    if zone.version and not zone.version.startswith(_CONTENT):
        return zone
    return msgspec.structs.replace(zone, version=set_version([zone]))
