"""What each person costs at each place, in whole seconds: the way there, what rest and fairness charge, less the bonus
for whoever is planned there already.

A person is a column. Times are kept for a whole incident where the table of all pairs is small enough; else they are
asked for those pairs only that the matcher looks at (`matching.nearby`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from math import ceil
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from core.events import IncidentChanged, Need, OfferChanged
from core.units import seconds_to_us
from dispatch import offers
from dispatch.desk import Desk
from dispatch.eta import START_S, Arrivals
from dispatch.matching.nearby import Nearby, Pace, points_m
from dispatch.matching.problem import NEVER, Near
from dispatch.matching.solve import DENSE_CELLS
from dispatch.people import Crew
from dispatch.roads.near import Neighbours
from dispatch.roads.speeds import NUMBER
from dispatch.state import Params

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
MOST_ASKED: Final = 40  # at once for one need
HOUR_S: Final = 3600.0


class Row(Protocol):
    """One need of one incident, with the offers that wait for an answer."""

    @property
    def incident(self) -> IncidentChanged: ...
    @property
    def need(self) -> Need: ...
    @property
    def pending(self) -> Sequence[OfferChanged]: ...


def charge_s(desk: Desk, people: Crew) -> Ints:
    """Whole seconds that each is charged whatever the place: long on duty, just back, asked often of late."""
    params, now_us, column = desk.params, desk.now_us, people.person
    asked_us, back_us = now_us - seconds_to_us(params.fair_for_s), now_us - seconds_to_us(params.rest_for_s)
    charged = tired_s(params, now_us - people.since_us)
    ended = [o for o in desk.state.offers.values() if o.id not in desk.state.trails and o.person in column]
    for name, many in Counter(offer.person for offer in ended if offer.made_us > asked_us).items():
        charged[column[name]] += min(params.fair_most_s, params.fair_s * many)
    for name in {offer.person for offer in ended if offer.state == "released" and offer.at_us > back_us}:
        charged[column[name]] += params.rest_s
    return np.rint(charged).astype(np.int64)


def tired_s(params: Params, on_duty_us: Ints) -> NDArray[np.float64]:
    """For each full hour on duty beyond the first few."""
    hours = np.maximum(0, (on_duty_us - seconds_to_us(params.tired_after_s)) // seconds_to_us(HOUR_S))
    return np.minimum(params.tired_most_s, params.tired_s * hours)


class Everybody:
    """Those who may be asked now, once for all matchings of an entry."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.people, self.reach = desk, Crew(desk), desk.reach()
        people = self.people
        self.lons, self.lats, self.cls = people.lons, people.lats, people.cls
        self.skills, self.skill_set = people.skills, people.skill_set
        self.column, self.person = people.column, people.person
        self.crowd = self.reach.crowd(self.lons, self.lats, self.cls)
        self.charge_s = charge_s(desk, people)
        self.free = np.ones(len(people), np.bool_)
        self.free[self.columns(o.person for o in desk.live() if self._fixed(o))] = False
        self._whole: dict[tuple[float, float], Arrivals] = {}

    def columns(self, names: Iterable[str]) -> list[int]:
        return [self.person[name] for name in names if name in self.person]

    def _fixed(self, offer: OfferChanged) -> bool:
        """Whether somebody with this offer stays with it: they promised, or were told of a change a moment ago."""
        if offer.state not in offers.PENDING:
            return True
        return offer.manual or self.desk.state.trails[offer.id].woken or self.desk.quiet(offer.person)

    def able(self, need: Need) -> tuple[Mask, Mask]:
        """Which sets of skills, and which classes of vehicles, a need takes."""
        skills = np.array([skills.issuperset(need.skills) for skills in self.skills], np.bool_)
        classes = np.array([need.vehicle in (None, name) for name in NUMBER], np.bool_)
        return skills, classes

    def whole(self, incident: IncidentChanged) -> Arrivals:
        """Times of all to one incident."""
        at = (incident.lon, incident.lat)
        if at not in self._whole:
            self._whole[at] = self.reach.eta_of(*at, self.crowd, why=False)
        return self._whole[at]

    def by_road(self, incident: IncidentChanged) -> bool:
        """Whether a road leads there, from somebody at least."""
        if (found := self._whole.get((incident.lon, incident.lat))) is not None:
            return bool(found.by_road.any())
        return self.reach.on_road(incident.lon, incident.lat, self.crowd)

    def some(self, incident: IncidentChanged, columns: Ints) -> NDArray[np.float32]:
        """Times of some to one incident."""
        if (found := self._whole.get((incident.lon, incident.lat))) is not None:
            return found.eta_s[columns]
        return self.reach.eta_of(incident.lon, incident.lat, self.crowd, columns, why=False).eta_s

    def nearest(self, incident: IncidentChanged, k: int) -> Ints:
        """The k who are soonest there; where times of all are not known, of those who are nearest."""
        if (found := self._whole.get((incident.lon, incident.lat))) is not None:
            columns = np.arange(len(self.people))
            if k < len(columns):
                columns = np.flatnonzero(found.eta_s <= np.partition(found.eta_s, k)[k])
        else:
            here = points_m(np.array([incident.lon]), np.array([incident.lat]))
            columns = np.sort(self._tree.query(here, k=np.arange(1, min(k, len(self.people)) + 1))[1][0])
        return columns[np.argsort(self.some(incident, columns), kind="stable")][:k]

    @cached_property
    def points(self) -> NDArray[np.float64]:
        return points_m(self.lons, self.lats)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.points)


class Charged:
    """Costs of rows (needs) and columns (people) for the matcher; `barred` are taken already."""

    def __init__(self, everybody: Everybody, rows: Sequence[Row], barred: Mask) -> None:
        self.everybody, self.rows = everybody, rows
        self.params = everybody.desk.params
        self.volunteers = len(everybody.people)
        self.most_s = ceil(self.params.cutoff_s) + self.params.most_charged_s
        mine = [everybody.columns(offer.person for offer in row.pending) for row in rows]
        self._mine, self._free = mine, everybody.free & ~barred
        self._out = [self._barred_here(row) for row in rows]
        self._mark = np.zeros(self.volunteers, np.bool_)
        self._indexes: dict[tuple[tuple[str, ...], str | None], dict[int, Neighbours]] = {}
        self._rows: dict[int, dict[int, Ints]] = {}
        self._kept = [sorted({*self._planned(row), *some}) for row, some in zip(rows, mine, strict=True)]

    def _barred_here(self, row: Row) -> list[int]:
        return self.everybody.columns(self.everybody.desk.over(row.incident.id).union(row.incident.excluded))

    def _planned(self, row: Row) -> list[int]:
        """Who is there in the plan already."""
        plans, column = self.everybody.desk.state.plans, self.everybody.column
        return [column[device] for device in plans.get(row.incident.id, ()) if device in column]

    def able(self, i: int) -> int:
        """How many could be sent to a need; beyond the table's size nobody counts, there are enough."""
        if len(self.rows) * self.volunteers > DENSE_CELLS:
            return MOST_ASKED
        return int(np.count_nonzero(self._table[i] != NEVER))

    def dense(self) -> Ints:
        return self._table

    @cached_property
    def _table(self) -> Ints:
        table = [self._row(i) for i in range(len(self.rows))]
        return np.array(table, np.int64).reshape(len(table), self.volunteers)

    def _row(self, i: int) -> Ints:
        """One need and everybody."""
        row, everybody = self.rows[i], self.everybody
        may = self._free.copy()
        may[self._mine[i]] = True
        may &= self._able(row.need)
        may[self._out[i]] = False
        there = np.zeros(self.volunteers, np.bool_)
        there[self._kept[i]] = True
        return self._charged(everybody.whole(row.incident).eta_s, everybody.charge_s, there, may)

    def _charged(self, eta_s: NDArray[np.float32], charge_s: Ints, there: Mask, may: Mask) -> Ints:
        """The time, less the bonus of who is there already, and the charge; NEVER for who may not or is too far."""
        may &= eta_s <= self.params.cutoff_s
        seconds = np.where(may, eta_s, 0.0)
        seconds[there] = np.maximum(seconds[there] - self.params.sticky_s, 0.0)
        return np.where(may, np.rint(seconds).astype(np.int64) + charge_s, NEVER)

    def nearest(self, needs: Sequence[int], k: int) -> list[Near]:
        if self.everybody.reach.network is None:
            return self._nearby.nearest(needs, k)
        return [self._by_road(need, k) for need in needs]

    def _by_road(self, i: int, k: int) -> Near:
        """The cheapest of a need among those soonest there, and whoever is there in the plan."""
        row, everybody = self.rows[i], self.everybody
        if i not in self._rows:
            self._rows[i] = everybody.crowd.rows(np.array(self._kept[i], np.int64))
        at = (row.incident.lon, row.incident.lat)
        columns, eta_s, floor_s = everybody.reach.nearest(*at, self._among(row.need), k, self._rows[i])
        seconds = self._seconds(i, columns, eta_s)
        order = np.lexsort((columns, seconds))
        order = order[: np.searchsorted(seconds[order], NEVER)]
        least = NEVER if floor_s > self.params.cutoff_s + 1 else int(floor_s) - 1
        if len(order) > k:
            least = min(least, int(seconds[order[k]]))
        return Near(columns[order[:k]], seconds[order[:k]], least)

    def _among(self, need: Need) -> dict[int, Neighbours]:
        """Who may serve a need, by the crossings that they are next to; alike for all needs that demand the same."""
        demand, network = (need.skills, need.vehicle), self.everybody.reach.network
        assert network is not None  # noqa: S101  else the straight line tells who is near
        if demand not in self._indexes:
            self._indexes[demand] = self.everybody.crowd.among(self._free & self._able(need), network.roads.nodes)
        return self._indexes[demand]

    def _able(self, need: Need) -> Mask:
        """Who brings what a need demands."""
        skills, classes = self.everybody.able(need)
        able: Mask = skills[self.everybody.skill_set] & classes[self.everybody.cls]
        return able

    def _seconds(self, i: int, columns: Ints, eta_s: NDArray[np.float32]) -> Ints:
        """What some cost at a need, whose times are known."""
        skills, classes = self.everybody.able(self.rows[i].need)
        may = self._free[columns] | self._marked(self._mine[i], columns)
        may &= skills[self.everybody.skill_set[columns]] & classes[self.everybody.cls[columns]]
        may &= ~self._marked(self._out[i], columns)
        there = self._marked(self._kept[i], columns)
        return self._charged(eta_s, self.everybody.charge_s[columns], there, may)

    def _marked(self, some: Sequence[int], columns: Ints) -> Mask:
        """Whether each of these columns is one of some."""
        self._mark[some] = True
        marked: Mask = self._mark[columns]
        self._mark[some] = False
        return marked

    def seconds(self, need: int, column: int) -> int:
        if "_table" in self.__dict__:
            return int(self._table[need, column])
        return self._by_rule(need, column)

    def _by_rule(self, need: int, column: int) -> int:
        """One pair of a table that is not made."""
        return int(self._pairs(np.array([need]), np.array([column]))[0])

    @cached_property
    def _nearby(self) -> Nearby:
        """A tree for each class of vehicle with each set of skills."""
        everybody = self.everybody
        group = everybody.cls.astype(np.int64) * len(everybody.skills) + everybody.skill_set
        able = [everybody.able(row.need) for row in self.rows]
        may = np.array([np.outer(classes, skills).ravel() for skills, classes in able], np.bool_)
        may = may.reshape(len(self.rows), -1)
        paces = [Pace(START_S - 1, s) for s in everybody.reach.floors_s_per_m() for _ in everybody.skills]
        at = points_m(*(np.array([getattr(row.incident, name) for row in self.rows]) for name in ("lon", "lat")))
        return Nearby(at, everybody.points, group, may, paces, self._pairs, self.most_s, self._kept)

    def _pairs(self, need: Ints, column: Ints) -> Ints:
        """Pairs, need by need."""
        seconds = np.empty(len(need), np.int64)
        order = np.argsort(need, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(need[order])) + 1) if len(need) else []:
            i, columns = int(need[part[0]]), column[part]
            seconds[part] = self._seconds(i, columns, self.everybody.some(self.rows[i].incident, columns))
        return seconds
