"""Alerts of rules, live: by rows, by the clock, by fixes; escalated, acknowledged, cleared."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.entities import Hours
from core.entries import Command, Config
from core.events import AlertChanged, Dwell, DwellChanged
from geo.partition import GeoState
from geo.rules.alerts import TOLD_MAX
from geo.rules.followed import FACTS_MAX
from geo.step import step
from tests.geo.rulings import UTC_CITY, alarms, at, rule, ruled, say, visit
from tests.geo.tracks import DAY_US, EAST, NEARBY, driving, fixes, newest, run, standing, tick

PARKED = fixes(standing(0, 300), speed_mps=[0.0] * 31)
TEN = rule(for_s=600)
ROW, ALERT = "d3d58ccfca7795ab8597f", "r9d5e7bcced8c00ae8c68"


def state_of(*configs: Config, entries: tuple[Any, ...] = ()) -> GeoState:
    """A partition with truck t1, which was heard at second 0 and 300, parked."""
    return run([NEARBY, *configs, PARKED, *entries])[0]


def ticks(state: GeoState, *seconds: float) -> list[tuple[Any, ...]]:
    """Alerts of rules that these ticks bring."""
    return alarms(run([tick(s) for s in seconds], state)[1])


def test_an_alert_written_out() -> None:
    """What is told of it: the rule, the row as its thread, where it is."""
    (alert,) = run([tick(600)], state_of(ruled(TEN)))[1]
    assert (alert.kind, alert.rule, alert.device, alert.state, alert.revision) == ("rule", "r1", "t1", "raised", 1)
    assert (alert.id, alert.thread, alert.dwell, alert.spell) == (ALERT, ROW, ROW, None)
    assert (alert.level, alert.digest, alert.quiet, alert.at_us) == (1, False, False, at(600))
    assert alert.lon == pytest.approx(123.6)


def test_it_is_raised_by_the_tick_at_its_time() -> None:
    """Not one microsecond before, and once."""
    state = state_of(ruled(TEN))
    assert ticks(state, 599.999999) == []
    assert ticks(state, 600) == [("r1", "raised", 600, 1, 1)]
    assert ticks(state, 601, 9000) == []


def test_it_is_raised_by_the_row_without_ticks() -> None:
    """A stop that is over and was long enough."""
    events = run([NEARBY, ruled(TEN), fixes(standing(0, 700)), fixes(driving(710, 900))])[1]
    assert alarms(events) == [("r1", "raised", 600, 1, 1)]


def test_our_outage_postpones_it() -> None:
    """Ten minutes in which nobody listened are not the truck's silence."""
    state = state_of(ruled(TEN))
    assert alarms(step(state, tick(1199, deaf_s=600))) == []
    assert alarms(step(state, tick(1200, deaf_s=600))) == [("r1", "raised", 600, 1, 1)]


def test_a_truck_that_moved_off_proves_nothing() -> None:
    """Its dwell is open, but its last fix shows it moving: silence does not make the stop longer."""
    state = state_of(ruled(TEN), entries=(fixes([(310, 20.0, 0.0)], speed_mps=[9.0]),))
    assert ticks(state, 600, 5000) == []


def test_it_is_cleared_by_better_knowledge() -> None:
    """A late fix shows that the truck was elsewhere: the rule's alert goes, as the row does."""
    state = state_of(ruled(TEN))
    assert ticks(state, 600) == [("r1", "raised", 600, 1, 1)]
    back = fixes([(310, 900.0, 0.0), (340, 1200.0, 0.0), (370, 1500.0, 0.0)])
    assert alarms(step(state, back)) == [("r1", "cleared", 600, 2, 1)]


def test_a_closed_row_that_was_relabelled_clears_it() -> None:
    """A person names the place of the stop."""
    state = state_of(ruled(TEN))
    ticks(state, 600)
    stall = Config(
        section="places", rows=({"id": "p", "name": "Bengkel", "kind": "workshop", "lon": 123.6, "lat": -10.17},)
    )
    assert alarms(step(state, stall)) == [("r1", "cleared", 600, 2, 1)]


def test_what_is_true_again_is_the_same_alert() -> None:
    """Cleared by a label, raised anew when the label goes: one id, higher revisions."""
    state = state_of(ruled(TEN))
    ticks(state, 600)
    stall = {"id": "p", "name": "Bengkel", "kind": "workshop", "lon": 123.6, "lat": -10.17}
    step(state, Config(section="places", rows=(stall,)))
    step(state, Config(section="places", op="delete", rows=({"id": "p"},)))
    assert ticks(state, 600.5) == [("r1", "raised", 600, 3, 1)]


def test_a_rule_that_is_switched_on_judges_what_lasts() -> None:
    """By the next tick; a stop that passed its life long ago goes to the digest."""
    state = run([NEARBY, PARKED, tick(2000)])[0]
    assert alarms(step(state, ruled(TEN))) == []
    assert ticks(state, 2000.5) == [("r1", "raised", 600, 1, 1, "digest")]


def test_a_rule_that_is_switched_off_takes_its_alerts_along() -> None:
    """Those that nobody acknowledged."""
    state = state_of(ruled(TEN))
    ticks(state, 600)
    step(state, ruled(msgspec.structs.replace(TEN, on=False)))
    assert ticks(state, 601) == [("r1", "cleared", 601, 2, 1)]


def test_found_out_late_it_goes_to_the_digest() -> None:
    """The stop's data come an hour after it."""
    track = fixes([*standing(0, 700), *driving(710, 900)])
    assert alarms(run([NEARBY, ruled(TEN), tick(4500), track])[1]) == [("r1", "raised", 600, 1, 1, "digest")]


def test_the_dwell_limit_too() -> None:
    """Its thread is the dwell; after its life it is in the digest."""
    track = fixes([*standing(0, 1800), *driving(1810, 1900)])
    for second, digest in ((2700, False), (2701, True)):
        events = run([NEARBY, tick(second), track])[1]
        alert = next(e for e in events if isinstance(e, AlertChanged))
        assert (alert.kind, alert.thread, alert.digest) == ("dwell_limit", alert.dwell, digest)


def test_quiet_hours_show_and_do_not_sound() -> None:
    """The whole day is quiet here."""
    state = state_of(UTC_CITY, ruled(rule(for_s=600, quiet=(Hours(),))))
    assert ticks(state, 600) == [("r1", "raised", 600, 1, 1, "quiet")]


def test_it_escalates_until_somebody_takes_it() -> None:
    """One level each time, up to the highest."""
    state = state_of(ruled(rule(for_s=600, escalate_s=300, levels=3)))
    assert ticks(state, 600, 899, 900, 1200, 5000) == [
        ("r1", "raised", 600, 1, 1),
        ("r1", "raised", 900, 2, 2),
        ("r1", "raised", 1200, 3, 3),
    ]


def test_what_is_in_the_digest_does_not_escalate() -> None:
    """Nobody can act on it."""
    state = run([NEARBY, PARKED, tick(2000)])[0]
    step(state, ruled(rule(for_s=600, escalate_s=300)))
    assert ticks(state, 2001, 3000) == [("r1", "raised", 600, 1, 1, "digest")]


def ack(state: GeoState, alert: AlertChanged, **body: Any) -> list[Any]:
    """A person takes an alert as they saw it."""
    seen = {name: getattr(alert, name) for name in ("kind", "device", "revision", "dwell", "rule", "thread", "level")}
    command = Command(
        id="c1", kind="alert.ack", actor="ana", at_us=DAY_US + 7_000_000_000, body={"alert": alert.id} | seen | body
    )
    return step(state, command)


def test_an_acknowledged_alert_is_told_no_more() -> None:
    """Not escalated, not raised again; its level stays."""
    state = state_of(ruled(rule(for_s=600, escalate_s=300)))
    events = run([tick(600), tick(900)], state)[1]
    (taken, done) = ack(state, events[-1])
    assert (taken.state, taken.revision, taken.level, taken.by, done.ok) == ("acknowledged", 3, 2, "ana", True)
    assert ticks(state, 1200, 1700) == []


def test_one_answer_is_enough_for_a_thread() -> None:
    """Two rules and the dwell limit are about one stop."""
    state = state_of(ruled(TEN, rule("r2", for_s=700)))
    told = [e for e in run([tick(600), tick(700), tick(1800)], state)[1] if isinstance(e, AlertChanged)]
    first, second, limit = told
    assert len({alert.thread for alert in told}) == 1
    also = [{"alert": limit.id, "device": "t1", "revision": 1, "dwell": limit.dwell, "thread": limit.thread}]
    taken = [e for e in ack(state, first, also=also) if isinstance(e, AlertChanged)]
    assert [(a.id, a.state, a.revision) for a in taken] == [
        (first.id, "acknowledged", 2),
        (limit.id, "acknowledged", 2),
        (second.id, "acknowledged", 2),
    ]


def test_a_forgotten_alert_is_acknowledged_as_it_was_seen() -> None:
    """The archive knows it still."""
    state = state_of(ruled(TEN))
    (alert,) = run([tick(600)], state)[1]
    fresh = run([NEARBY, PARKED])[0]
    assert [e.revision for e in ack(fresh, alert, revision=7) if isinstance(e, AlertChanged)] == [8]


def test_a_visit_is_judged_from_its_start() -> None:
    """A truck that stands in the zone, by the clock."""
    state = state_of(ruled(rule(fact="inside", subjects=("zone:z1",), for_s=900)))
    assert say(state, visit(200, None)) == []
    assert ticks(state, 1099) == []
    (alert,) = run([tick(1100)], state)[1]
    assert (alert.spell, alert.dwell, alert.thread, alert.at_us) == ("v200", None, "v200", at(1100))


def test_a_visit_of_a_moving_truck_waits_for_a_fix() -> None:
    """At its time nothing is heard; the fix that comes later proves it."""
    state = run([NEARBY, ruled(rule(fact="inside", for_s=300)), fixes(driving(0, 290))])[0]
    say(state, visit(0, None))
    assert ticks(state, 300, 400) == []
    assert alarms(run([fixes(driving(410, 410)), tick(411)], state)[1]) == [("r1", "raised", 300, 1, 1)]


def test_a_fast_clock_of_the_device_brings_nothing_forward() -> None:
    """Its fix proves the time before our clock is there: the alert waits for the tick, after a restart too."""
    state = run([NEARBY, ruled(rule(fact="inside", for_s=300)), fixes(driving(0, 200))])[0]
    say(state, visit(0, None))
    assert alarms(run([tick(201), fixes(driving(310, 310)), tick(202)], state)[1]) == []
    again = GeoState({key: row for key, row in state.drain_state().items() if row is not None})
    assert [ticks(one, 299, 300) for one in (state, again)] == [[("r1", "raised", 300, 1, 1)]] * 2


def test_a_speeding_that_becomes_faster_is_one_the_rule_asks_for() -> None:
    """It began below what the rule asks; nobody waits until it is over."""
    limit = Config(section="profiles", op="set", rows=({"cls": "truck", "limit_mps": 15.0},))
    slow, fast = driving(0, 60, mps=20.0), driving(70, 90, mps=30.0, x0=1400.0)
    state, _ = run([NEARBY, limit, ruled(rule(fact="speeding", over_mps=25.0)), fixes(slow, speed_mps=[20.0] * 7)])
    assert ticks(state, 61) == []
    assert alarms(run([fixes(fast, speed_mps=[30.0] * 3), tick(91)], state)[1]) == [("r1", "raised", 0, 1, 1)]


def test_a_shorter_visit_clears_it() -> None:
    """It ended before the alert's time: what the clock said was wrong."""
    state = state_of(ruled(rule(fact="inside", for_s=900)))
    say(state, visit(200, None))
    assert ticks(state, 1100) == [("r1", "raised", 1100, 1, 1)]
    assert say(state, visit(200, 700)) == [("r1", "cleared", 1100, 2, 1)]


def test_a_retracted_visit_clears_it() -> None:
    """It never was."""
    state = state_of(ruled(rule(fact="inside")))
    assert say(state, visit(200, None)) == [("r1", "raised", 200, 1, 1)]
    assert say(state, visit(200, 210, state="retracted", revision=2)) == [("r1", "cleared", 210, 2, 1)]


def test_being_outside_counts_from_the_last_visit() -> None:
    """And needs a fix that is as late: a sleeping tracker is not accused."""
    state = state_of(ruled(rule(fact="outside", subjects=("zone:z1",), for_s=600)))
    assert say(state, visit(0, None), visit(0, 250)) == []
    assert ticks(state, 850, 2000) == []
    assert alarms(run([fixes(driving(900, 900)), tick(2001)], state)[1]) == [("r1", "raised", 850, 1, 1, "digest")]


def test_a_silence_is_raised_by_the_clock_and_ends_with_a_fix() -> None:
    """The fix leaves it as it was: the tracker was silent."""
    state = run([NEARBY, ruled(rule(fact="silence", for_s=600)), fixes(driving(0, 100))])[0]
    assert ticks(state, 699) == []
    assert ticks(state, 700) == [("r1", "raised", 700, 1, 1)]
    assert alarms(run([fixes(driving(1000, 1050)), tick(1100)], state)[1]) == []
    assert ticks(state, 1649, 1650) == [("r1", "raised", 1650, 1, 1)]


def test_fixes_that_were_held_back_clear_a_silence() -> None:
    """The tracker spoke all the time, into no network."""
    state = run([NEARBY, ruled(rule(fact="silence", for_s=600)), fixes(driving(0, 100)), tick(700)])[0]
    assert alarms(run([fixes(driving(110, 1000))], state)[1]) == [("r1", "cleared", 700, 2, 1)]


def test_a_silence_that_shrinks_is_told_once() -> None:
    """Held back fixes come after a new one, oldest first: the alert falls when too little is left."""
    state = run([NEARBY, ruled(rule(fact="silence", for_s=600)), fixes(driving(0, 100)), fixes([(1000, 0, 0)])])[0]
    told = [alarms(run([fixes([(second, 0, 0)])], state)[1]) for second in (200, 300, 390, 410)]
    assert told == [[], [], [], [("r1", "cleared", 411, 2, 1)]]


def test_our_outage_is_no_silence() -> None:
    """Neither by the clock nor when the next fix comes."""
    state = run([NEARBY, ruled(rule(fact="silence", for_s=600)), fixes(driving(0, 100))])[0]
    assert alarms(run([tick(900, deaf_s=500), fixes(driving(950, 960)), tick(970, deaf_s=500)], state)[1]) == []


def stop(number: int, **fields: Any) -> DwellChanged:
    """A stop of a minute, long ago."""
    start_us = at(number * 100 - 90_000)
    usual: dict[str, Any] = {"state": "closed", "revision": 1, "purpose": "unexplained"}
    row = Dwell(
        id=f"d{number}", device="t1", cls="truck", start_us=start_us, end_us=start_us + 60_000_000,
        last_us=start_us + 60_000_000, observed_s=60, silent_s=0, lon=123.6, lat=-10.17, radius_m=5, fixes=7,
        **usual | fields,
    )  # fmt: skip
    return DwellChanged(at_us=row.last_us, cause="close", row=row)


def test_memory_is_bounded() -> None:
    """However much a device does: facts and alerts of the past are forgotten, the newest stay."""
    state = state_of(ruled(rule(for_s=10, clear_s=0)))
    for number in range(200):
        say(state, stop(number))
    followed = state.followed["t1"]
    assert (len(followed.facts) <= FACTS_MAX, len(followed.told)) == (True, TOLD_MAX)
    assert followed.told[-2].thread == "d199"  # after it comes the stop that lasts


def test_a_past_day_that_is_judged_anew_corrects_its_alerts() -> None:
    """A row of yesterday, relabelled: its alert is cleared, though the fact was forgotten."""
    state = state_of(ruled(rule(for_s=10)))
    assert say(state, stop(0)) == [("r1", "raised", -89_990, 1, 1)]
    assert [f.id for f in state.followed["t1"].facts] == [ROW]  # the stop that lasts
    assert [a[1:] for a in say(state, stop(0, revision=2, purpose="allowed"))] == [("cleared", -89_940, 2, 1)]


def test_without_rules_nothing_is_kept() -> None:
    """Neither facts nor a queue."""
    state = run([NEARBY, PARKED, tick(600)])[0]
    assert (state.followed, state.dues.queue, state.dues.waiting) == ({}, [], {})


def test_the_stop_is_still_told_as_before() -> None:
    """Rules add alerts and change no row."""
    rows = newest(run([NEARBY, PARKED, tick(600)])[1])
    assert newest(run([NEARBY, ruled(TEN), PARKED, tick(600)])[1]) == rows


WIDE = Config(section="zones", rows=({"id": "wide", "line": [[123.6, -10.17]], "radius_m": 3000.0},))
HOUR_INSIDE = (NEARBY, WIDE, ruled(rule(fact="inside", subjects=("zone:wide",), for_s=3600)))


def circles(**of: tuple[float, float]) -> Config:
    """Zones by their names: metres east, and radius."""
    rows = ({"id": id_, "line": [[123.6 + x / EAST, -10.17]], "radius_m": radius} for id_, (x, radius) in of.items())
    return Config(section="zones", rows=tuple(rows))


def test_of_two_visits_the_one_that_was_due_first_is_told() -> None:
    """It lasts when the other is over, for hours and without a tick: what is known of it by then counts."""
    track = [*driving(0, 30, x0=-240.0), *standing(40, 250), *driving(260, 320), *standing(330, 6000, 60, (600.0, 0.0))]
    asked = [circles(wide=(0.0, 3000.0), yard=(0.0, 90.0)), ruled(rule(fact="inside", for_s=120, cooldown_s=300))]
    events = run([NEARBY, *asked, fixes([*track, *driving(6010, 6600, x0=600.0)])])[1]
    assert alarms(events) == [("r1", "raised", 120, 1, 1)]


def test_a_visit_that_waited_in_the_margin_was_due_first() -> None:
    """After an hour there it goes on: the alert of the other visit, long over, is cleared for its cooldown."""
    around = circles(a=(0.0, 90.0), b=(100.0, 40.0), c=(-100.0, 40.0))
    margin = [*standing(70, 300, at=(105.0, 0.0)), *standing(310, 4300, at=(0.0, 105.0))]
    track = [*standing(0, 60), *margin, *standing(4310, 4400, at=(-105.0, 0.0)), *standing(4410, 4440)]
    asked = ruled(rule(fact="inside", for_s=120, cooldown_s=300))
    found = alarms(run([NEARBY, around, asked, fixes(track), tick(4441)])[1])
    assert [alert[:3] for alert in found] == [("r1", "raised", 190), ("r1", "cleared", 4441), ("r1", "raised", 120)]


def test_a_gap_inside_a_zone_accuses_nobody() -> None:
    """A truck drives, is silent for hours, drives on in the same zone, twice: nobody knows where it was."""
    legs = [driving(0, 100), driving(10_900, 11_000, x0=1400.0), driving(15_100, 15_200)]
    track = [entry for leg in legs for entry in (fixes(leg), tick(leg[-1][0] + 1))]
    assert alarms(run([*HOUR_INSIDE, *track])[1]) == []


def test_after_a_gap_the_time_inside_begins_anew() -> None:
    """The gap is remembered as long as the visit lasts; a gap no longer than `clear_s` is forgiven."""
    track = [fixes(driving(0, 100)), *(fixes(standing(10_900, s, at=(1400.0, 0.0))) for s in (12_000, 15_000))]
    for clear_s, due_s in ((60, 14_500), (10_800, 3_600)):
        asked = ruled(rule(fact="inside", subjects=("zone:wide",), for_s=3600, clear_s=clear_s))
        found = alarms(run([NEARBY, WIDE, asked, *track, tick(15_001)])[1])
        assert [alert[:3] for alert in found] == [("r1", "raised", due_s)]


def test_a_tracker_that_sleeps_inside_a_zone_is_there() -> None:
    """It stood when it fell silent, and wakes where it was: as a dwell counts it."""
    track = [fixes(standing(0, 300), speed_mps=[0.0] * 31), tick(3_601), fixes(standing(10_900, 11_000)), tick(11_001)]
    assert alarms(run([*HOUR_INSIDE, *track])[1]) == [("r1", "raised", 3600, 1, 1)]


def test_a_silence_in_doubt_is_not_counted_yet() -> None:
    """One fix elsewhere after it may be a jump: the tick waits for the next, which takes it back."""
    state = run([*HOUR_INSIDE, fixes(standing(0, 300), speed_mps=[9.0] * 31)])[0]
    assert alarms(run([fixes(standing(3_900, 3_900, at=(600.0, 0.0))), tick(3_901)], state)[1]) == []
    assert alarms(run([fixes(standing(3_910, 3_930)), tick(3_931)], state)[1]) == [("r1", "raised", 3600, 1, 1)]


def test_nor_by_the_fix_that_ends_it() -> None:
    """It is the second inside a zone, so the visit is told of now: the next ones show that it was a gap."""
    track = [(5, -3500.0, 0.0), (10, -3450.0, 0.0), (70, -2990.0, 0.0), *standing(285, 335, at=(-2855.0, 0.0))]
    assert alarms(run([NEARBY, WIDE, ruled(rule(fact="inside", for_s=60)), fixes(track)])[1]) == []


def test_stops_that_are_one_stay_one_however_long_the_second_lasts() -> None:
    """Half a minute apart: the first is remembered as long as the second."""
    two = [*standing(0, 300), *standing(330, 9_000, at=(300.0, 0.0)), *driving(9_010, 9_200, x0=400.0)]
    track = [*two, *standing(9_210, 9_400, at=(1_920.0, 0.0)), *driving(9_410, 9_600, x0=2_000.0)]
    assert alarms(run([NEARBY, ruled(TEN), fixes(track)])[1]) == [("r1", "raised", 600, 1, 1, "digest")]
