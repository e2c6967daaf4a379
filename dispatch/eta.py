"""How long a volunteer takes to arrive. Without a road graph: an estimate from the straight line.

The line is stretched to a likely road length, then driven at the city's pace after a fixed start-up. The three
figures are a fit on Kupang's road matrix; over 20 km the sphere's error (5e-3) is far below the fit's.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

METHOD: Final = "straight-line estimate"
DETOUR: Final = 1.44
PACE_S_PER_KM: Final = 78.5
START_S: Final = 136.0
EARTH_RADIUS_M: Final = 6_371_008.8


def distances_m(lon: float, lat: float, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distance from one point to each of many; the half-angle form keeps small distances exact."""
    half_lat = np.radians(lats - lat) / 2
    half_lon = np.radians(lons - lon) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(np.radians(lat)) * np.cos(np.radians(lats)) * np.sin(half_lon) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return metres


def estimate_s(distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds to arrive over each straight-line distance."""
    return START_S + PACE_S_PER_KM / 1000 * DETOUR * distance_m
