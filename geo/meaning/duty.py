"""Who drives what, and when they work: device, vehicle, route, shift and person at an instant, from dated joins.

A join may name all at once or be one link of a chain: device in vehicle, vehicle on route, vehicle or its driver in
shift. Route and shift of one join belong together; a route without a shift of its own has those that stand alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from core.assigning import in_force
from core.calendar import Calendar, Span, Week
from core.entities import Assignment, Route, Shift, Vehicle

Joins = dict[str, list[Assignment]]
ALL_DAY = Week()


class Round(NamedTuple):
    """A route and the hours it is driven in; without a shift, all day on its weekdays."""

    route: Route | None
    shift: Shift | None


class Duty(NamedTuple):
    """What a device is in force for at an instant; all empty for one that nobody assigned."""

    vehicle: str | None = None
    group: str = ""
    rounds: tuple[Round, ...] = ()
    people: tuple[str, ...] = ()
    workshop: bool = False  # the vehicle is in repair

    @property
    def points(self) -> frozenset[str]:
        """Ids of the service points of its routes; empty when no route is known."""
        return frozenset(point for r in self.rounds if r.route for point in r.route.points)

    @property
    def timed(self) -> bool:
        """Whether it has hours at all: every round has a shift or weekdays."""
        return bool(self.rounds) and all(r.shift or (r.route and r.route.days) for r in self.rounds)


NOBODY: Final = Duty()


class Duties:
    """The assignments of the configuration in force, by what they join."""

    def __init__(
        self,
        calendar: Calendar,
        assignments: Iterable[Assignment] = (),
        vehicles: Mapping[str, Vehicle] | None = None,
        routes: Mapping[str, Route] | None = None,
        shifts: Mapping[str, Shift] | None = None,
    ) -> None:
        self.calendar = calendar
        self.vehicles, self.routes, self.shifts = vehicles or {}, routes or {}, shifts or {}
        assignments = list(assignments)
        self._of_device, self._of_vehicle, self._of_person = Joins(), Joins(), Joins()
        for join in sorted(assignments, key=lambda a: (a.from_us, a.id), reverse=True):  # the newest first
            for index, key in (
                (self._of_device, join.device), (self._of_vehicle, join.vehicle), (self._of_person, join.person)
            ):  # fmt: skip
                if key is not None:
                    index.setdefault(key, []).append(join)
        ends_us = (join.until_us for join in assignments if join.until_us is not None)
        self._turns_us = sorted({*(join.from_us for join in assignments), *ends_us})  # when a join begins or ends
        self._last: dict[str, tuple[int, Duty]] = {}  # of each device: between which turns, and its duty then

    def of(self, device: str, at_us: int) -> Duty:
        """The duty of the device's vehicle; of the device's own joins where it is in none."""
        if device not in self._of_device:
            return NOBODY
        turn = bisect_right(self._turns_us, at_us)
        last = self._last.get(device)
        if last is None or last[0] != turn:
            last = self._last[device] = turn, self._of(device, at_us)
        return last[1]

    def _of(self, device: str, at_us: int) -> Duty:
        own = _now(self._of_device[device], at_us)
        if not own:
            return NOBODY
        vehicle = next((join.vehicle for join in own if join.vehicle), None)
        return self._duty(vehicle, own, device, at_us)

    def of_vehicle(self, vehicle: str, at_us: int) -> Duty:
        """The duty of a vehicle, whatever device is in it."""
        return self._duty(vehicle, [], None, at_us)

    def devices_of(self, vehicle: str, at_us: int) -> list[str]:
        """Devices in a vehicle, the one joined last first."""
        joins = _now(self._of_vehicle.get(vehicle, ()), at_us)
        return list(dict.fromkeys(join.device for join in joins if join.device))

    def _duty(self, vehicle: str | None, own: list[Assignment], device: str | None, at_us: int) -> Duty:
        joins = {join.id: join for join in own if join.vehicle in (None, vehicle)}
        if vehicle is not None:
            of_vehicle = _now(self._of_vehicle.get(vehicle, ()), at_us)
            joins |= {join.id: join for join in of_vehicle if device is None or join.device in (None, device)}
        people = tuple(dict.fromkeys(join.person for join in joins.values() if join.person))
        for person in people:
            of_person = _now(self._of_person.get(person, ()), at_us)
            joins |= {j.id: j for j in of_person if j.vehicle in (None, vehicle) and j.device in (None, device)}
        known = self.vehicles.get(vehicle or "")
        group, workshop = (known.group, known.workshop) if known else ("", False)
        return Duty(vehicle, group, self._rounds(joins.values()), people, workshop)

    def _rounds(self, joins: Iterable[Assignment]) -> tuple[Round, ...]:
        """Routes with their hours; a route or a shift that is not registered is not known."""
        named = [Round(self.routes.get(j.route or ""), self.shifts.get(j.shift or "")) for j in joins]
        alone: list[Shift | None] = [r.shift for r in named if r.shift and not r.route]
        rounds = [
            Round(r.route, shift) for r in named if r.route for shift in ([r.shift] if r.shift else alone or [None])
        ]
        rounds = rounds or [Round(None, shift) for shift in alone]
        return tuple({(r.route and r.route.id, r.shift and r.shift.id): r for r in rounds}.values())

    def spans(self, duty: Duty, from_us: int, to_us: int) -> list[Span]:
        """The parts of [from, to) in which it works, in order and apart; all of it where no hours are known."""
        if not duty.timed:
            return [(from_us, to_us)] if from_us < to_us else []
        spans: list[Span] = []
        for r in duty.rounds:
            spans += self.calendar.spans(r.shift or ALL_DAY, from_us, to_us, r.route.days if r.route else ())
        return merged(spans)

    def works(self, duty: Duty, at_us: int) -> bool:
        """Whether it works at an instant."""
        return bool(self.spans(duty, at_us, at_us + 1))


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch or overlap as one."""
    whole: list[Span] = []
    for start_us, end_us in sorted(spans):
        if whole and start_us <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], end_us)
        else:
            whole.append((start_us, end_us))
    return whole


def _now(joins: Iterable[Assignment], at_us: int) -> list[Assignment]:
    return [join for join in joins if in_force(join, at_us)]
