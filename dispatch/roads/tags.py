"""What the tags of a way say: its kind, who may pass in which direction, the limit. OpenStreetMap's words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dispatch.roads.speeds import ALL, FOOT, LANE_KMH, NUMBER, SPEEDS_KMH, WHEELS

Point = tuple[int, int]  # lon, lat in ten-millionths of a degree
_ON_FOOT: Final = 1 << FOOT
_BIKE: Final = 1 << NUMBER["motorbike"]
_NO: Final = frozenset({"no", "private", "agricultural", "forestry", "delivery", "military"})
_YES: Final = frozenset({"yes", "permissive", "designated", "destination"})
_ONE_WAY: Final = frozenset({"yes", "true", "1"})
_MPH: Final = 1.609344
# From the general to the special: what comes later overrules.
_RULES: Final = (("access", ALL), ("vehicle", WHEELS), ("motor_vehicle", WHEELS), ("motorcycle", _BIKE),
                 ("motorcar", WHEELS & ~_BIKE), ("foot", _ON_FOOT))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """A line of a map with what it allows; masks are bits of classes along the line and against it."""

    kind: str
    points: tuple[Point, ...]
    forth: int
    back: int
    limit_kmh: int = 0


def kind_of(tags: Mapping[str, Any]) -> str:
    """The value of `highway`; of a list (merged ways have one) the first."""
    return _first(tags.get("highway"))


def way_of(tags: Mapping[str, Any], points: tuple[Point, ...]) -> Way | None:
    """The way as we use it; None for what nobody travels on."""
    kind = kind_of(tags)
    if kind not in SPEEDS_KMH or _first(tags.get("area")) == "yes" or len(points) < 2:
        return None
    allowed = _allowed(tags)
    limit_kmh = limit_of(tags.get("maxspeed"))
    if kind in ("footway", "pedestrian") and _first(tags.get("motorcycle")) in _YES:
        kind, limit_kmh = "path", min(limit_kmh or LANE_KMH, LANE_KMH)
    forth = back = allowed
    direction = _direction(tags, kind)
    if direction > 0:
        back &= _ON_FOOT  # who walks goes both ways
    elif direction < 0:
        forth &= _ON_FOOT
    return Way(kind, points, forth, back, limit_kmh) if forth | back else None


def limit_of(text: Any) -> int:
    """km/h of `maxspeed`; 0 where it says nothing that can be used."""
    found = re.match(r"(\d{1,3})(?:\.\d+)?\s*(mph)?", _first(text))
    if found is None:
        return 0
    return min(round(int(found[1]) * (_MPH if found[2] else 1)), 200)


def _allowed(tags: Mapping[str, Any]) -> int:
    mask = ALL
    for name, classes in _RULES:
        word = _first(tags.get(name))
        if word in _NO:
            mask &= ~classes
        elif word in _YES:
            mask |= classes
    return mask


def _direction(tags: Mapping[str, Any], kind: str) -> int:
    """1 along the line only, -1 against it only, 0 both."""
    word = _first(tags.get("oneway"))
    if word in ("-1", "reverse"):
        return -1
    if word in _ONE_WAY:
        return 1
    round_about = _first(tags.get("junction")) in ("roundabout", "circular")
    return int(not word and (round_about or kind in ("motorway", "motorway_link")))


def _first(value: Any) -> str:
    """A tag as one lower-case word; OSMnx writes lists, as such or as text."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value.replace("'", '"'))
        except ValueError:
            return ""
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value).split(";")[0].strip().lower()
