"""Lines of tracks, simple enough to draw."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.folds.plane import metres_per_degree

TOLERANCE_M: Final = 10.0  # as near as a receiver knows
POINTS_MAX: Final = 5000


def simplified(lon: NDArray[Any], lat: NDArray[Any], tolerance_m: float = TOLERANCE_M) -> list[tuple[float, float]]:
    """The line through these points with as few of them as stay within the tolerance (Douglas and Peucker 1973).

    Degrees in and out. A line that still has too many points is simplified with twice the tolerance, and so on.
    """
    if len(lon) < 2:
        return []
    east, north = metres_per_degree(float(np.median(lat)))
    near = (lon - lon[0] + 180.0) % 360.0 - 180.0  # across the antimeridian, too
    line = shapely.LineString(np.column_stack((near * east, lat * north)))
    while len(simple := shapely.get_coordinates(line.simplify(tolerance_m))) > POINTS_MAX:
        tolerance_m *= 2
    back = (simple[:, 0] / east + lon[0] + 180.0) % 360.0 - 180.0
    return list(zip(back.tolist(), (simple[:, 1] / north).tolist(), strict=True))
