"""How long a device has worked when a stop begins: since its first fix, or its last rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entries import Config
from geo.folds.layout import INTS, SINCE, WORK, WORK_C
from geo.partition import GeoState
from geo.state import DeviceRow, Devices, _decode, _encode
from geo.steps.live import open_rows
from tests.geo.tracks import NEARBY, cuts, driving, fixes, journeys, newest, run, shuffled, standing, table, tick

FAR = 20_000.0  # metres: clear of every stop before


def day(*parts: tuple[str, int]) -> Any:
    """A truck that drives, stands or falls silent for so many seconds, one after the other, at 10 s sampling."""
    rows: list[tuple[float, ...]] = []
    t, x = 0, 0.0
    for what, seconds in parts:
        if what == "drive":
            rows += driving(t, t + seconds - 10, x0=x)
            x += 8.0 * seconds
        elif what == "stand":
            rows += standing(t, t + seconds - 10, at=(x, 0.0))
            x += 80.0
        else:
            x += FAR
        t += seconds
    return fixes([*rows, (t, x, 0.0), (t + 40, x + 500.0, 0.0)])


def worked(*parts: tuple[str, int]) -> list[float]:
    """Seconds of work before each stop of such a day."""
    return [row.worked_s for row in newest(run([day(*parts)])[1])]


def test_work_begins_with_the_first_fix() -> None:
    """A stop after an hour's drive was earned by that hour; one at the very start by nothing."""
    assert worked(("drive", 3600), ("stand", 300)) == [3600.0]
    assert worked(("stand", 300), ("drive", 600)) == [0.0]


def test_a_short_stop_is_work() -> None:
    """Ten minutes at a point end no stretch of work."""
    assert worked(("drive", 3600), ("stand", 600), ("drive", 1800), ("stand", 300)) == [3600.0, 6000.0]


def test_a_rest_ends_the_stretch() -> None:
    """A quarter of an hour's stop does, at its last fix."""
    assert worked(("drive", 3600), ("stand", 920), ("drive", 1800), ("stand", 300)) == [3600.0, 1810.0]


def test_a_long_silence_is_rest() -> None:
    """Nobody knows what it did for half an hour: the stretch begins where it is heard again."""
    assert worked(("drive", 3600), ("silence", 1800), ("drive", 600), ("stand", 300)) == [600.0]
    assert worked(("drive", 3600), ("silence", 600), ("drive", 600), ("stand", 300)) == [4800.0]


SOON = Config(section="profiles", rows=({"cls": "truck", "work_s": 1400.0},))  # the city is small


def test_a_break_follows_from_work() -> None:
    """Twenty minutes after long work are a break; the next ones, ten minutes later, are not."""
    parts = (("drive", 1440), ("stand", 1200), ("drive", 600), ("stand", 1200))
    rows = newest(run([NEARBY, SOON, day(*parts)])[1])
    assert [(r.purpose, r.why) for r in rows] == [("break", "work"), ("unexplained", "none")]


def test_a_break_that_grows_too_long() -> None:
    """By fixes or by the clock, the moment after `break_s` the stop is one like any other, and alerts."""
    stood = fixes([*driving(0, 1430), *standing(1440, 1500, at=(11_520.0, 0.0))])
    state, events = run([NEARBY, SOON, stood])
    assert [(r.why, r.alert) for r in newest(events)] == [("work", False)]
    more = run([tick(1440 + 1800), tick(1440 + 1801)], state)[1]
    assert [(e.cause, e.row.why, e.row.alert) for e in more if hasattr(e, "row")] == [("limit", "none", True)]


def test_the_profile_says_what_rest_is() -> None:
    """A profile of long rests counts the quarter of an hour as work."""
    profile = Config(section="profiles", rows=({"cls": "truck", "rest_s": 1800.0},))
    track = day(("drive", 3600), ("stand", 920), ("drive", 1800), ("stand", 300))
    assert [r.worked_s for r in newest(run([profile, track])[1])] == [3600.0, 6320.0]


def test_a_late_fix_rewinds_the_stretch() -> None:
    """A fix that cuts a rest in two makes work of it, as if it had come in time."""
    parts = [*driving(0, 590), *standing(600, 1000, at=(4800.0, 0.0)), *standing(1060, 1610, at=(4800.0, 0.0))]
    rest = [*parts, *driving(1620, 1700, x0=6000.0), *standing(1710, 1800, at=(6800.0, 0.0))]
    away = [(float(t), 4000.0 + 2.0 * t, 0.0) for t in (1010, 1030, 1050)]  # it moves on
    state, events = run([fixes(rest)])
    assert [r.worked_s for r in newest(events)] == [600.0, 100.0]
    more = run([fixes(away)], state)[1]
    stands = {r.id: r for r in [*newest(more), *open_rows(state)] if r.state != "retracted"}
    assert sorted(r.worked_s for r in stands.values()) == [600.0, 1060.0, 1710.0]


@given(data=st.data())
def test_work_is_the_same_in_any_order(data: st.DataObject) -> None:
    """Cut, shuffled within the horizon, saved and restored: the same stretch before each stop."""
    short = Config(section="profiles", rows=({"cls": "truck", "rest_s": 120.0, "work_s": 200.0},))
    batch = data.draw(journeys())
    expected = table(*run([NEARBY, short, batch]))
    parts = data.draw(cuts(data.draw(shuffled(batch))))
    state, events = run([NEARBY, short])
    for part in parts:
        state.touch(set(range(len(state.devices.ids))))
        state.dirty_keys |= {f"\0config:{section}" for section in state.config.sections}
        state, more = run([part], GeoState({k: v for k, v in state.drain_state().items() if v is not None}))
        events += more
    assert table(state, events) == expected


def older(row: DeviceRow) -> DeviceRow:
    """The row as a version wrote it that did not count work."""
    cut = 8 * (INTS - WORK)
    row.live, row.checkpoint = ((floats, ints[:-cut]) for floats, ints in (row.live, row.checkpoint))
    row.newer = []
    return row


@pytest.mark.parametrize("copy", [0, 1])
def test_a_row_of_an_older_version(copy: int) -> None:
    """It is read; the stretch begins where the last dwell ended."""
    state, _ = run([day(("drive", 600), ("stand", 300), ("drive", 600), ("stand", 300))])
    profile = state.config.profile("t1")
    loaded = Devices()
    loaded.load("t1", _encode(older(_decode(state.devices.dump(0)))), profile)
    ints = loaded.ints[copy, 0]
    assert np.array_equal(ints[:WORK], state.devices.ints[state.devices.copies(0)[copy], 0, :WORK])
    assert (ints[WORK], ints[WORK_C]) == (ints[SINCE], ints[SINCE])
