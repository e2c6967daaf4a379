"""Photos of an incident as dispatch knows them: by digest. Their bytes never enter the log."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.events import IncidentChanged, Photo
from dispatch.desk import Desk

MOST: Final = 20  # of one incident


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def add(desk: Desk, incident: IncidentChanged, command: Command) -> IncidentChanged:
    """Somebody took a photo of it, also after it ended; one that is known changes nothing."""
    sha256 = msgspec.convert(command.body, _Body).sha256
    both = together(incident.photos, (Photo(sha256=sha256, at_us=command.at_us, by=command.actor),))
    if len(both) == len(incident.photos):
        if sha256 in {photo.sha256 for photo in both}:
            return incident
        raise ConflictError(f"an incident has at most {MOST} photos")
    return desk.change(incident, photos=both)


def together(old: tuple[Photo, ...], more: tuple[Photo, ...]) -> tuple[Photo, ...]:
    """Each once, the older first, as many as may be."""
    known = {photo.sha256 for photo in old}
    return (*old, *(photo for photo in more if photo.sha256 not in known))[:MOST]


def without(photos: tuple[Photo, ...], others: tuple[Photo, ...]) -> tuple[Photo, ...]:
    """Those that are not among the others."""
    gone = {photo.sha256 for photo in others}
    return tuple(photo for photo in photos if photo.sha256 not in gone)
