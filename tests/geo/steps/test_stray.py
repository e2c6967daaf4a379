"""A device whose clock jumps back: nothing is concluded by the clock until a fix counts again."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.entries import Config
from core.fixes import Fixes, Flag
from core.live import Live
from geo.folds.layout import STRAY_AT
from geo.partition import GeoState
from geo.state import DeviceRow
from geo.steps.live import drain_live
from tests.geo import rulings, tracks
from tests.geo.everything import EVERYTHING, closed, whole
from tests.geo.rulings import alarms, rule, ruled
from tests.geo.tracks import NEARBY, cuts, driving, fixes, journeys, run, standing, tick, told

HOUR_S = 3600
DAY_S = 86_400
ZONE = Config(section="zones", rows=({"id": "z", "line": [[123.6, -10.17]], "radius_m": 90.0},))
PARKED = [NEARBY, ZONE, fixes(standing(0, 300))]


def heard(batch: Fixes, behind_s: float, **columns: Any) -> Fixes:
    """The same fixes from a device whose clock is so far behind."""
    names = ("device", "received_us", "lat", "lon", "speed_mps", "flags")
    given_ = {name: getattr(batch, name) for name in names} | columns
    return Fixes.of(batch.ids, time_us=batch.time_us - int(behind_s * 1e6), **given_)


def drive(start_s: int, end_s: int, behind_s: float = DAY_S) -> Fixes:
    """A truck that leaves its stop and drives with a wrong clock."""
    return heard(fixes(driving(start_s, end_s, every_s=30)), behind_s)


def live(state: GeoState) -> Live:
    """The live row of the one device."""
    (row,) = drain_live(state)
    return row


def raised(*entries: Any) -> list[Any]:
    """Alerts at the dwell limit and of rules."""
    return [e for e in run(list(entries))[1] if getattr(e, "state", "") == "raised"]


def test_a_truck_that_drives_with_a_clock_one_day_behind_reaches_no_limit() -> None:
    """It stood five minutes, then drives half an hour: the dwell's timer says nothing."""
    assert raised(*PARKED, drive(330, 1700), tick(2200), drive(2230, 4000), tick(9000)) == []


def test_a_truck_that_sleeps_still_reaches_its_limit() -> None:
    """The same truck, and it is silent."""
    events = run([*PARKED, tick(1900)])[1]
    assert told(events)[-1] == ("alert", "raised")


def test_a_clock_one_hour_behind() -> None:
    """The same until it has caught up, and after that: its fixes are heard too late for a timer."""
    assert raised(*PARKED, drive(330, 1700, HOUR_S), tick(2200)) == []
    parked = heard(fixes(standing(2000, 4000, 60, (9000.0, 0.0))), HOUR_S)
    assert raised(*PARKED, drive(330, 1700, HOUR_S), parked, tick(9000)) == []


def test_no_rule_is_judged_by_the_clock() -> None:
    """Neither a stop, nor being inside, nor silence: it is somewhere else, and it speaks."""
    rules = ruled(rule("stop", for_s=600), rule("in", "inside", for_s=600), rule("mute", "silence", for_s=600))
    assert alarms(run([*PARKED, rules, drive(330, 1700), tick(1710)])[1]) == []
    asleep = alarms(run([*PARKED, rules, tick(1000)])[1])
    assert [alert[:2] for alert in asleep] == [("in", "raised"), ("mute", "raised"), ("stop", "raised")]


def test_a_tracker_that_dies_with_a_wrong_clock_is_silent() -> None:
    """Its silence counts from the last that was heard of it."""
    rules = ruled(rule("mute", "silence", for_s=600))
    assert alarms(run([*PARKED, rules, drive(330, 1710), tick(2200), tick(2311)])[1]) == [
        ("mute", "raised", 2311, 1, 1)
    ]


def test_what_was_heard_of_it_is_no_silence_afterwards() -> None:
    """Its clock is right again: it had not been silent all that time."""
    rules = ruled(rule("mute", "silence", for_s=600))
    assert alarms(run([*PARKED, rules, drive(330, 1710), fixes(driving(1740, 1800)), tick(1810)])[1]) == []


def test_a_live_fix_ends_the_doubt() -> None:
    """Memory that is emptied between live fixes costs no alert: the next live fix lets the clock speak again."""
    batch = Fixes.concat([fixes(standing(0, 300)), heard(fixes(standing(301, 309, 2)), DAY_S)])
    assert raised(NEARBY, batch, tick(1900)) == []
    assert len(raised(NEARBY, batch, fixes(standing(310, 330)), tick(1900))) == 1


def test_memory_in_the_message_of_the_newest_fix_casts_no_doubt() -> None:
    """Newest first, as some trackers send it: all of it was said in one moment."""
    message = fixes([(301, 0.0, 0.0), *standing(-9000, -8000, 100)])
    at_once = Fixes.of(
        message.ids, device=message.device, time_us=message.time_us, received_us=np.full(len(message), tracks.DAY_US),
        lon=message.lon, lat=message.lat,
    )  # fmt: skip
    assert live(run([at_once])[0]).stray is None


def test_memory_in_the_message_of_the_newest_fix_ends_no_silence() -> None:
    """It says no more of now than that fix, which is ten minutes late: the next one shows that it spoke on."""
    late = Fixes.concat([heard(fixes([(600, 0.0, 0.0)]), behind_s) for behind_s in (600, 4200)])
    entries = [NEARBY, ruled(rule("mute", "silence", for_s=240)), late, heard(fixes([(605, 0.0, 0.0)]), 600)]
    assert alarms(run(entries)[1]) == []


def test_a_fix_ends_the_silence_that_lasts_whichever_began_last() -> None:
    """One that ended began when a fix of yesterday was heard: by a clock ten minutes behind, that is later than now."""
    late, later = (heard(fixes([(second, 0.0, 0.0)]), 600) for second in (700, 705))
    entries = [ruled(rule("mute", "silence", for_s=240)), fixes([(0, 0.0, 0.0)]), drive(300, 300), late, tick(702)]
    assert [alert[:3] for alert in alarms(run([*entries, later])[1])] == [
        ("mute", "raised", 240), ("mute", "raised", 541), ("mute", "raised", 340), ("mute", "cleared", 706)
    ]  # fmt: skip


def test_what_a_broker_replays_casts_no_doubt() -> None:
    """A retained message of yesterday was not said now."""
    retained = drive(330, 330)
    retained.flags[:] = int(Flag.RETAINED)
    assert len(raised(*PARKED, retained, tick(1900))) == 1


def test_the_live_row_says_what_came_and_from_where() -> None:
    """Since when, how far behind, and where the newest fix lies; its motion and its dwell are as they were."""
    state = run([*PARKED, drive(330, 390), drive(420, 420)])[0]
    row = live(state)
    assert (row.time_us - tracks.DAY_US, row.lon, row.motion) == (300_000_000, 123.6, "stopped")
    assert row.stray is not None
    assert (row.stray.since_us - tracks.DAY_US, row.stray.received_us - tracks.DAY_US) == (331_000_000, 421_000_000)
    assert (row.stray.behind_s, row.stray.lon, row.stray.lat) == (DAY_S + 1.0, 123.6, -10.17)


@st.composite
def jumping(draw: st.DrawFn) -> Fixes:
    """Journeys of devices whose clocks jump back and, mostly, are set right again; in order of arrival."""
    batch = draw(journeys())
    behind_us = np.zeros(len(batch), np.int64)
    for _ in range(draw(st.integers(1, 2))):
        first, count = draw(st.integers(0, len(batch) - 1)), draw(st.integers(1, 30))
        behind_us[first : first + count] = draw(st.sampled_from([600, 1000, HOUR_S, DAY_S])) * 1_000_000
    speed_mps, flags = np.nan_to_num(batch.speed_mps, nan=5.0), batch.flags
    columns = {name: getattr(batch, name) for name in ("device", "received_us", "lat", "lon")}
    return Fixes.of(batch.ids, time_us=batch.time_us - behind_us, speed_mps=speed_mps, flags=flags, **columns)


def clocked(data: st.DataObject, batch: Fixes) -> list[Any]:
    """The batch fix by fix, with ticks of the right clock between."""
    entries: list[Any] = []
    for i in range(len(batch)):
        entries.append(batch.take(np.array([i])))
        if data.draw(st.booleans()):
            entries.append(tick(float(batch.received_us[i] - tracks.DAY_US) / 1e6 + 1))
    return [*entries, tick(float(batch.received_us[-1] - tracks.DAY_US) / 1e6 + data.draw(st.integers(1, 5000)))]


@given(st.data())
def test_any_cut_gives_the_same(data: st.DataObject) -> None:
    """Law 1, with clocks that jump."""
    batch = data.draw(jumping())
    once, events = run([*EVERYTHING, batch])
    parts, events_of_parts = run([*EVERYTHING, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert whole(parts) == whole(once)


@given(st.data())
def test_a_restart_changes_nothing(data: st.DataObject) -> None:
    """Laws 3 and 4, with clocks that jump."""
    entries = [*EVERYTHING, *clocked(data, data.draw(jumping()))]
    at = data.draw(st.integers(0, len(entries)))
    state, expected = run(entries)
    first, events = run(entries[:at])
    second, more = run(entries[at:], GeoState({k: v for k, v in first.drain_state().items() if v is not None}))
    assert events + more == expected
    assert whole(second) == whole(state)


@given(st.data())
def test_what_is_sent_twice_counts_once(data: st.DataObject) -> None:
    """A message that comes again changes nothing."""
    batch = data.draw(jumping())
    state, events = run([*EVERYTHING, batch])
    twice, events_twice = run([*EVERYTHING, batch.take(np.repeat(np.arange(len(batch)), 2))])
    assert events_twice == events
    assert whole(twice) == whole(state)


@given(st.data())
def test_ticks_change_no_alert_and_no_row_that_is_over(data: st.DataObject) -> None:
    """Law 3: what the clock told of a device that then spoke again follows from its fixes too."""
    batch = data.draw(jumping())
    end = [fixes([(90_000.0 + s, 50_000.0 + s, 0.0) for s in (0, 10, 100)], device) for device in batch.ids]
    ticked = run([*EVERYTHING, *clocked(data, batch), *end])
    plain = run([*EVERYTHING, batch, *end])
    assert closed(*ticked) == closed(*plain)
    assert rulings.standing(ticked[1]) == rulings.standing(plain[1])


def test_a_row_of_an_older_version_is_read() -> None:
    """It has no columns for strays: nothing was heard from beyond the horizon."""
    state = run(PARKED)[0]
    row = msgspec.msgpack.decode(state.devices.dump(0), type=DeviceRow)
    older = msgspec.structs.replace(row, live=(row.live[0], row.live[1][: 8 * STRAY_AT]))
    state.devices.load("t1", msgspec.msgpack.encode(older), state.config.profile("t1"))
    assert live(state).stray is None
    assert len([e for e in run([tick(1900)], state)[1] if getattr(e, "state", "") == "raised"]) == 1
