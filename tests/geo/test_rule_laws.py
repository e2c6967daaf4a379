"""Laws 1 to 3 with rules in force: cuts, orders, restarts and ticks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.entries import Config
from core.events import SpellChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.rules.backtest import Backtest, Window
from geo.rules.facts import silence
from tests.geo.rounds import WATCHED
from tests.geo.rulings import rule, ruled, saved, setting, standing
from tests.geo.tracks import EAST, NEARBY, cuts, fixes, journeys, newest, run, shuffled, tick, ticked

RULES = ruled(
    rule("long", for_s=120),
    rule("calm", for_s=60, cooldown_s=900, escalate_s=300, clear_s=200),
    rule("mute", "silence", for_s=240),
    rule("away", "outside", for_s=400),
    rule("in", "inside", for_s=30),
    rule("fast", "speeding"),
    rule("faster", "speeding", over_mps=13.9),
)
ZONES = Config(
    section="zones",
    rows=tuple(
        {"id": f"z{x}", "line": [[123.6 + x / EAST, -10.17]], "radius_m": radius_m}
        for x, radius_m in ((0, 90.0), (400, 90.0), (900, 90.0), (500, 1500.0))  # the last so wide that it has gaps
    ),
)
CITY = [NEARBY, ZONES, WATCHED]
CONFIG = [*CITY, RULES]
FACTS = ruled(
    rule("long", for_s=120),
    rule("calm", for_s=60, clear_s=200),
    rule("mute", "silence", for_s=240),
    rule("in", "inside", for_s=60),
)


@given(st.data())
def test_split_invariance(data: st.DataObject) -> None:
    """Any cut of a stream into batches gives the same alerts and the same memory (law 1)."""
    batch = data.draw(journeys().flatmap(shuffled))
    whole, events = run([*CONFIG, batch])
    parts, events_of_parts = run([*CONFIG, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert saved(parts) == saved(whole)


@given(st.data())
def test_replay_after_restart(data: st.DataObject) -> None:
    """State saved after any entry and loaded again goes on with the same alerts (laws 3 and 4)."""
    entries = [*CONFIG, *data.draw(journeys().flatmap(shuffled).flatmap(ticked))]
    at = data.draw(st.integers(0, len(entries)))
    state, expected = run(entries)
    first, events = run(entries[:at])
    second, more = run(entries[at:], GeoState({k: v for k, v in first.drain_state().items() if v is not None}))
    assert events + more == expected
    assert saved(second) == saved(state)


@given(st.data())
def test_order_invariance(data: st.DataObject) -> None:
    """Any arrival order within the lateness horizon leaves the same alerts standing (law 2)."""
    batch = data.draw(journeys())
    end = tick(float(batch.time_us.max() - batch.time_us.min()) / 1e6 + 5000)
    _, events = run([*CITY, FACTS, batch, end])
    _, others = run([*CITY, FACTS, data.draw(shuffled(batch)), end])
    assert standing(others) == standing(events)


def ending(device: str) -> Fixes:
    """Fixes far away and much later, which end every stop and every silence."""
    return fixes([(90_000.0, 50_000.0, 0.0), (90_010.0, 50_100.0, 0.0), (90_100.0, 51_000.0, 0.0)], device)


def over(entries: list[Any]) -> list[tuple[Any, ...]]:
    """What stands when everything is over."""
    return standing(run([*entries, ending("t0")])[1])


@given(st.data())
def test_ticks_change_no_alert_about_what_is_over(data: st.DataObject) -> None:
    """Removing all ticks leaves every alert about a closed row or silence (law 3)."""
    entries = [*CITY, FACTS, *data.draw(journeys(devices=1).flatmap(ticked))]
    ended = [e for e in entries if not hasattr(e, "deaf_us")]
    assert over(entries) == over(ended)


def archived(rule_: Any, events: list[Any], batch: Fixes) -> list[Any]:
    """What the backtest of a rule makes of the rows and fixes of a run that is over."""
    window = Window(0, 1 << 61, 1 << 61)
    there = Backtest(rule_, window, setting(*CITY, ruled(rule_)))
    there.take(newest(events))
    there.take({e.row.id: e.row for e in events if isinstance(e, SpellChanged)}.values())
    for part in batch.split():
        device, times = part.ids[0], sorted(set(part.time_us.tolist()))
        there.take(silence(device, a, b, b, (0.0, 0.0)) for a, b in pairwise(times))
    return there.fired()


@given(st.data(), st.sampled_from([0.0, 300.0]), st.sampled_from([0.0, 60.0, 600.0]))
def test_a_backtest_fires_what_was_raised(data: st.DataObject, cooldown_s: float, clear_s: float) -> None:
    """Over the rows that a run left, a rule fires as often as its alerts stand in the end."""
    batch = data.draw(journeys().flatmap(shuffled))
    end = [ending(device) for device in batch.ids]
    for fact_ in ("dwell", "silence", "inside"):
        one = rule("one", fact_, for_s=120, cooldown_s=cooldown_s, clear_s=clear_s)
        _, events = run([*CITY, ruled(one), batch, *end])
        fired = archived(one, events, Fixes.concat([batch, *end]))
        assert [d.fact.device for d in sorted(fired, key=lambda d: d.fact.device)] == [s[1] for s in standing(events)]
