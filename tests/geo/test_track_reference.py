"""Law 5: trips, silences, speeding, visits and services of the engine are those of the slow telling."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings

from core.events import Spell
from core.fixes import Fixes
from tests.geo.rounds import TOWN, WATCHED, at, seconds, spell_table, wanderings
from tests.geo.slowtrack import Point, Row, Step, gap_rows, metres_of, speeding_rows, steps_of, trip_rows
from tests.geo.slowvisits import Fence, Target, service_rows, visit_rows
from tests.geo.test_reference import Fix
from tests.geo.tracks import DAY_US, run, shuffled


def spot(east_m: float, north_m: float) -> Point:
    """A point of the test plane in the metres of the slow telling."""
    return metres_of(*at(east_m, north_m))


FENCES = [
    Fence("place:depot", spot(0.0, 0.0), radius_m=60.7),
    Fence("place:bin1", spot(250.0, 0.0), radius_m=33.3),
    Fence("place:bin2", spot(500.0, 20.0), radius_m=33.3),
    Fence("place:bin3", spot(2400.0, 0.0), radius_m=33.3),
    Fence("zone:yard", spot(300.3, -100.3), spot(700.3, 100.3)),
    Fence("zone:hill", spot(-100.3, 120.3), spot(900.3, 400.3), enter_s=0.0, exit_s=0.0),
]
BINS = {"place:bin1": spot(250.0, 0.0), "place:bin2": spot(500.0, 20.0), "place:bin3": spot(2400.0, 0.0)}
ENDS = (spot(800.3, 0.3), spot(1120.3, 0.3))
TARGETS = [Target(key, [point], (point, point), 33.3) for key, point in BINS.items()]
TARGETS.append(Target("street:main", [spot(810.3 + 20.0 * i, 0.3) for i in range(16)], ENDS))


def steps_in(batch: Fixes) -> list[Step]:
    """Steps of one device's fixes, whatever their order."""
    columns = ((batch.time_us - DAY_US) / 1e6, batch.content.view(np.int64), batch.lon, batch.lat, batch.accuracy_m)
    said = dict(zip(batch.content.view(np.int64).tolist(), batch.speed_mps.tolist(), strict=True))
    ordered = sorted(Fix(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
    distinct = [
        f
        for i, f in enumerate(ordered)
        if i == 0 or (f.second, f.content) != (ordered[i - 1].second, ordered[i - 1].content)
    ]
    return steps_of(distinct, [said[f.content] for f in distinct])


def reference(batch: Fixes) -> list[Row]:
    """All spells of one device, told slowly."""
    steps = steps_in(batch)
    rows = trip_rows(steps) + gap_rows(steps) + speeding_rows(steps)
    rows += [row for fence in FENCES for row in visit_rows(steps, fence)]
    return sorted(rows + [row for target in TARGETS for row in service_rows(steps, target)])


def row_of(spell: Spell) -> Row:
    metres = spell.nearest_m if spell.kind == "service" else spell.distance_m
    return Row(
        spell.kind, spell.subject, spell.state, seconds(spell.start_us), seconds(spell.last_us), spell.fixes,
        spell.silent_s, spell.stopped_s or 0.0, metres or 0.0, spell.gap_m or 0.0,
        spell.max_mps or 0.0 if spell.kind != "service" else 0.0, spell.covered or 0.0,
    )  # fmt: skip


def engine(batch: Fixes) -> list[Row]:
    """The same of the engine."""
    state, events = run([*TOWN, WATCHED, batch])
    return sorted(row_of(msgspec.json.decode(body, type=Spell)) for body in spell_table(state, events))


def agree(batch: Fixes) -> None:
    """Words and numbers of fixes are equal; moments to a hundredth, metres to a decimetre or a thousandth."""
    ours, slow = engine(batch), reference(batch)
    assert [(*r[:3], r.fixes) for r in ours] == [(*r[:3], r.fixes) for r in slow]
    for a, b in zip(ours, slow, strict=True):
        assert a[3:] == pytest.approx(b[3:], abs=0.11, rel=1e-3), (a, b)


@given(wanderings())
def test_engine_equals_reference(batch: Fixes) -> None:
    """Every spell, with all its measures (law 5)."""
    agree(batch)


@given(wanderings().flatmap(shuffled))
def test_engine_equals_reference_out_of_order(batch: Fixes) -> None:
    """The same whatever the order of arrival within the horizon."""
    agree(batch)


def test_the_law_sees_spells_of_every_kind() -> None:
    """The law is not empty."""
    seen: set[Any] = set()

    @settings(max_examples=100, derandomize=True)
    @given(wanderings())
    def look(batch: Fixes) -> None:
        seen.update((row.kind, row.state) for row in reference(batch))

    look()
    assert {kind for kind, state in seen if state == "closed"} == {"trip", "visit", "service", "speeding", "gap"}
