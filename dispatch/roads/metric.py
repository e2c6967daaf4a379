"""Metres between positions: great circles for lengths, a local plane for what lies near a road."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EARTH_RADIUS_M: Final = 6_371_008.8
DEGREE_M: Final = EARTH_RADIUS_M * radians(1.0)
FAR_DEGREES: Final = 20.0  # of longitude from the plane's origin: what lies farther is of no city with this origin


def between_m(lon: Any, lat: Any, lons: Any, lats: Any) -> Floats:
    """Great-circle distances; the half-angle form keeps small ones exact, and the antimeridian is no border."""
    half_lat = np.radians(np.subtract(lats, lat)) / 2
    half_lon = np.radians(np.subtract(lons, lon)) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(np.radians(lat)) * np.cos(np.radians(lats)) * np.sin(half_lon) ** 2
    metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return metres


def wrapped(degrees: Floats) -> Floats:
    """Differences of longitude, the short way round: -180 up to 180."""
    turned: Floats = (degrees + 180.0) % 360.0 - 180.0
    return turned


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of an origin; over a city the error is some 1e-3."""

    lon: float
    lat: float

    def xy(self, lons: Floats, lats: Floats) -> Floats:
        """One row (x, y) in metres for each position."""
        x = wrapped(np.asarray(lons, np.float64) - self.lon) * (DEGREE_M * cos(radians(self.lat)))
        return np.column_stack([x, (np.asarray(lats, np.float64) - self.lat) * DEGREE_M])

    def near(self, lons: Floats) -> NDArray[np.bool_]:
        """Whether each longitude is near enough for the plane to mean anything."""
        close: NDArray[np.bool_] = np.abs(wrapped(np.asarray(lons, np.float64) - self.lon)) <= FAR_DEGREES
        return close
