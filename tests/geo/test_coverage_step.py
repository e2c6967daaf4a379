"""A round from fixes to coverage: what the whole step says of a truck that stops, passes, and falls silent."""

from __future__ import annotations

import numpy as np
import pytest

from core.entries import Config
from core.events import Dwell, DwellChanged, Spell, SpellChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.reports.coverage import coverage
from geo.step import step
from tests.geo.books import LAT, LON, ROWS, at, book, heard, seen

EAST_M = 109_600.0  # metres a degree of longitude here
LOAD_S, STEP_S, MPS = 30, 10, 8.0


def driven(*, until_s: int = 31_000) -> list[tuple[int, float]]:
    """(second after five, metres east of p1): 1 km to p1, a stop there, past p2 without one, then it stands."""
    rows, x, t = [], -960.0, 0
    while t <= until_s:
        rows.append((t, x))
        waits = x == 0.0 and sum(r[1] == x for r in rows) <= LOAD_S // STEP_S
        x += 0.0 if waits or x >= 3000.0 else MPS * STEP_S
        t += STEP_S
    return rows


def rows_of(fixes: list[tuple[int, float]]) -> tuple[list[Dwell | Spell], float, float]:
    """The rows that the step leaves of these fixes, and the first and last minute of the day at which it was heard."""
    state = GeoState()
    for section, rows in ROWS.items():
        step(state, Config(section=section, op="set", rows=tuple(rows)))  # type: ignore[arg-type]
    times = np.array([at(300) + t * 1_000_000 for t, _ in fixes], np.int64)
    lon = LON + np.array([x for _, x in fixes]) / EAST_M
    given = Fixes.of(
        ("t1",), device=np.zeros(len(times), np.int32), time_us=times, received_us=times + 1, lon=lon,
        lat=np.full(len(times), LAT),
    )  # fmt: skip
    newest: dict[str, Dwell | Spell] = {}
    for event in step(state, given):
        if isinstance(event, DwellChanged | SpellChanged):
            newest[event.row.id] = event.row
    return list(newest.values()), 300 + fixes[0][0] / 60, 300 + fixes[-1][0] / 60


@pytest.mark.parametrize(
    ("silence", "expected"),
    [
        (None, {"p1": "served", "p2": "missed"}),
        ((60, 250), {"p1": "unknown", "p2": "unknown"}),
        ((200, 20_000), {"p1": "served", "p2": "unknown"}),
        ((600, 31_001), {"p1": "served", "p2": "unknown"}),
    ],
    ids=["heard", "silent at p1", "silent at p2", "dies after p2"],
)
def test_a_round_is_judged_by_what_was_heard(silence: tuple[int, int] | None, expected: dict[str, str]) -> None:
    """A stop serves, a pass does not, and of a silence nobody knows."""
    fixes = [row for row in driven() if silence is None or not silence[0] <= row[0] < silence[1]]
    rows, first, last = rows_of(fixes)
    edges = heard(first=first, last=last, before=seen(-5), after=None)
    (done,) = coverage(book(*rows, now=815, heard={"t1": edges})).rounds
    assert {point.point: point.status for point in done.points} == expected
