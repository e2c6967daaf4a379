"""One shift of the simulated city as a stream of sendings in order of time; the same for a city, seed and start."""

from __future__ import annotations

import datetime as dt
import heapq
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from cities import City
from core.units import MPS_PER_KMH, US_PER_S
from simulators.motion import Motion, Stop
from simulators.people import ride
from simulators.rounds import SHIFT_S, Fleet, drive, hidden_truck, routes
from simulators.streets import Plane, Streets, build
from simulators.trackers import Kind, Report, report
from simulators.wire import Dialect, Row, Sending

_DEAD_EVERY: Final = 17  # one tracker in so many dies in a shift
_SLEEPS: Final = (True, False, True, False, False)  # by truck number: who sleeps when parked
DAY_S: Final = SHIFT_S + 3600.0  # by then every truck is back at the depot
_ODOMETER_M: Final = 40_000_000.0  # of every truck on its first day


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What to pretend. `volunteers` are registered; about a third of them is on duty and publishes."""

    city: City
    seed: int = 0
    trucks: int = 35
    volunteers: int = 65
    start_us: int
    interval_s: float = 10.0
    stall_at_us: int | None = None  # when the hidden truck reaches the stall, if that must be exact
    clean: bool = False  # no faults but noise
    driven_m: Mapping[str, float] = field(default_factory=dict)  # by device, on the days before


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened: one standstill, or one death of a tracker."""

    device: str
    start_us: int
    end_us: int
    lon: float
    lat: float
    reason: str
    place: str


@dataclass(frozen=True)
class Actor:
    """A device with its true motion and what its tracker reports of it."""

    device: str
    dialect: Dialect
    motion: Motion
    report: Report
    odometer_m: float  # when its day starts


@dataclass(frozen=True)
class Day:
    """A day made: iterate `sendings()` as often as you like."""

    start_us: int
    plane: Plane
    actors: tuple[Actor, ...]
    hidden: str  # the device of the truck that hides

    @property
    def lasting_s(self) -> float:
        """Until the last device stops."""
        return max((float(a.motion.t_s[-1]) for a in self.actors), default=0.0)

    def sendings(self) -> Iterator[Sending]:
        """All messages in order of sending, not before the device's time."""
        return heapq.merge(*(self._of(actor) for actor in self.actors), key=attrgetter("send_us", "device"))

    def truth(self) -> Iterator[Truth]:
        """Standstills of a minute and more, and deaths, by device."""
        for actor in self.actors:
            for stop in (*actor.motion.stops, *actor.report.dead):
                if stop.end_s - stop.start_s >= 60.0:
                    yield self._truth(actor.device, stop)

    def driven_m(self) -> dict[str, float]:
        """What each device has driven by the end of this day: the next scenario's `driven_m`."""
        return {a.device: a.odometer_m - _ODOMETER_M + a.motion.length_m for a in self.actors}

    def _truth(self, device: str, stop: Stop) -> Truth:
        lon, lat = self.plane.inverse(stop.x, stop.y)
        times = (self._us(stop.start_s), self._us(stop.end_s))
        return Truth(device, *times, round(float(lon), 6), round(float(lat), 6), stop.reason, stop.place)

    def _us(self, seconds: float) -> int:
        return self.start_us + round(seconds * US_PER_S)

    def _of(self, actor: Actor) -> Iterator[Sending]:
        rows, made = _rows(actor, self.plane, self.start_us), actor.report
        sent_us = (self.start_us + np.round(made.sent_s * US_PER_S).astype(np.int64)).tolist()
        together: list[Row] = []
        for i, (at_us, row) in enumerate(zip(sent_us, made.sent_row.tolist(), strict=True)):
            together.append(rows[row])
            if i + 1 == len(sent_us) or sent_us[i + 1] != at_us:
                yield Sending(at_us, actor.device, actor.dialect, tuple(together))
                together = []


def truck_device(number: int) -> str:
    """Tracker of truck `number` (from 0)."""
    return f"trk-{number + 1:02d}"


def phone_device(number: int) -> str:
    """Phone of volunteer `number` (from 0): OwnTracks user `trNN`, device `hp`."""
    return f"tr{number + 1:02d}-hp"


def on_duty(volunteers: int) -> list[int]:
    """Who of the registered volunteers publishes: about a third."""
    return [number for number in range(volunteers) if number % 13 in (0, 3, 6, 9)]


def make(scenario: Scenario, streets: Streets | None = None) -> Day:
    """Simulate; about a second for the full fleet. Streets may be passed in when several days share them."""
    streets = streets or build(scenario.city, scenario.seed)
    hidden = hidden_truck(scenario.seed, scenario.trucks)
    actors = [*_trucks(scenario, streets, hidden), *_phones(scenario, streets)]
    return Day(scenario.start_us, streets.plane, tuple(actors), truck_device(hidden))


def shifts(scenario: Scenario, streets: Streets | None = None) -> Iterator[Day]:
    """Shift after shift without end, each beginning where the one before ended, each with a seed of its own."""
    streets = streets or build(scenario.city, scenario.seed)
    while True:
        day = make(scenario, streets)
        yield day
        scenario = replace(
            scenario,
            seed=scenario.seed + 1,
            start_us=scenario.start_us + round(max(DAY_S, day.lasting_s) * US_PER_S),
            stall_at_us=None,
            driven_m={**scenario.driven_m, **day.driven_m()},
        )


def _trucks(scenario: Scenario, streets: Streets, hidden: int) -> Iterator[Actor]:
    fleet = Fleet(
        city=scenario.city,
        streets=streets,
        routes=routes(scenario.city, scenario.trucks),
        hour0=_hour(scenario),
        seed=str(scenario.seed),
    )
    for number, driven in enumerate(drive(fleet, hidden)):
        motion = driven
        kind: Kind = "sleeper" if _SLEEPS[number % len(_SLEEPS)] else "steady"
        if number == hidden:  # it hides from a tracker that hardly speaks when parked
            motion, kind = _timed(motion, scenario), "pulse" if scenario.stall_at_us else "sleeper"
        dies = number % _DEAD_EVERY == 8 and number != hidden and not scenario.clean
        rng = _rng(scenario.seed, truck_device(number))
        clean = scenario.clean or (number == hidden and scenario.stall_at_us is not None)
        made = report(motion, kind, rng, interval_s=scenario.interval_s, dies=dies, clean=clean)
        yield _actor(scenario, truck_device(number), "native", motion, made)


def _timed(motion: Motion, scenario: Scenario) -> Motion:
    """The hidden truck's day moved as a whole so that it reaches the stall when it must."""
    if scenario.stall_at_us is None:
        return motion
    arrival = next(stop.start_s for stop in motion.stops if stop.reason == "hidden")
    return motion.shifted((scenario.stall_at_us - scenario.start_us) / US_PER_S - arrival)


def _phones(scenario: Scenario, streets: Streets) -> Iterator[Actor]:
    for number in on_duty(scenario.volunteers):
        motion = ride(streets, str(scenario.seed), number, hour0=_hour(scenario), lasting_s=SHIFT_S)
        rng = _rng(scenario.seed, phone_device(number))
        made = report(motion, "phone", rng, interval_s=max(10.0, scenario.interval_s), clean=scenario.clean)
        yield _actor(scenario, phone_device(number), "owntracks", motion, made)


def _actor(scenario: Scenario, device: str, dialect: Dialect, motion: Motion, made: Report) -> Actor:
    return Actor(device, dialect, motion, made, _ODOMETER_M + scenario.driven_m.get(device, 0.0))


def _hour(scenario: Scenario) -> float:
    at = dt.datetime.fromtimestamp(scenario.start_us / US_PER_S, ZoneInfo(scenario.city.tz))
    return at.hour + at.minute / 60.0 + at.second / 3600.0


def _rng(seed: int, device: str) -> np.random.Generator:
    return np.random.default_rng((seed, zlib.crc32(device.encode())))


def _rows(actor: Actor, plane: Plane, start_us: int) -> list[Row]:
    made, truck = actor.report, actor.dialect == "native"
    lon, lat = plane.inverse(made.xy[:, 0], made.xy[:, 1])
    along = actor.motion.along_m
    odometer = np.round(actor.odometer_m + np.interp(made.t_s, actor.motion.t_s, along))
    battery = np.round(np.clip(96.0 - made.t_s / 900.0, 15.0, 100.0)) if not truck else np.full(len(made.t_s), 100.0)
    before, after = (np.interp(made.t_s + side, actor.motion.t_s, along) for side in (-0.5, 0.5))
    speed, accuracy = (made.speed, made.accuracy) if truck else (_whole_kmh(made.speed), made.accuracy.round())
    columns = (
        (start_us + np.round(made.t_s * US_PER_S).astype(np.int64)).tolist(),
        np.round(lat, 6).tolist(),
        np.round(lon, 6).tolist(),
        speed.tolist(),
        [None if np.isnan(course) else course for course in made.course.tolist()],
        accuracy.tolist(),
        battery.tolist(),
        odometer.tolist() if truck else [None] * len(made.t_s),
        (after > before).tolist() if truck else [None] * len(made.t_s),
        made.ping.tolist(),
    )
    return [Row(*values) for values in zip(*columns, strict=True)]


def _whole_kmh(speed_mps: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a phone makes of a speed: it cuts km/h to whole ones."""
    return np.floor(speed_mps / MPS_PER_KMH) * MPS_PER_KMH
