"""`Field`: the seconds from every crossing to one incident, for one class of vehicle, by one search.

The search begins at the incident's place on its segment and runs against the traffic, up to a limit. A field is a
pure function of its key, so a cache may forget any of them at any time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatch.roads.closing import ClassWeights, Closed
from dispatch.roads.metric import Floats
from dispatch.roads.network import Network
from dispatch.roads.snap import Snap
from dispatch.roads.speeds import CLASSES, OFF_ROAD_KMH

Seconds = NDArray[np.float32]
FIELDS_BYTES: Final = 256_000_000
NEAR_M: Final = 20.0  # a position is no better than this: so near to a crossing, or each other, one-way binds nobody
NO_NODE: Final = -9999  # scipy's word for a node without a predecessor


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Places on segments: the crossings at both ends, and the seconds between them and the place.

    `to_a_s` and `to_b_s` are of one who leaves the place, `from_a_s` and `from_b_s` of one who comes; inf where the
    road does not lead so or is stopped between. `off_s` is the way between the place itself and the road.
    """

    snap: Snap
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    to_a_s: Floats
    to_b_s: Floats
    from_a_s: Floats
    from_b_s: Floats
    off_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Seconds from each node to the incident; `place` is the incident itself (one place), off the roads or on them.

    `covered_by` is the number of a closure that covers it and stops the class, -1: none.
    """

    node_s: Seconds
    place: Ends
    covered_by: int = -1

    @property
    def nbytes(self) -> int:
        return int(self.node_s.nbytes) + 500


class Fields:
    """The newest fields, up to so many bytes; the one asked for longest ago goes first."""

    def __init__(self, most_bytes: int = FIELDS_BYTES) -> None:
        self._most, self._bytes = most_bytes, 0
        self._kept: OrderedDict[Any, tuple[int, Any]] = OrderedDict()
        self.computed = 0

    def get(self, key: Any, make: Any) -> Any:
        """What is kept under the key, or what `make` gives, which must have `nbytes`."""
        found = self._kept.get(key)
        if found is None:
            self.computed += 1
            value = make()
            found = self._kept[key] = (int(value.nbytes), value)
            self._bytes += found[0]
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1][0]
        self._kept.move_to_end(key)
        return found[1]


def ends_of(network: Network, weights: ClassWeights, cls: int, snap: Snap) -> Ends:
    """The ways from and to each place along its own segment."""
    segment = np.maximum(snap.segment, 0)
    on = snap.segment >= 0
    pass_s = np.where(on, weights.pass_s[segment], 0.0)
    length_m = network.roads.length_cm[segment] / 100
    behind_s, ahead_s = snap.share * pass_s, (1.0 - snap.share) * pass_s
    free_behind = on & ~(weights.stop_from[segment] <= snap.share)
    free_ahead = on & ~(weights.stop_until[segment] >= snap.share)
    at_a, at_b = snap.share * length_m <= NEAR_M, (1.0 - snap.share) * length_m <= NEAR_M
    forth, back = network.open_forth[cls][segment], network.open_back[cls][segment]
    return Ends(
        snap=snap,
        a=network.roads.a[segment],
        b=network.roads.b[segment],
        to_a_s=np.where(free_behind & (back | at_a), behind_s, np.inf),
        to_b_s=np.where(free_ahead & (forth | at_b), ahead_s, np.inf),
        from_a_s=np.where(free_behind & (forth | at_a), behind_s, np.inf),
        from_b_s=np.where(free_ahead & (back | at_b), ahead_s, np.inf),
        off_s=snap.off_m * (3.6 / OFF_ROAD_KMH[CLASSES[cls]]),
    )


def field(network: Network, closed: Closed, cls: int, xy: Floats, limit_s: float) -> Field:
    """One search from the place of an incident (a row x, y). Nodes farther than the limit get inf."""
    weights = closed.of(cls)
    place = ends_of(network, weights, cls, network.snap(cls, xy))
    covered_by = int(closed.covering(cls, xy)[0])
    if place.snap.segment[0] < 0 or covered_by >= 0:
        return Field(np.full(network.roads.nodes, np.inf, np.float32), place, covered_by)
    search = dijkstra(_graph(network, weights, place), indices=network.roads.nodes, limit=limit_s)
    return Field(search[: network.roads.nodes].astype(np.float32), place)


def obstacles(
    network: Network, dry: ClassWeights, closed: ClassWeights, place: Ends, limit_s: float
) -> NDArray[np.int32]:
    """For each node the first closure on the way that it would take if nothing were closed; -1: none, or no way.

    `place` is the incident's without closures, as `dry` are the weights.
    """
    graph = _graph(network, dry, place)
    _, before = dijkstra(graph, indices=network.roads.nodes, limit=limit_s, return_predecessors=True)
    node = np.arange(network.roads.nodes)
    onward = np.where(before[node] == NO_NODE, len(node), before[node])
    by = np.full(len(node) + 1, -1, np.int32)
    by[node] = _closure_of_edges(network, closed, dry.pass_s, onward)
    onward = np.append(onward, len(node))
    while (open_ := (by < 0) & (onward < len(node))).any():  # halves the ways at each turn
        by[open_] = by[onward[open_]]
        onward[open_] = onward[onward[open_]]
    return by[:-1]


def _closure_of_edges(
    network: Network, weights: ClassWeights, pass_s: Floats, onward: NDArray[np.int64]
) -> NDArray[np.int32]:
    """The closure that stops the quickest segment from each node to the next one."""
    roads, n = network.roads, network.roads.nodes
    tail, head = np.concatenate([roads.a, roads.b]), np.concatenate([roads.b, roads.a])
    segment = np.tile(np.arange(roads.segments), 2)
    used = np.flatnonzero(onward[tail] == head)
    used = used[np.lexsort([pass_s[segment[used]], tail[used]])]
    tails, first = np.unique(tail[used], return_index=True)
    by = np.full(n, -1, np.int32)
    by[tails] = weights.stopped_by[segment[used[first]]]
    return by


def _graph(network: Network, weights: ClassWeights, place: Ends) -> csr_array:
    """The network with one node more: the place, from which the search runs backwards to both ends of its segment."""
    n = network.roads.nodes
    edge_s = np.concatenate([weights.edge_s, place.from_a_s, place.from_b_s])
    indices = np.concatenate([network.indices, place.a, place.b])
    indptr = np.append(network.indptr, len(indices)).astype(np.int32)
    return csr_array((np.maximum(edge_s, 1e-3), indices, indptr), shape=(n + 1, n + 1))


def through(network: Network, weights: ClassWeights, cls: int, place: Ends, share: Floats) -> Floats:
    """Seconds along the incident's own segment, for people at these shares of it; inf where that way is closed."""
    segment, target = int(place.snap.segment[0]), float(place.snap.share[0])
    low, high = np.minimum(share, target), np.maximum(share, target)
    free = (weights.stop_until[segment] < low) | (weights.stop_from[segment] > high)
    allowed = np.where(share <= target, network.open_forth[cls][segment], network.open_back[cls][segment])
    allowed |= (high - low) * network.roads.length_cm[segment] / 100 <= NEAR_M
    seconds: Floats = np.where(free & allowed, (high - low) * weights.pass_s[segment], np.inf)
    return seconds
