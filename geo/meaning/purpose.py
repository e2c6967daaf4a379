"""What a stop is for: the first of a list of reasons that applies, and the word (`why`) that names it.

Some reasons hold for a while only: a break that grows too long, a shift that ends. A verdict therefore says until when
it stands, and `geo.meaning.flips` asks again then, without waiting for a fix. A closed row is judged by its fixes
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.calendar import Span
from core.entities import Label, Place, Profile, Task
from core.events import Dwell, Purpose
from core.units import DAY_US, US_PER_S
from geo.city.world import World
from geo.folds.plane import distance_m, metres_per_degree
from geo.meaning.duty import NOBODY, Duties, Duty

KNOWN_M: Final = 25_000.0  # without a known place so near no stop is called unexplained
CLEARLY_M: Final = KNOWN_M - 1.0  # however the distance is rounded
FOREVER: Final = 1 << 62
AHEAD_US: Final = 8 * DAY_US  # how far a verdict looks for the next shift: a week and a holiday

Why = Literal[
    "phone", "label", "task", "point", "other_route", "place", "too_long", "queue", "unknown_place", "off_shift",
    "work", "none",
]  # fmt: skip
OF_PLACE: Final[dict[str, Purpose]] = {
    "depot": "allowed",
    "landfill": "allowed",
    "workshop": "allowed",
    "fuel": "allowed",
    "break": "break",
    "other": "unexplained",
}


class Verdict(NamedTuple):
    """Purpose and reason of a stop that lasts until before `until_us`; no purpose: the reason does not apply."""

    purpose: Purpose | None
    why: Why = "none"
    until_us: int = FOREVER


NOT_SO: Final = Verdict(None)


class Judgement(NamedTuple):
    """What becomes of a row, and until when (before `until_us`) if it goes on."""

    purpose: Purpose
    why: Why
    until_us: int
    area: str | None
    place: Place | None


class Stop(NamedTuple):
    """What is judged: a row, how long it has lasted, whose it is, and the known place it is at."""

    row: Dwell
    until_us: int
    duty: Duty
    profile: Profile
    place: Place | None

    def within(self, seconds: float) -> tuple[bool, int]:
        """Whether it is no longer than this, and the first moment at which it is."""
        ends_us = self.row.start_us + int(seconds * US_PER_S)
        return self.until_us <= ends_us, ends_us + 1

    def metres_to(self, place: Place) -> float:
        """How far it is from the centre of a place."""
        return distance_m(self.row.lon, self.row.lat, place.lon, place.lat, *metres_per_degree(self.row.lat))


T = TypeVar("T", Place, Task)


class Circles(Generic[T]):
    """Distances to things with a radius; `things` keep their order."""

    def __init__(self, things: Iterable[T]) -> None:
        self.things: tuple[T, ...] = tuple(things)
        self.lon = np.array([t.lon for t in self.things])
        self.lat = np.array([t.lat for t in self.things])
        self.radius_m = np.array([t.radius_m for t in self.things])

    def distance_m(self, lon: float, lat: float) -> NDArray[np.float64]:
        """Metres from a point to each centre."""
        east, north = metres_per_degree(lat)
        dx = (self.lon - lon + 180.0) % 360.0 - 180.0
        far: NDArray[np.float64] = np.hypot(dx * east, (self.lat - lat) * north)
        return far


class Purposes:
    """The reasons that the configuration in force knows."""

    def __init__(
        self,
        world: World,
        places: Mapping[str, Place],
        tasks: Iterable[Task],
        labels: Mapping[str, Label],
        duties: Duties,
        profile: Callable[[str], Profile],
    ) -> None:
        self.world, self.places, self.known = world, places, Circles(places.values())
        self.queues = [p for p in places.values() if p.kind == "landfill" and p.queue_m > 0]
        self.tasks = Circles(sorted(tasks, key=lambda t: t.id))
        self.labels, self.duties, self.profile = labels, duties, profile
        self._near: Place | None = None  # a known place that was near the stop before
        self._hours: dict[str, tuple[Duty, Span]] = {}  # of each device, the working hours of its stop before
        self.reasons = (
            _phone, self._label, self._task, _at_place, self._queue, self._unknown, self._off_shift, _after_work,
            _unexplained,
        )  # fmt: skip

    def judge(self, row: Dwell, until_us: int) -> Judgement:
        """What a row that lasts until then is for, and where it is."""
        area, place = self._where(row.lon, row.lat)
        stop = Stop(row, until_us, self.duties.of(row.device, row.start_us), self.profile(row.device), place)
        holds_us = FOREVER
        for reason in self.reasons:
            purpose, why, changes_us = reason(stop)
            holds_us = min(holds_us, changes_us)
            if purpose is not None:
                return Judgement(purpose, why, holds_us, area, place)
        raise AssertionError("the last reason always applies")

    def _where(self, lon: float, lat: float) -> tuple[str | None, Place | None]:
        """Area of a point, and the nearest known place that contains it; of two, the one whose id comes first."""
        here: list[Place] = []
        area = None
        for key in self.world.fences_at(lon, lat):
            kind, _, id_ = key.partition(":")
            if kind == "area" and area is None:
                area = id_
            elif kind == "place":
                here.append(self.places[id_])
        if len(here) < 2:
            return area, here[0] if here else None
        return area, here[int(np.argmin(Circles(here).distance_m(lon, lat)))]

    def _queue(self, stop: Stop) -> Verdict:
        """Near a landfill, waiting for its turn."""
        if not self.queues:
            return NOT_SO
        near = any(stop.metres_to(place) <= place.radius_m + place.queue_m for place in self.queues)
        return Verdict("allowed", "queue") if near else NOT_SO

    def _unknown(self, stop: Stop) -> Verdict:
        """Until somebody told us about the neighbourhood, no stop there is called anything."""
        near = self._near
        if self.known.things and (near is None or stop.metres_to(near) > CLEARLY_M):
            found = np.flatnonzero(self.known.distance_m(stop.row.lon, stop.row.lat) <= KNOWN_M)
            near = self._near = self.known.things[found[0]] if len(found) else None
        return NOT_SO if near else Verdict("unlabelled", "unknown_place")

    def _label(self, stop: Stop) -> Verdict:
        label = self.labels.get(stop.row.id)
        return Verdict(label.purpose, "label") if label and label.purpose else NOT_SO

    def _task(self, stop: Stop) -> Verdict:
        """A task here, of this vehicle or of any, in force at some moment of the stop."""
        if not self.tasks.things:
            return NOT_SO
        begins_us = FOREVER
        near = self.tasks.distance_m(stop.row.lon, stop.row.lat) <= self.tasks.radius_m
        for i in np.flatnonzero(near).tolist():
            task = self.tasks.things[i]
            if task.vehicle in (None, stop.duty.vehicle) and stop.row.start_us < task.until_us:
                if task.from_us <= stop.until_us:
                    return Verdict("planned", "task")
                begins_us = min(begins_us, task.from_us)
        return Verdict(None, until_us=begins_us)

    def _off_shift(self, stop: Stop) -> Verdict:
        """At least in part out of hours, and within them shorter than the limit: nothing that anybody must explain."""
        if not stop.duty.timed:
            return NOT_SO
        start_us, limit_us = stop.row.start_us, int(stop.profile.limit_s * US_PER_S)
        if start_us + limit_us <= self._works_until(stop):
            return NOT_SO  # quickly said of most
        ahead_us = stop.until_us + AHEAD_US
        spans = self.duties.spans(stop.duty, start_us, ahead_us)
        leaves_us = spans[0][1] if spans and spans[0][0] == start_us else start_us - 1
        limit_us = _spent(spans, limit_us, ahead_us)
        if leaves_us >= limit_us:
            return NOT_SO
        if stop.until_us <= leaves_us:
            return Verdict(None, until_us=leaves_us + 1)
        return Verdict("unlabelled", "off_shift", limit_us) if stop.until_us < limit_us else NOT_SO

    def _works_until(self, stop: Stop) -> int:
        """To where the working hours that a stop begins in are known to last, as far as a day; 0 out of hours."""
        at_us = stop.row.start_us
        duty, span = self._hours.get(stop.row.device, (NOBODY, (0, 0)))
        if duty is not stop.duty or not span[0] <= at_us < span[1]:
            around = self.duties.spans(stop.duty, at_us - DAY_US, at_us + DAY_US)
            span = next((span for span in around if span[0] <= at_us < span[1]), (0, 0))
            self._hours[stop.row.device] = stop.duty, span
        return span[1]


def _phone(stop: Stop) -> Verdict:
    """Where volunteers stand is nobody's business."""
    return Verdict("unlabelled", "phone") if stop.row.cls == "phone" else NOT_SO


def _at_place(stop: Stop) -> Verdict:
    """What the place is for; a service point is for those whose round it is on, or for all while no round is known."""
    place = stop.place
    if place is None:
        return NOT_SO
    if place.kind == "service_point":
        own = not stop.duty.points or place.id in stop.duty.points
        return _allowed(stop, place.max_s, Verdict("planned", "point") if own else Verdict("allowed", "other_route"))
    return _allowed(stop, place.max_s, Verdict(OF_PLACE[place.kind], "place"))


def _after_work(stop: Stop) -> Verdict:
    """A break: short, and earned by work without a rest."""
    short, ends_us = stop.within(stop.profile.break_s)
    if not short or stop.row.worked_s < stop.profile.work_s:
        return NOT_SO
    return Verdict("break", "work", ends_us)


def _unexplained(_: Stop) -> Verdict:
    return Verdict("unexplained", "none")


def _allowed(stop: Stop, max_s: float, verdict: Verdict) -> Verdict:
    """The verdict of a place, as long as it allows."""
    short, ends_us = stop.within(max_s)
    if max_s <= 0:
        return verdict
    return verdict._replace(until_us=ends_us) if short else Verdict("unexplained", "too_long")


def _spent(spans: Iterable[Span], limit_us: int, default_us: int) -> int:
    """When so much of the spans has passed; `default_us` if they are shorter."""
    for from_us, to_us in spans:
        if to_us - from_us >= limit_us:
            return from_us + limit_us
        limit_us -= to_us - from_us
    return default_us
