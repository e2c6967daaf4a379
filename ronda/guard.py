"""The command line's first act: each of our flat packages must be ours.

The rooms are top-level packages (`core`, `geo`, ...). In an environment of our own nothing else has these names;
beside a foreign distribution that has one, Python might import that instead, silently. Better said at once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from core.errors import ConfigError

ROOMS: Final = ("core", "geo", "ingest", "store", "cities", "dispatch", "simulators", "api", "ronda")


def check(root: Path | None = None, rooms: Iterable[str] = ROOMS) -> None:
    """Raise `ConfigError` if a room would be imported from anywhere but `root` (default: where `ronda` lies)."""
    root = root or Path(__file__).resolve().parent.parent
    for room in rooms:
        found = folder_of(room)
        if found != root / room:
            raise ConfigError(
                f"The package {room} comes from {found or 'nowhere'}{_owner(room)}, not from Ronda in {root}: "
                "install Ronda in an environment of its own."
            )


def folder_of(package: str) -> Path | None:
    """The folder from which Python would import the package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return Path(spec.origin).resolve() if spec and spec.origin else None
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _owner(room: str) -> str:
    """The foreign distribution's name; looked up only when there is something to say."""
    from importlib.metadata import packages_distributions

    owners = [name for name in packages_distributions().get(room, []) if name != "ronda"]
    return f" (of the distribution {', '.join(owners)})" if owners else ""
