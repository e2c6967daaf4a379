"""By what decisions are made: the version of Ronda, and a digest of the sources that decide."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

ROOMS: Final = ("core", "geo", "dispatch")


@cache
def decider() -> str:
    """Such as `0.1.0+3f2a9c0d1b7e`. Two installations with the same word decide the same."""
    digest = sha256()
    for room in ROOMS:
        for path, source in sorted(_sources(files(room), room)):
            digest.update(path.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{version('ronda')}+{digest.hexdigest()[:12]}"


def _sources(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        inside = f"{path}/{entry.name}"
        if entry.is_dir():
            found += _sources(entry, inside)
        elif entry.name.endswith(".py"):
            found.append((inside, entry))
    return found
