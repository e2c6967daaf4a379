"""The slow, obvious telling of spells: whole days at once, lists instead of numbers that are carried on.

What the dwell kernel holds at each fix comes from the reference of dwells (`tests.geo.test_reference.Walk`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot, isnan
from typing import NamedTuple

from tests.geo.test_reference import SILENT_S, Fix, Walk

TRIP_STOP_S, TRIP_GAP_S, TRIP_MIN_M = 120.0, 1800.0, 200.0
LIMIT_MPS, SPEEDING_S, REST_MPS = 8.0, 10.0, 1.5
WGS84_EAST, WGS84_NORTH = 109_581.864, 110_608.93  # metres per degree there
EXIT_S, MIN_S, JUMP_MPS, MARGIN_M = 25.0, 60.0, 8.0, 20.0

Point = tuple[float, float]  # metres east and north of the test city's origin


class Row(NamedTuple):
    """A spell in brief; times in seconds, what a kind does not measure is 0."""

    kind: str
    subject: str
    state: str
    start_s: float
    last_s: float
    fixes: int
    silent_s: float = 0.0
    stopped_s: float = 0.0
    metres: float = 0.0  # driven, straight, or nearest
    gap_m: float = 0.0
    mps: float = 0.0
    covered: float = 0.0


@dataclass(frozen=True)
class Step:
    """One instant: where the device was, and what the dwell kernel held after its first fix."""

    second: float
    at: Point
    said_mps: float
    here: float  # when the cluster began
    here_last: float
    centre: Point  # of the cluster
    spot: float  # when the cluster began, or what is outside of it
    spot_centre: Point
    dwell: bool
    away: bool

    @property
    def joined(self) -> bool:
        return self.spot < self.second

    @property
    def parked(self) -> bool:
        return self.dwell and not self.away and self.here_last - self.here >= TRIP_STOP_S


def metres_of(lon: float, lat: float) -> Point:
    return (lon - 123.6) * WGS84_EAST, (lat + 10.17) * WGS84_NORTH


def steps_of(fixes: list[Fix], said_mps: list[float]) -> list[Step]:
    """Steps from distinct fixes in order; of those at one instant the first counts."""
    walk, steps = Walk(fixes[0]), list[Step]()
    for i, fix in enumerate(fixes):
        if i:
            walk.hear(fix)
        if i and fix.second == fixes[i - 1].second:
            continue
        here, spot = walk.here, walk.elsewhere or walk.here
        steps.append(
            Step(
                fix.second, metres_of(fix.lon, fix.lat), said_mps[i], here.first_s, here.last_s,
                metres_of(here.lon, here.lat), spot.first_s, metres_of(spot.lon, spot.lat), walk.is_dwell,
                walk.elsewhere is not None,
            )
        )  # fmt: skip
    return steps


def apart(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def silent(steps: list[Step], i: int) -> bool:
    return i > 0 and steps[i].second - steps[i - 1].second > SILENT_S


def moved(steps: list[Step], i: int) -> bool:
    return i > 0 and steps[i].here != steps[i - 1].here


def verdict(steps: list[Step], i: int) -> str:
    """Whether a fix outside was a part of a drive, given up because the next ones were inside again, or is in doubt."""
    if not steps[i].away:
        return "kept"
    for later in steps[i + 1 :]:
        if later.here != steps[i].here:
            return "kept"
        if not later.away:
            return "given up"
    return "in doubt"


def mps(steps: list[Step], i: int) -> float:
    """Speed at a fix, -1 unknown."""
    if not isnan(steps[i].said_mps):
        return steps[i].said_mps
    if i == 0 or silent(steps, i) or silent(steps, i - 1):
        return -1.0
    far = max(i - 2, 0)
    return min(apart(steps[j].at, steps[i].at) / (steps[i].second - steps[j].second) for j in {i - 1, far})


@dataclass
class Path:
    """The way driven: points, each with whether the leg to it counts."""

    trail: list[tuple[Point, bool]] = field(default_factory=list)
    certain: int = 0
    held: list[Point] = field(default_factory=list)
    spot: Point | None = None
    jump: Point = (0.0, 0.0)

    def metres(self, points: int | None = None) -> float:
        trail = self.trail[:points]
        return sum(apart(a, b) for (a, _), (b, counts) in pairwise(trail) if counts)

    def go(self, *points: Point) -> None:
        self.trail += [(point, True) for point in points]

    def believe(self) -> None:
        self.go(*self.held)
        self.held = []

    def catch_up(self) -> None:
        self.believe()
        if self.spot is not None:
            self.go(self.spot)
            self.spot = None

    def arrive(self, step: Step, *, begun: bool) -> None:
        """A fix inside the cluster: all is certain up to here, and of a dwell its centre is where it stands."""
        if step.joined:
            self.believe()
        if step.dwell:
            if begun:
                self.catch_up()
                self.go(step.centre)
            self.held, self.spot = [], None
            self.trail.append((step.centre, False))
        self.certain = len(self.trail)

    def drive(self, before: Step, step: Step) -> None:
        leg = (step.at[0] - before.at[0], step.at[1] - before.at[1])
        far, out = hypot(*leg), hypot(*self.jump)
        fast = far > JUMP_MPS * (step.second - before.second)
        if self.held:
            back = leg[0] * self.jump[0] + leg[1] * self.jump[1]
            if fast and back < -0.5 * far * out:
                self.held, self.spot, fast = [], None, False
            elif len(self.held) < 3 and far < 0.75 * out:
                self.held.append(step.at)
                return
        self.catch_up()
        if fast:
            self.jump = leg
            self.held = [step.at]
        else:
            self.go(step.at)


def readings(steps: list[Step]) -> tuple[list[float], dict[int, float]]:
    """What the odometer reads after each step, and before each silence that was no stay."""
    path = Path([(steps[0].at, False)], 1)
    found, before_gaps = [0.0], {}
    for i in range(1, len(steps)):
        before, step = steps[i - 1], steps[i]
        if before.away and not step.away and not moved(steps, i):
            path.trail, path.held, path.spot = path.trail[: path.certain], [], None
        if moved(steps, i):
            path.certain = len(path.trail)
        if step.joined:
            if silent(steps, i):
                path.catch_up()
            path.spot = step.spot_centre
        elif silent(steps, i):
            path.catch_up()
            path.go(before.at)
            before_gaps[i] = path.metres()
            path.trail.append((step.at, False))
        else:
            path.drive(before, step)
        if not step.away:
            path.arrive(step, begun=(moved(steps, i) or not before.dwell) and not silent(steps, i))
        found.append(path.metres(path.certain))
    return found, before_gaps


def gaps_of(steps: list[Step]) -> list[int]:
    """Steps that end a silence that was no stay."""
    return [i for i in range(1, len(steps)) if silent(steps, i) and not steps[i].joined and verdict(steps, i) == "kept"]


def gap_rows(steps: list[Step]) -> list[Row]:
    rows = []
    for i in gaps_of(steps):
        a, b = steps[i - 1], steps[i]
        rows.append(Row("gap", "", "closed", a.second, b.second, 2, b.second - a.second, 0.0, apart(a.at, b.at)))
    return rows


class End(NamedTuple):
    """Where a trip begins or ends: the step, and what the odometer reads there."""

    step: int
    second: float
    metres: float


def trip_rows(steps: list[Step]) -> list[Row]:
    """What lies between long stops, parted by long silences."""
    odometer_m, before_gaps = readings(steps)
    times = [step.second for step in steps]
    rows, start, parked = list[Row](), End(0, times[0], 0.0), False
    for i in range(len(steps)):
        if parked and (moved(steps, i) or (steps[i].away and verdict(steps, i) == "kept")):
            last = max(j for j in range(i) if not steps[j].away)
            start, parked = End(last, times[last], odometer_m[last]), False
        if i in gaps_of(steps) and times[i] - times[i - 1] >= TRIP_GAP_S:
            rows += _trip(steps, start, End(i - 1, times[i - 1], before_gaps[i]), i - 1, "closed")
            start = End(i, times[i], before_gaps[i])
        if steps[i].parked:
            if not parked:
                first = times.index(steps[i].here)
                rows += _trip(steps, start, End(first, times[first], odometer_m[i]), i, "closed")
            parked = True
    if not parked:
        n = len(steps) - 1
        last = times.index(steps[n].here) if steps[n].dwell else n
        rows += _trip(steps, start, End(last, times[last], odometer_m[n]), n, "open")
    return rows


def _trip(steps: list[Step], start: End, end: End, known: int, state: str) -> list[Row]:
    """The trip if it is long enough; `known` is the last step that it was judged by."""
    gaps = [i for i in gaps_of(steps) if start.step < i <= known]
    gap_m = sum(apart(steps[i - 1].at, steps[i].at) for i in gaps)
    silent_s = sum(steps[i].second - steps[i - 1].second for i in gaps)
    metres = end.metres - start.metres
    if metres + gap_m < TRIP_MIN_M:
        return []
    stops = {s.here: s.here_last for s in steps[: known + 1] if s.dwell}
    stopped_s = sum(
        last - first
        for first, last in stops.items()
        if last - first < TRIP_STOP_S and start.second <= first and last <= end.second
    )
    drives = [i for i in range(start.step, known + 1) if verdict(steps, i) == "kept"]
    drives = [
        i for i in drives if (steps[i].away or not steps[i].dwell) and (i > start.step or i == 0 or silent(steps, i))
    ]
    fastest = max((mps(steps, i) for i in drives), default=0.0)
    fixes = end.step - start.step + 1
    return [
        Row("trip", "", state, start.second, end.second, fixes, silent_s, stopped_s, metres, gap_m, max(fastest, 0.0))
    ]


def speeding_rows(steps: list[Step]) -> list[Row]:
    """Runs of fixes above the limit, as long as none is below nine tenths of it for as long."""
    rows: list[Row] = []
    run: list[int] = []  # fixes that are fast enough
    told = False

    def close(state: str) -> None:
        fastest = max((mps(steps, j) for j in run), default=0.0)
        if told:
            rows.append(
                Row("speeding", "", state, steps[run[0]].second, steps[run[-1]].second, len(run), mps=fastest)
            )  # fmt: skip

    for i, step in enumerate(steps):
        v = mps(steps, i)
        lasting = bool(run) and step.second - steps[run[-1]].second >= SPEEDING_S
        if silent(steps, i):
            close("closed")
            run, told = [], False
        if v > (0.9 * LIMIT_MPS if told else LIMIT_MPS):
            run.append(i)
            told = told or step.second - steps[run[0]].second >= SPEEDING_S
        elif v >= 0.0 and (not told or lasting):
            close("closed")
            run, told = [], False
    close("open")
    return rows
