"""Volunteers on the roads: snapped once, by class, so that each incident costs two look-ups for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.closing import Closed
from dispatch.roads.field import Ends, Field, Seconds, ends_of, through
from dispatch.roads.metric import Floats
from dispatch.roads.near import Columns, Group, Neighbours, Scratch
from dispatch.roads.network import Network
from dispatch.roads.snap import Snap
from dispatch.roads.speeds import CLASSES, NUMBER

Classes = Sequence[str] | NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One class of a question: where its people stand in the question, and who they are."""

    cls: int
    at: Columns
    people: Group
    rows: Columns | None  # of the crowd's class, None: all
    unhindered: Group  # the whole class, if nothing were closed

    def free(self, some: Columns) -> Group:
        """Some of the people as they would be if nothing were closed."""
        return self.unhindered.take(some if self.rows is None else self.rows[some])


class Crowd:
    """Everybody who could be asked: positions, classes, and where that is on the roads."""

    def __init__(
        self, network: Network | None, closed: Closed, dry: Closed, lons: Any, lats: Any, classes: Classes
    ) -> None:
        lons, lats = np.asarray(lons, np.float64), np.asarray(lats, np.float64)
        self.n = len(lons)
        self.classes = numbers_of(classes)
        self._members: dict[int, Member] = {}
        self._scratches: dict[int, Scratch] = {}
        self._row = np.empty(self.n, np.int64)  # of each column within its class
        for cls in np.unique(self.classes).tolist():
            columns = np.flatnonzero(self.classes == cls)
            xy = closed.xy(lons[columns], lats[columns])
            where = None if network is None else network.snap(cls, xy)
            if where is not None:  # along the roads: who is near each other in the field is so in memory
                order = np.argsort(where.segment, kind="stable")
                columns, xy, where = columns[order], xy[order], where.take(order)
            self._row[columns] = np.arange(len(columns))
            people = _group(network, closed, cls, xy, lons[columns], lats[columns], where)
            free = people if dry is closed else _group(network, dry, cls, xy, people.lons, people.lats, where)
            self._members[cls] = Member(cls, columns, people, None, free)
        places = [member.at for member in self._members.values()]
        self._back = np.argsort(np.concatenate(places)) if places else np.empty(0, np.int64)
        self.on_road = self.gathered([member.people.on_road for member in self._members.values()]).astype(np.bool_)

    def among(self, may: NDArray[np.bool_], nodes: int) -> dict[int, Neighbours]:
        """Of each class those who may come, by the crossings that they are next to."""
        found = {}
        for cls, member in self._members.items():
            rows = np.flatnonzero(may[member.at])
            if len(rows):
                found[cls] = Neighbours(member.people, member.at, nodes, rows, self._scratch(cls))
        return found

    def rows(self, columns: Columns) -> dict[int, Columns]:
        """Rows of some people within their classes."""
        classes, rows = self.classes[columns], self._row[columns]
        return {cls: rows[classes == cls] for cls in set(classes.tolist())}

    def _scratch(self, cls: int) -> Scratch:
        if cls not in self._scratches:
            self._scratches[cls] = Scratch(self._members[cls].people.n)
        return self._scratches[cls]

    def chosen(self, columns: Columns | None) -> list[Member]:
        """By class who is asked about; None asks about all."""
        if columns is None:
            return list(self._members.values())
        asked = self.classes[columns]
        return [self._some(cls, columns, np.flatnonzero(asked == cls)) for cls in np.unique(asked).tolist()]

    def gathered(self, parts: Sequence[NDArray[Any]], some: Sequence[Member] | None = None) -> NDArray[Any]:
        """Values of the members as one array in the order of the question; of everybody, unless `some` are given."""
        whole: NDArray[Any] = np.concatenate(parts) if parts else np.empty(0, np.float32)
        if some is None:
            return whole.take(self._back, mode="clip")  # the mode saves a look at each index
        back = np.argsort(np.concatenate([member.at for member in some])) if some else self._back[:0]
        return whole[back]

    def _some(self, cls: int, columns: Columns, at: Columns) -> Member:
        whole, rows = self._members[cls], self._row[columns[at]]
        return Member(cls, at, whole.people.take(rows), rows, whole.unhindered)


def numbers_of(classes: Classes) -> NDArray[np.int8]:
    """Numbers of the classes named; numbers as they are."""
    if isinstance(classes, np.ndarray):
        if len(classes) and not 0 <= classes.min() <= classes.max() < len(CLASSES):
            raise ValueError(f"classes of vehicles are numbers 0 to {len(CLASSES) - 1}")
        return classes.astype(np.int8)
    try:
        return np.array([NUMBER[cls] for cls in classes], np.int8)  # type: ignore[index]  # a wrong one is refused here
    except KeyError as error:
        raise ValueError(f"unknown class of vehicle {error}; possible: {', '.join(CLASSES)}") from error


def _group(
    network: Network | None, closed: Closed, cls: int, xy: Floats, lons: Floats, lats: Floats, where: Snap | None
) -> Group:
    covered_by = closed.covering(cls, xy)
    if network is None or where is None:
        n = len(lons)
        none, zero, far = np.full(n, -1, np.int32), np.zeros(n), np.full(n, np.inf, np.float32)
        node = np.zeros(n, np.int64)
        return Group(lons, lats, covered_by, none, zero, zero, node, node, far, far, np.zeros(n, np.bool_))
    ends: Ends = ends_of(network, closed.of(cls), cls, where)
    leave_a_s, leave_b_s = (
        np.where(covered_by >= 0, np.inf, leave_s + ends.off_s).astype(np.float32)
        for leave_s in (ends.to_a_s, ends.to_b_s)
    )
    a, b = ends.a.astype(np.int64), ends.b.astype(np.int64)
    return Group(
        lons, lats, covered_by, where.segment, where.share, ends.off_s, a, b, leave_a_s, leave_b_s, where.segment >= 0
    )


def by_road_s(network: Network, closed: Closed, cls: int, found: Field, people: Group, start_s: float) -> Seconds:
    """Seconds of each to the incident of the field, over the better end of their segment or straight along it.

    Those who are on no road get inf.
    """
    eta_s: Seconds = found.node_s.take(people.a, mode="clip")  # saves a look at each index
    eta_s += people.leave_a_s
    other_s = found.node_s.take(people.b, mode="clip")
    other_s += people.leave_b_s
    np.minimum(eta_s, other_s, out=eta_s)
    along(network, closed, cls, found, people, np.arange(people.n), eta_s)
    eta_s += np.float32(start_s + found.place.off_s[0])
    return eta_s


def along(
    network: Network, closed: Closed, cls: int, found: Field, people: Group, rows: Columns, eta_s: Seconds
) -> None:
    """Lower the seconds of those rows who stand on the incident's own segment and are there sooner along it."""
    on = np.flatnonzero(people.segment[rows] == found.place.snap.segment[0])
    on = on[people.covered_by[rows[on]] < 0]
    if len(on):
        beside = rows[on]
        along_s = through(network, closed.of(cls), cls, found.place, people.share[beside]) + people.off_s[beside]
        eta_s[on] = np.minimum(eta_s[on], along_s.astype(np.float32))
