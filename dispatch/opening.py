"""What the city's table puts in place when an incident is opened, from whichever source: there is no other way in.

The usual needs of its kind; the area, by its name or by the place; a doubt about a coordinate that is the city's
centre, whose area is then trusted; a depth of water where nobody measured one. A place outside the city is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot
from typing import Any, Final, NamedTuple

import msgspec

from core.entities import Area, IncidentKind
from core.errors import ConflictError
from core.events import Hazard, Need
from dispatch.areas import area_at, middle
from dispatch.state import LOOK, State

CENTRE_DEG: Final = 2e-4  # about 20 m: whoever gives the city's centre did not know where


class Placed(NamedTuple):
    lon: float
    lat: float
    area: str | None
    placed: str


def kind_of(state: State, word: str) -> IncidentKind | None:
    """The city's kind that a word stands for: its own, or another that people use for it; of several the first by id.

    Kinds come back from the log in any order.
    """
    known = state.kinds.get(word)
    meant = (kind for kind in state.kinds.values() if word.casefold() in kind.aliases)
    return known or min(meant, key=lambda kind: kind.id, default=None)


def usual_needs(state: State, word: str) -> tuple[Need, ...]:
    """What a kind usually needs; none where the city does not know it: then `Params.default_need` people."""
    kind = kind_of(state, word)
    return kind.needs if kind else ()


def remark(state: State, word: str, source: str) -> str:
    """What whoever opened it is told: empty, or that the city has no such kind."""
    if source == "cap" or not state.kinds or kind_of(state, word) is not None:
        return ""
    return (
        f"unknown kind {word!r}: opened as it was said, with no usual needs; known are {', '.join(sorted(state.kinds))}"
    )


def within(state: State, lon: float, lat: float) -> None:
    """Raises `ConflictError` for a place that is not the city's, where its bounds are known."""
    if state.bounds is None:
        return
    west, south, east, north = state.bounds
    across = west <= lon <= east if west <= east else lon >= west or lon <= east
    if not (across and south <= lat <= north):
        raise ConflictError(f"{lon:g}, {lat:g} lies outside the city; correct the place, or pass the report on")


def placed(state: State, lon: float, lat: float, area: str | None, doubt: str, source: str) -> Placed:
    """Where it is taken to be. Of a doubtful coordinate the area alone is believed: its middle, if it is known.

    A warning has a point within its polygon, and stays there.
    """
    within(state, lon, lat)
    area = area and _named(state.areas, area)
    if not doubt and state.centre is not None and _near(state.centre, lon, lat):
        doubt = "placeholder"
    if not doubt:
        return Placed(lon, lat, area or area_at(state.areas, lon, lat), "")
    if source != "cap" and area in state.areas:
        lon, lat = middle(state.areas[area]) or (lon, lat)
    return Placed(lon, lat, area, doubt)


def _near(centre: tuple[float, float], lon: float, lat: float) -> bool:
    return hypot((lon - centre[0] + 180) % 360 - 180, lat - centre[1]) <= CENTRE_DEG


def _named(areas: Mapping[str, Area], word: str) -> str:
    """The id of an area that was called by its name, if one alone bears it."""
    if word in areas:
        return word
    called = [str(area.id) for area in areas.values() if area.name.casefold() == word.strip().casefold()]
    return called[0] if len(called) == 1 else word


def waded(state: State, kind: str, source: str, hazard: Hazard | None) -> Hazard | None:
    """Water that nobody measured is taken to be as deep as its kind usually is; a warning is no water yet."""
    if hazard is None or source == "cap":
        return hazard
    if hazard.assumed:
        hazard = msgspec.structs.replace(hazard, depth_cm=None, assumed=False)
    known = kind_of(state, kind)
    if known is None or known.depth_cm is None or (hazard.depth_cm, hazard.access) != (None, None):
        return hazard
    return msgspec.structs.replace(hazard, depth_cm=known.depth_cm, assumed=True)


def renamed(state: State, before: str, after: str, needs: tuple[Need, ...]) -> dict[str, Any]:
    """Of another kind are other needs, unless somebody said what is needed."""
    asked = tuple(need for need in needs if need.role != LOOK)
    if before == after or (asked and asked != usual_needs(state, before)):
        return {}
    return {"needs": (*usual_needs(state, after), *(need for need in needs if need.role == LOOK))}
