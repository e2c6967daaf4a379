"""What an input stream holds besides fixes: ticks, people's commands, versions of configuration.

The order of one partition's input stream is the order in which that partition learned things; nothing else
may change a decision. That is what makes replay exact.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

Section = Literal[
    "city",
    "profiles",
    "devices",
    "vehicles",
    "people",
    "routes",
    "shifts",
    "assignments",
    "places",
    "areas",
    "zones",
    "streets",
    "calendar",
    "tasks",
    "labels",
    "rules",
    "roads",
    "closures",
    "kinds",
]
DISPATCH_ONLY: Final = frozenset[Section]({"roads", "closures", "kinds"})  # they decide nothing in a partition
OF_DISPATCH: Final = DISPATCH_ONLY | frozenset[Section]({"city", "people", "assignments", "areas"})


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """The ticker's word that ingest listened until `now_us`; `deaf_us` is all the time it ever did not.

    Silence of a device is time that passed minus the growth of `deaf_us`: our outage is not their silence.
    """

    now_us: int
    deaf_us: int = 0


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A person's will: `kind` names it (`alert.ack`, `incident.open`, ...), `actor` is who, `body` the rest."""

    id: str
    kind: str
    actor: str
    at_us: int
    body: dict[str, Any] = {}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one section. `set` replaces it whole, `upsert` and `delete` go by row id."""

    section: Section
    op: Literal["set", "upsert", "delete"] = "upsert"
    rows: tuple[dict[str, Any], ...] = ()
    at_us: int = 0
    actor: str = ""
    id: str = ""  # a command id, when somebody waits for the effect


class Sightings(msgspec.Struct, frozen=True, kw_only=True):
    """Where volunteers are, as dispatch may use it: one entry at most every second, only those that moved.

    Dispatch reads positions from its own stream and from nowhere else, so that a decision can be replayed.
    """

    now_us: int
    rows: tuple[tuple[str, float, float, int], ...] = ()  # device, lon, lat, time of the fix
    stood: tuple[tuple[str, int], ...] = ()  # device, since when it stands, as the geo kernel sees it


Entry = Tick | Command | Config | Sightings
