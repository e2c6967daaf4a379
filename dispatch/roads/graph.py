"""A road graph as arrays: crossings, and segments between them with the line that they are drawn as.

A segment is stored once with a mask of classes for each direction; directed edges are made from it where they are
needed (`network`). All numbers are integers as they travel, so that two machines compute the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from dispatch.roads.metric import Plane
from dispatch.roads.speeds import ALL, CLASSES, Speeds

MAX_NODES: Final = 400_000
MAX_SEGMENTS: Final = 600_000
MAX_POINTS: Final = 4_000_000
UNIT: Final = 1e7  # of a degree: about a centimetre, as OpenStreetMap keeps positions


@dataclass(frozen=True, slots=True, eq=False)
class Roads:
    """Nodes (`lon`, `lat`) and segments from node `a` to node `b`; row k of `speeds` is the kind k.

    The line of segment s is `line[first[s]:first[s + 1]]` (lon, lat), both ends included. `forth` and `back` are bits
    of the classes that may pass from a to b and from b to a; `limit_kmh` is a posted limit, 0: none.
    """

    lon: NDArray[np.int32]
    lat: NDArray[np.int32]
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    length_cm: NDArray[np.int32]
    kind: NDArray[np.uint8]
    limit_kmh: NDArray[np.uint8]
    forth: NDArray[np.uint8]
    back: NDArray[np.uint8]
    first: NDArray[np.int32]
    line: NDArray[np.int32]
    kinds: tuple[str, ...]
    speeds: tuple[Speeds, ...]

    def __post_init__(self) -> None:
        check(self)

    @property
    def nodes(self) -> int:
        return len(self.lon)

    @property
    def segments(self) -> int:
        return len(self.a)

    @property
    def km(self) -> float:
        return float(self.length_cm.sum(dtype=np.int64)) / 1e5

    def plane(self) -> Plane:
        """Metres about the first node; a city has no middle that matters."""
        return Plane(float(self.lon[0]) / UNIT, float(self.lat[0]) / UNIT)

    def pass_s(self, cls: int) -> NDArray[np.float64]:
        """Seconds along each segment for a class; inf where its kind of road is not for it."""
        table = np.array([row[cls] for row in self.speeds], np.float64)[self.kind]
        posted = np.where(self.limit_kmh > 0, self.limit_kmh, np.inf)
        with np.errstate(divide="ignore"):
            seconds: NDArray[np.float64] = self.length_cm * 0.036 / np.minimum(table, posted)
        return np.maximum(seconds, 1e-3)  # an edge of no length is an edge all the same

    def fastest_mps(self) -> float:
        """What no class ever exceeds on these roads."""
        return max(max(row) for row in self.speeds) / 3.6


def check(roads: Roads) -> None:
    """Raise `ConfigError` for arrays that are no road graph."""
    n, m = len(roads.lon), len(roads.a)
    if not 1 <= n <= MAX_NODES or not 1 <= m <= MAX_SEGMENTS or len(roads.line) > MAX_POINTS:
        raise ConfigError(
            f"a road graph of {n} nodes, {m} segments and {len(roads.line)} points: at least one segment and at most "
            f"{MAX_NODES} nodes, {MAX_SEGMENTS} segments and {MAX_POINTS} points can be used; cut the file to the city"
        )
    for name, wrong in _faults(roads, n, m):
        if wrong:
            raise ConfigError(f"the road graph is damaged ({name}); import the roads again")


def _faults(roads: Roads, n: int, m: int) -> list[tuple[str, bool]]:
    of_segments = (roads.b, roads.length_cm, roads.kind, roads.limit_kmh, roads.forth, roads.back)
    lengths = any(len(column) != m for column in of_segments) or len(roads.lat) != n or len(roads.first) != m + 1
    if lengths or roads.line.ndim != 2 or roads.line.shape[1] != 2:
        return [("lengths of its columns", True)]
    ends = np.concatenate([roads.a, roads.b])
    steps = np.diff(roads.first)
    lat = np.concatenate([roads.lat, roads.line[:, 1]]).astype(np.int64)
    kinds = len(roads.kinds)
    return [
        ("a segment ends at no node", bool((ends < 0).any() or (ends >= n).any())),
        ("a line has one point", bool((steps < 2).any()) or roads.first[0] != 0 or roads.first[-1] != len(roads.line)),
        ("a latitude", bool((np.abs(lat) > 90 * UNIT).any())),
        ("a length", bool((roads.length_cm < 0).any())),
        ("a kind of road", bool((roads.kind >= kinds).any()) or len(roads.speeds) != kinds or kinds > 255),
        ("a speed", any(len(row) != len(CLASSES) or not 0 <= min(row) <= max(row) <= 200 for row in roads.speeds)),
        ("a class", bool(((roads.forth | roads.back) & ~np.uint8(ALL)).any())),
    ]


def same(one: Roads, other: Roads) -> bool:
    """Whether two graphs are equal in all."""
    return all(_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(Roads))


def _equal(one: Any, other: Any) -> bool:
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)
