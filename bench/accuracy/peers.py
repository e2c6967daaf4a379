"""Stop detectors of others, as their documentation says to call them: MEOS, MovingPandas, trackintel.

They are batch programs: each gets one device at a time, sorted, without copies, and cleaned where that helps it.
They are no dependency of Ronda: `uv pip install --group bench` puts them beside it, and without them the bench says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.score import Interval

Floats = NDArray[np.float64]
CLEANINGS: Final = ("none", "hampel")
HAMPEL_M: Final = 50.0
METRIC: Final = "EPSG:32751"  # any metric plane: the points are metres already


class Points(NamedTuple):
    """One device in order of time, in seconds and metres of a plane, and in degrees."""

    t_s: Floats
    x: Floats
    y: Floats
    lon: Floats
    lat: Floats


class Peer(NamedTuple):
    """`detect(points, size_m, min_s)`; `sizes_m` are those that the tuning tries, by duration asked for."""

    name: str
    package: str
    sizes_m: dict[float, tuple[float, ...]]
    detect: Callable[[Points, float, float], list[Interval]]

    @property
    def version(self) -> str | None:
        """None where it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


def cleaned(p: Points, how: str) -> Points:
    """Without the fixes that are thrown away from the median of their five neighbours, if `how` is "hampel"."""
    if how == "none" or len(p.t_s) < 5:
        return p
    middle = [np.median(np.lib.stride_tricks.sliding_window_view(np.pad(v, 2, "edge"), 5), axis=1) for v in (p.x, p.y)]
    keep = np.hypot(p.x - middle[0], p.y - middle[1]) <= HAMPEL_M
    return Points(*(column[keep] for column in p))


def meos(p: Points, size_m: float, min_s: float) -> list[Interval]:
    """MEOS `temporal_stops`: a minimum rotated rectangle with a diagonal of `size_m`."""
    pymeos = _meos()
    instants = [
        pymeos.TGeomPointInst(point=f"POINT({x:.2f} {y:.2f})", timestamp=_when(t))
        for t, x, y in zip(p.t_s.tolist(), p.x.tolist(), p.y.tolist(), strict=True)
    ]
    track = pymeos.TGeomPointSeq(instant_list=instants, upper_inc=True, normalize=False)
    try:
        stops = track.stops(max_distance=size_m, min_duration=dt.timedelta(seconds=min_s))
    except TypeError:  # none at all: pymeos cannot wrap a null
        return []
    return (
        [(s.start_timestamp().timestamp(), s.end_timestamp().timestamp()) for s in stops.sequences()] if stops else []
    )


def movingpandas(p: Points, size_m: float, min_s: float) -> list[Interval]:
    """MovingPandas `TrajectoryStopDetector`: the same rectangle, a growing window."""
    mpd, frame = import_module("movingpandas"), _frame(p.x, p.y, METRIC, p.t_s)
    track = mpd.Trajectory(frame.set_index("t"), 1)
    ranges = mpd.TrajectoryStopDetector(track).get_stop_time_ranges(size_m, dt.timedelta(seconds=min_s))
    return [(_seconds(r.t_0), _seconds(r.t_n)) for r in ranges]


def trackintel(p: Points, size_m: float, min_s: float) -> list[Interval]:
    """Trackintel `generate_staypoints("sliding")`: within `size_m` of the first fix."""
    ti, frame = import_module("trackintel"), _frame(p.lon, p.lat, "EPSG:4326", p.t_s)
    frame["user_id"] = 0
    frame = frame.rename(columns={"t": "tracked_at"})
    frame["tracked_at"] = frame["tracked_at"].dt.tz_localize("UTC")
    fixes = ti.Positionfixes(frame.rename_geometry("geom"))
    _, stays = fixes.generate_staypoints(
        method="sliding", dist_threshold=size_m, time_threshold=min_s / 60.0, gap_threshold=1e6, include_last=True
    )
    return [(_seconds(a), _seconds(b)) for a, b in zip(stays["started_at"], stays["finished_at"], strict=True)]


DIAMETERS_M: Final = {60.0: (50.0, 60.0, 75.0, 90.0, 110.0), 900.0: (75.0, 90.0, 110.0, 140.0, 180.0, 250.0)}
RADII_M: Final = {60.0: (30.0, 40.0, 50.0, 60.0, 80.0), 900.0: (50.0, 60.0, 80.0, 100.0, 120.0, 160.0)}
PEERS: Final = (
    Peer("MEOS", "pymeos", DIAMETERS_M, meos),
    Peer("MovingPandas", "movingpandas", DIAMETERS_M, movingpandas),
    Peer("trackintel", "trackintel", RADII_M, trackintel),
)


def _meos() -> Any:
    pymeos = import_module("pymeos")
    pymeos.pymeos_initialize()
    return pymeos


def _frame(x: Floats, y: Floats, crs: str, t_s: Floats) -> Any:
    geopandas = import_module("geopandas")
    return geopandas.GeoDataFrame(
        {"t": (t_s * 1e3).round().astype("int64").astype("datetime64[ms]")},
        geometry=geopandas.points_from_xy(x, y),
        crs=crs,
    )


def _when(t_s: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(t_s, dt.UTC)


def _seconds(when: Any) -> float:
    """Of a pandas timestamp, with a zone or without."""
    return float(when.value / 1e9 if hasattr(when, "value") else when.replace(tzinfo=dt.UTC).timestamp())
