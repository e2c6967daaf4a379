"""`rows.judge`: archived dwells by the configuration that holds now."""

from __future__ import annotations

from typing import Any

import pytest

from core.codec import encode
from core.entries import Command, Config
from core.events import AlertChanged, CommandDone, Dwell, DwellChanged, Event
from geo.partition import GeoState
from tests.geo.tracks import DAY_US, NEARBY, run, standing, tick
from tests.geo.tracks import fixes as fixes_at
from tests.strategies import dwell_of

FUEL = Config(section="places", rows=({"id": "f", "name": "", "kind": "fuel", "lon": 123.6, "lat": -10.17},))
LONG = dwell_of(
    device="t1", start_us=DAY_US, last_us=DAY_US + 3_600_000_000, end_us=DAY_US + 3_600_000_000, observed_s=3600.0,
    silent_s=0.0, purpose="unexplained", why="none", alert=True, revision=3,
)  # fmt: skip
ALERT = AlertChanged(
    at_us=DAY_US, id="aw1", kind="dwell_limit", device="t1", state="acknowledged", revision=2, lon=1, lat=1, dwell="w1"
)


def changed(row: Dwell) -> Event:
    return DwellChanged(at_us=row.last_us, cause="revise", row=row)


def judged(state: GeoState, *told: Event, **body: Any) -> list[Any]:
    """The answer to a command with these rows."""
    whole = {"device": "t1", "rows": encode(list(told))} | body
    return run([Command(id="c1", kind="rows.judge", actor="", at_us=DAY_US, body=whole)], state)[1]


def test_a_row_follows_what_is_known_now_and_its_alert_with_it() -> None:
    """A stop at a place that was told since is allowed; the alert that somebody took is cleared."""
    state, _ = run([NEARBY, FUEL])
    row, alert, done = judged(state, changed(LONG), ALERT)
    assert (row.cause, row.row.id, row.row.revision, row.row.purpose, row.row.alert) == (
        "relabel",
        "w1",
        4,
        "allowed",
        False,
    )
    assert (alert.state, alert.revision) == ("cleared", 3)
    assert (done.ok, done.reason) == (True, "1 of 1 rows changed")


def test_what_is_judged_as_before_is_not_told() -> None:
    """The answer alone comes back."""
    state, _ = run([NEARBY])
    (done,) = judged(state, changed(LONG))
    assert (done.ok, done.reason) == (True, "0 of 1 rows changed")


def test_an_alert_that_becomes_one_now_goes_to_the_digest() -> None:
    """Of a stop of yesterday; of an older one nothing is raised."""
    state, _ = run([NEARBY, FUEL, tick(20_000)])
    (allowed, *_) = judged(state, changed(LONG), ALERT)
    run([Config(section="places", op="delete", rows=({"id": "f"},))], state)
    raised = [e for e in judged(state, allowed) if isinstance(e, AlertChanged)]
    assert [(e.state, e.digest, e.dwell) for e in raised] == [("raised", True, "w1")]
    run([tick(7 * 86_400)], state)
    assert [e for e in judged(state, allowed) if isinstance(e, AlertChanged)] == []


def test_rows_that_the_engine_holds_are_its_own() -> None:
    """It judged them itself, and may have told them since; open ones are never judged here."""
    state, events = run([NEARBY, fixes_at(standing(0, 600))])
    open_row = next(e.row for e in events if isinstance(e, DwellChanged))
    (done,) = judged(state, changed(open_row))
    assert done.reason == "0 of 0 rows changed"


@pytest.mark.parametrize("body", [{"rows": b"x"}, {"rows": encode(fixes_at(standing(0, 60)))}, {"device": ""}])
def test_a_request_that_cannot_be_read_is_refused(body: dict[str, Any]) -> None:
    """With a reason."""
    (done,) = judged(GeoState(), **body)
    assert isinstance(done, CommandDone)
    assert not done.ok
    assert done.reason.startswith("rows.judge: ")
