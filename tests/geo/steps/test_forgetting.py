"""A device whose carrier asked to be forgotten is as new, in memory and in the rows that are saved."""

from __future__ import annotations

from typing import Any

import pytest

from core.entries import Command
from core.events import CommandDone
from geo.partition import GeoState
from geo.steps.live import drain_gone, drain_live
from tests.geo.everything import EVERYTHING
from tests.geo.tracks import DAY_US, driving, fixes, run, standing, tick

PAST = fixes(standing(0, 4000) + driving(4010, 5000))


def forget(until_s: float, device: str = "t1") -> Command:
    body = {"device": device, "until_us": DAY_US + int(until_s * 1e6)}
    return Command(id="c1", kind="device.forget", actor="ani", at_us=DAY_US, body=body)


def done(*entries: Any) -> tuple[GeoState, list[Any]]:
    state, events = run([*EVERYTHING, *entries])
    assert [event.ok for event in events if isinstance(event, CommandDone)] == [True]
    return state, events


def test_it_is_as_new() -> None:
    """The same fixes afterwards give what a new device gives, under ids that were not used."""
    new, told = run([*EVERYTHING, PAST])
    state, events = done(PAST, forget(6000), PAST)
    again = events[len(told) + 1 :]
    plain = [(type(e), e.row.start_us, e.row.state, e.row.revision) for e in told if hasattr(e, "row")]
    assert [(type(e), e.row.start_us, e.row.state, e.row.revision) for e in again if hasattr(e, "row")] == plain
    assert not {e.row.id for e in told if hasattr(e, "row")} & {e.row.id for e in again if hasattr(e, "row")}
    assert state.devices.k[0].tolist() == new.devices.k[0].tolist()


def test_its_live_row_goes() -> None:
    """It is named once; a fix of the same batch brings it back."""
    state, _ = done(PAST, forget(6000))
    assert (drain_live(state), drain_gone(state), drain_gone(state)) == ([], ["t1"], [])
    state, _ = done(PAST, forget(6000), fixes(standing(7000, 7100)))
    assert (len(drain_live(state)), drain_gone(state)) == (1, [])


def test_the_saved_row_knows_no_place() -> None:
    """Nothing of the ring, the rows or the copies is in what a restart reads."""
    state, _ = run([*EVERYTHING, PAST])
    full = state.drain_state()["t1"]
    run([forget(6000)], state)
    left = state.drain_state()
    assert full is not None
    assert left["t1"] is not None
    assert len(left["t1"]) < len(full)
    saved = GeoState({key: body for key, body in left.items() if body is not None})
    assert (saved.devices.rows, saved.devices.spells, saved.devices.ring_of(0)[0].size) == ([[]], [[]], 0)
    assert saved.devices.seq == state.devices.seq != [0]


@pytest.mark.parametrize(("until_s", "left"), [(5000.0, 1), (5000.1, 0)])
def test_who_carries_it_now_is_left_alone(until_s: float, left: int) -> None:
    """Their last fix is at 5,000 s: not before the end of a join that ended then."""
    state, _ = done(PAST, forget(until_s))
    assert len(drain_live(state)) == left


def test_rules_follow_it_no_more() -> None:
    """Ticks for hours after it tell nothing of it."""
    state, _ = done(PAST, forget(6000))
    assert run([tick(6000 + 600 * n) for n in range(1, 60)], state)[1] == []


def test_an_unknown_device_is_forgotten_already() -> None:
    """And a body that is none is refused with the reason."""
    done(forget(0, "t9"))
    (refused,) = run([Command(id="c", kind="device.forget", actor="a", at_us=1, body={"device": ""})])[1]
    assert not refused.ok
    assert "device.forget" in refused.reason
