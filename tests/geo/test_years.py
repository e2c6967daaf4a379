"""A device that goes on for ten years: what is kept of it stays as small as of a new one."""

from __future__ import annotations

from core.events import DwellChanged
from tests.geo.tracks import brief, driving, fixes, newest, run

HOUR_S, YEARS_H = 3600, 10 * 365 * 24


def test_ten_years_of_one_device() -> None:
    """A fix every hour from where it stands, then a drive: one stop, one row, and a state of a few kilobytes."""
    hourly = [[(hour * HOUR_S, 0.0, 0.0) for hour in range(first, first + 240)] for first in range(0, YEARS_H, 240)]
    state, events = run([fixes(rows) for rows in hourly])
    assert len(state.drain_state()["t1"] or b"") < 16_384
    state, more = run([fixes(driving(YEARS_H * HOUR_S, YEARS_H * HOUR_S + 900))], state)
    assert len(state.drain_state()["t1"] or b"") < 16_384
    (row,) = newest([*events, *more])
    assert brief(row)[:3] == ("closed", 0, YEARS_H * HOUR_S)
    assert (row.fixes, sum(isinstance(e, DwellChanged) for e in events)) == (YEARS_H + 1, 1)
