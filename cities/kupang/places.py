"""Places of the demo: one landfill that exists, and depot, service points and eateries that we made up.

A real installation is told of `REAL` only and imports its own list.
"""

from __future__ import annotations

import random
from typing import Final

import shapely

from core.entities import Area, Place, PlaceId, PlaceKind

# id, name, kind, lon, lat, radius
_FIXED: Final[tuple[tuple[str, str, PlaceKind, float, float, float], ...]] = (
    ("tpa-alak", "TPA Alak", "landfill", 123.5505, -10.2095, 150.0),  # about where it is
    ("depo", "Depo armada", "depot", 123.6148, -10.1712, 80.0),
    ("bengkel", "Bengkel armada", "workshop", 123.6112, -10.1748, 60.0),
    ("spbu-oesapa", "SPBU Oesapa", "fuel", 123.6452, -10.1528, 50.0),
    ("spbu-oepura", "SPBU Oepura", "fuel", 123.6068, -10.1893, 50.0),
    ("warung-kuanino", "Warung Kuanino", "break", 123.5922, -10.1722, 50.0),
    ("warung-oesapa", "Warung Oesapa", "break", 123.6398, -10.1498, 50.0),
    ("warung-sikumana", "Warung Sikumana", "break", 123.6052, -10.2022, 50.0),
    ("warung-alak", "Warung Alak", "break", 123.5581, -10.1921, 50.0),
    ("warung-liliba", "Warung Liliba", "break", 123.6371, -10.1722, 50.0),
)
REAL: Final = frozenset({"tpa-alak"})
STALL: Final = (123.6193, -10.1826)  # the meatball stall: on nobody's list, and that is the point
_CLEAR_DEG: Final = 0.0016  # about 175 m: service points keep off each other, and off the stall
_REACH_DEG: Final = 0.011  # points lie where people live: within 1.2 km of a centre
_PER_AREA: Final = (3, 6)
_SERVICE_RADIUS_M: Final = 40.0
_QUEUE_M: Final = 250.0  # how far the trucks back up before the landfill's gate


def places(areas: tuple[Area, ...], centres: tuple[tuple[float, float], ...]) -> tuple[Place, ...]:
    """Fixed places, and about 220 service points spread over the areas; the same on every machine."""
    fixed = [
        Place(
            id=PlaceId(id_),
            name=name,
            kind=kind,
            lon=lon,
            lat=lat,
            radius_m=radius_m,
            queue_m=_QUEUE_M if kind == "landfill" else 0.0,
        )
        for id_, name, kind, lon, lat, radius_m in _FIXED
    ]
    taken = [STALL, *((p.lon, p.lat) for p in fixed)]
    for area, centre in zip(areas, centres, strict=True):
        for number, (lon, lat) in enumerate(_points(area, centre, taken), 1):
            id_ = PlaceId(f"tps-{area.id.replace('.', '')}-{number}")
            name = f"TPS {area.name} {number}"
            fixed.append(Place(id=id_, name=name, kind="service_point", lon=lon, lat=lat, radius_m=_SERVICE_RADIUS_M))
    return tuple(fixed)


def _points(area: Area, centre: tuple[float, float], taken: list[tuple[float, float]]) -> list[tuple[float, float]]:
    rng = random.Random(area.id)  # noqa: S311 - scenery, not secrets
    shape = shapely.MultiPolygon([(rings[0], list(rings[1:])) for rings in area.polygons]).buffer(-0.0004)
    wanted, found = rng.randint(*_PER_AREA), []
    for _ in range(300):
        lon, lat = (round(c + rng.uniform(-_REACH_DEG, _REACH_DEG), 5) for c in centre)
        clear = all((lon - x) ** 2 + (lat - y) ** 2 > _CLEAR_DEG**2 for x, y in taken)
        if clear and shapely.contains_xy(shape, lon, lat):
            taken.append((lon, lat))
            found.append((lon, lat))
        if len(found) == wanted:
            break
    return found
