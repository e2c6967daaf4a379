"""The slow, obvious telling of visits and services, beside that of trips in `tests.geo.slowtrack`."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot

from tests.geo.slowtrack import EXIT_S, MARGIN_M, MIN_S, REST_MPS, Point, Row, Step, apart, moved, mps, silent


@dataclass
class Fence:
    """A rectangle, or a circle, with its own patience."""

    key: str
    corner: Point  # south west; of a circle its centre
    other: Point | None = None  # north east
    radius_m: float = 0.0
    enter_s: float = 10.0
    exit_s: float = 25.0

    def metres(self, p: Point) -> float:
        """Metres outside, 0 inside."""
        if self.other is None:
            return max(apart(p, self.corner) - self.radius_m, 0.0)
        return hypot(*(max(a - x, x - b, 0.0) for a, x, b in zip(self.corner, p, self.other, strict=True)))


def visit_rows(steps: list[Step], fence: Fence) -> list[Row]:
    """Runs of fixes inside; none of them ends before the device was beyond the margin for long enough."""
    rows: list[Row] = []
    run: list[int] = []
    told, out_s = False, None
    for i, step in enumerate(steps):
        metres, doubt = fence.metres(step.at), step.away and step.dwell
        slept = silent(steps, i) and step.joined and run[-1:] == [i - 1]
        if metres == 0.0 or slept:
            run.append(i)
            out_s = None
            told = told or (len(run) >= 2 and not doubt and step.second - steps[run[0]].second >= fence.enter_s)
        elif metres <= MARGIN_M:
            out_s = None
        elif run:
            out_s = step.second if out_s is None else out_s
            if not told or (not doubt and step.second - out_s >= fence.exit_s):
                rows += [_visit(steps, fence, run, "closed")] if told else []
                run, told, out_s = [], False, None
    return rows + ([_visit(steps, fence, run, "open")] if told else [])


def _visit(steps: list[Step], fence: Fence, run: list[int], state: str) -> Row:
    silence = sum(
        steps[i].second - steps[i - 1].second for i in range(run[0] + 1, run[-1] + 1) if silent(steps, i)
    )  # fmt: skip
    return Row("visit", fence.key, state, steps[run[0]].second, steps[run[-1]].second, len(run), silence)


@dataclass
class Target:
    """A service point, or a street with its sixteen points."""

    key: str
    points: list[Point]
    ends: tuple[Point, Point]
    reach_m: float = 30.0


def share_of(p: Point, a: Point, b: Point) -> float:
    """The share of the leg from a to b after which it is nearest to p."""
    leg = (b[0] - a[0], b[1] - a[1])
    length2 = leg[0] ** 2 + leg[1] ** 2
    along = (p[0] - a[0]) * leg[0] + (p[1] - a[1]) * leg[1]
    return min(max(along / length2, 0.0), 1.0) if length2 > 0.0 else 1.0


def from_leg(p: Point, a: Point, b: Point) -> float:
    u = share_of(p, a, b)
    return apart(p, (a[0] + u * (b[0] - a[0]), a[1] + u * (b[1] - a[1])))


def leg_to(target: Target, a: Point, b: Point) -> float:
    """Metres between a leg and a target, by trying many points of the target."""
    (x1, y1), (x2, y2) = target.ends
    shares = [0.0] if target.ends[0] == target.ends[1] else [s / 4000 for s in range(4001)]
    return min(from_leg((x1 + s * (x2 - x1), y1 + s * (y2 - y1)), a, b) for s in shares)


@dataclass
class Pass:
    """One service as it grows."""

    first_s: float
    last_s: float
    fixes: int = 0
    silent_s: float = 0.0
    stopped_s: float = 0.0
    nearest_m: float = 1e30
    pieces: set[int] = field(default_factory=set)
    seen: int = 0  # the last step whose leg came near
    near: int = -1  # the last step that was near itself
    out_s: float | None = None
    told: bool = False

    def row(self, key: str, state: str) -> Row:
        share = len(self.pieces) / 16 if key.startswith("street:") else 0.0
        return Row(
            "service", key, state, self.first_s, self.last_s, self.fixes, self.silent_s, self.stopped_s,
            self.nearest_m, covered=share,
        )  # fmt: skip


def service_rows(steps: list[Step], target: Target) -> list[Row]:
    """Runs of legs within reach."""
    rows: list[Row] = []
    now: Pass | None = None
    for i, step in enumerate(steps):
        before = steps[max(i - 1, 0)]
        doubt = step.away and step.dwell
        if now and silent(steps, i) and step.joined and now.near == i - 1:
            now.stopped_s += step.second - before.second
            _reach(steps, now, i, step.second)
            now.told = now.told or (not doubt and now.last_s - now.first_s >= MIN_S)
        if (
            now
            and step.dwell
            and before.away
            and not step.away
            and not moved(steps, i)
            and now.first_s > before.here_last
        ):
            now = None
        back = step.dwell and before.away and not step.away and not moved(steps, i)
        if now and back and now.near >= 0 and steps[now.near].second == before.here_last:
            now.stopped_s += step.second - before.here_last
        a, first_s = (step.at, step.second) if back or silent(steps, i) else (before.at, before.second)
        metres = leg_to(target, a, step.at)
        if metres <= target.reach_m:
            reached = [n for n, p in enumerate(target.points) if from_leg(p, a, step.at) <= target.reach_m]
            nearest = min(range(len(target.points)), key=lambda n: from_leg(target.points[n], a, step.at))
            shares = [share_of(target.points[n], a, step.at) for n in reached or [nearest]]
            moments = [first_s + share * (step.second - first_s) for share in shares]
            now = now or Pass(min(moments), max(moments), seen=i)
            _reach(steps, now, i, max(moments))
            now.told = now.told or (not doubt and now.last_s - now.first_s >= MIN_S)
            now.nearest_m = min(now.nearest_m, metres)
            now.pieces |= set(reached)
            if min(apart(p, step.at) for p in target.points) <= target.reach_m:
                now.near = i
                now.fixes += 1
                slow = (step.dwell and not step.away) or 0.0 <= mps(steps, i) < REST_MPS
                now.stopped_s += (step.second - first_s) * slow
        elif now and now.seen < i:
            now.out_s = step.second if now.out_s is None else now.out_s
            if not doubt and step.second - now.out_s >= EXIT_S:
                rows.append(now.row(target.key, "closed"))
                now = None
    return rows + ([now.row(target.key, "open")] if now and now.told else [])


def _reach(steps: list[Step], service: Pass, i: int, moment: float) -> None:
    """It lasts to this moment of the leg to step i."""
    service.silent_s += sum(
        steps[j].second - steps[j - 1].second for j in range(service.seen + 1, i + 1) if silent(steps, j)
    )  # fmt: skip
    service.seen, service.last_s, service.out_s = i, moment, None
