"""What is computed from a road graph once: edges in the order that Dijkstra wants, lines in metres, indexes.

Edges run backwards here: the search begins at the incident and asks how long each node takes to get there. Every
segment has an edge for each direction, with infinite weight where a class may not go, so that closures change weights
and never the structure.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.roads.graph import UNIT, Roads
from dispatch.roads.metric import Floats, Plane
from dispatch.roads.packing import version_of
from dispatch.roads.snap import Snap, Snapper
from dispatch.roads.speeds import CLASSES


class Network:
    """A road graph ready to be asked. Immutable but for what it computes on first use."""

    def __init__(self, roads: Roads, version: str = "") -> None:
        self.roads = roads
        self.version = version or version_of(roads)
        self.plane: Plane = roads.plane()
        self._snappers: dict[bytes, Snapper] = {}
        into = np.concatenate([roads.b, roads.a])
        order = np.argsort(into, kind="stable")
        slot = np.empty(len(order), np.int64)
        slot[order] = np.arange(len(order))
        self.forth_slot, self.back_slot = slot[: roads.segments], slot[roads.segments :]
        self.indices = np.concatenate([roads.a, roads.b])[order].astype(np.int32)
        counts = np.bincount(into, minlength=roads.nodes)
        self.indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self.pass_s = [roads.pass_s(cls) for cls in range(len(CLASSES))]
        self.open_forth = [(roads.forth >> cls & 1).astype(np.bool_) for cls in range(len(CLASSES))]
        self.open_back = [(roads.back >> cls & 1).astype(np.bool_) for cls in range(len(CLASSES))]

    def weights(self, cls: int) -> Floats:
        """Seconds of every edge for a class, without closures; a new array."""
        data = np.empty(2 * self.roads.segments)
        everything = np.arange(self.roads.segments)
        self.put(data, cls, everything, self.pass_s[cls])
        return data

    def put(self, data: Floats, cls: int, segments: NDArray[np.int64], seconds: Floats) -> None:
        """Write the seconds of these segments into the edges that the class may use."""
        data[self.forth_slot[segments]] = np.where(self.open_forth[cls][segments], seconds, np.inf)
        data[self.back_slot[segments]] = np.where(self.open_back[cls][segments], seconds, np.inf)

    def usable(self, cls: int) -> NDArray[np.bool_]:
        """Segments that a class can be on."""
        there: NDArray[np.bool_] = np.isfinite(self.pass_s[cls]) & (self.open_forth[cls] | self.open_back[cls])
        return there

    def snap(self, cls: int, xy: Floats) -> Snap:
        """The nearest road of a class for each position of the plane."""
        usable = self.usable(cls)
        key = usable.tobytes()
        if key not in self._snappers:
            self._snappers[key] = Snapper(self.line_xy, self.roads.first, usable)
        return self._snappers[key].snap(xy)

    @cached_property
    def line_xy(self) -> Floats:
        """Points of all lines in metres."""
        return self.plane.xy(self.roads.line[:, 0] / UNIT, self.roads.line[:, 1] / UNIT)

    @cached_property
    def lines(self) -> NDArray[Any]:
        """One shapely line for each segment, in metres."""
        owner = np.repeat(np.arange(self.roads.segments), np.diff(self.roads.first))
        lines: NDArray[Any] = shapely.linestrings(self.line_xy, indices=owner)
        return lines

    @cached_property
    def tree(self) -> Any:
        """Finds the lines that a shape touches."""
        return shapely.STRtree(self.lines)
