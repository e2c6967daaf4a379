"""Where a dwell is and what it is for: area, known place, purpose.

`unlabelled` until somebody told us about the neighbourhood: without a known place within `KNOWN_M` no stop can be
called unexplained, and it never alerts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from core.entities import Area, Place
from core.events import Dwell, PlaceRef, Purpose
from geo.plane import metres_per_degree

KNOWN_M: Final = 25_000.0
PURPOSE: Final[dict[str, Purpose]] = {
    "service_point": "planned",
    "depot": "allowed",
    "landfill": "allowed",
    "workshop": "allowed",
    "fuel": "allowed",
    "break": "break",
    "other": "unexplained",
}


class Areas:
    """Point in area, by an index over the polygons; a point on a border belongs to the area listed first."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self.ids = [a.id for a in areas]
        shapes = [shapely.MultiPolygon([(p[0], p[1:]) for p in a.polygons]) for a in areas]
        self.tree = shapely.STRtree(shapes)

    def at(self, lon: NDArray[Any], lat: NDArray[Any]) -> list[str | None]:
        """Area id of each point, None outside all."""
        found: list[str | None] = [None] * len(lon)
        if self.ids and len(lon):
            points, areas = self.tree.query(shapely.points(lon, lat), predicate="intersects")
            for point, area in sorted(zip(points.tolist(), areas.tolist(), strict=True), reverse=True):
                found[point] = self.ids[area]
        return found


class Labels:
    """Areas and places of the configuration in force."""

    def __init__(self, areas: Sequence[Area] = (), places: Sequence[Place] = ()) -> None:
        self.areas = Areas(areas)
        self.places = sorted(places, key=lambda p: p.id)
        self.lon = np.array([p.lon for p in self.places])
        self.lat = np.array([p.lat for p in self.places])
        self.radius_m = np.array([p.radius_m for p in self.places])

    def label(self, row: Dwell) -> Dwell:
        """The row with area, place and purpose."""
        place, known = self._place(row.lon, row.lat)
        purpose: Purpose = "unlabelled"
        if known and row.cls != "phone":
            purpose = PURPOSE[place.kind] if place else "unexplained"
        ref = PlaceRef(place.id, place.name, place.kind) if place else None
        area = self.areas.at(np.array([row.lon]), np.array([row.lat]))[0]
        return msgspec.structs.replace(row, area=area, place=ref, purpose=purpose)

    def _place(self, lon: float, lat: float) -> tuple[Place | None, bool]:
        """The nearest place that contains the point, and whether any place is known around here."""
        if not self.places:
            return None, False
        east, north = metres_per_degree(lat)
        dx = (self.lon - lon + 180.0) % 360.0 - 180.0
        d = np.hypot(dx * east, (self.lat - lat) * north)
        inside = np.flatnonzero(d <= self.radius_m)
        best = self.places[inside[np.argmin(d[inside])]] if len(inside) else None
        return best, bool(d.min() <= KNOWN_M)
