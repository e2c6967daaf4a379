"""`device.rebuild`: late data beyond the horizon gives the rows that they would have given in time."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codec import decode, encode
from core.entries import Command, Config
from core.events import AlertChanged, CommandDone, SpellChanged
from core.fixes import Fixes, Flag
from geo.partition import GeoState
from geo.steps.live import open_rows
from geo.steps.rebuild import STALE, Outcome
from geo.steps.telltrack import open_spells
from tests.geo.tracks import DAY_US, EAST, NEARBY, driving, dump, fixes, journeys, run, standing, table, tick

S_US = 1_000_000


def square(west_m: float, east_m: float) -> list[list[list[list[float]]]]:
    """A polygon across the tracks."""
    west, east = 123.6 + west_m / EAST, 123.6 + east_m / EAST
    return [[[[west, -10.18], [east, -10.18], [east, -10.16], [west, -10.16], [west, -10.18]]]]


ROUND = (
    NEARBY,
    Config(section="areas", op="set", rows=({"id": "a", "name": "A", "polygons": square(-500, 300)},)),
    Config(section="zones", op="set", rows=({"id": "z", "name": "Z", "polygons": square(150, 900)},)),
    Config(section="places", rows=tuple(
        {"id": f"s{x}", "name": "", "kind": "service_point", "lon": 123.6 + x / EAST, "lat": -10.17, "radius_m": 30}
        for x in (0, 250, 600, 4800)
    )),
    Config(section="profiles", op="set", rows=(
        {"cls": "truck", "limit_s": 300.0, "trip_stop_s": 120.0, "limit_mps": 8.0},
    )),
)  # fmt: skip
LATE = tick(100_000)


class Archive:
    """What Postgres would hold of everything that went through a state, and the commands made of it."""

    def __init__(self, *entries: Any) -> None:
        self.state, self.events, self.heard = GeoState(), list[Any](), list[Fixes]()
        for entry in entries:
            self.take(entry)

    def take(self, entry: Any) -> list[Any]:
        """One entry through the step; its events."""
        if isinstance(entry, Fixes):
            self.heard.append(entry)
        _, events = run([decode(encode(entry))], self.state)
        self.events += decode(encode(events))
        return events

    def rows(self) -> list[Any]:
        """The newest event of each row and alert."""
        newest: dict[str, Any] = {}
        for event in self.events:
            row = event if isinstance(event, AlertChanged) else getattr(event, "row", None)
            if row is not None:
                newest[row.id] = event
        return list(newest.values())

    def request(self, device: str, from_s: float = 0, to_s: float = 1e6, **body: Any) -> Command:
        """A rebuild of this device, with all that is there."""
        known = Fixes.concat([part.take(np.array([n == device for n in part.names()])) for part in self.heard])
        rows = [e for e in self.rows() if (e.device if isinstance(e, AlertChanged) else e.row.device) == device]
        whole = {
            "device": device,
            "from_us": DAY_US + int(from_s * S_US),
            "to_us": DAY_US + int(to_s * S_US),
            "last": True,
            "fixes": encode(known.take(np.argsort(known.time_us, kind="stable"))),
            "rows": encode(rows),
        }
        return Command(id=f"c{len(self.events)}", kind="device.rebuild", actor="", at_us=DAY_US, body=whole | body)

    def rebuild(self, device: str = "t1", **body: Any) -> Outcome:
        """Carry a rebuild out; what it says."""
        answer = self.take(self.request(device, **body))[-1]
        assert isinstance(answer, CommandDone)
        assert answer.ok, answer.reason
        return msgspec.json.decode(answer.reason, type=Outcome)

    def state_rows(self) -> list[Any]:
        """Rows as they were told last."""
        return [event.row for event in self.rows() if not isinstance(event, AlertChanged)]

    def table(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        return table(self.state, self.events), spells(self.state, self.events)


def spells(state: GeoState, events: list[Any]) -> list[tuple[Any, ...]]:
    """Live spells as the product shows them, without id and revision."""
    rows = {event.row.id: event.row for event in events if isinstance(event, SpellChanged)}
    rows |= {row.id: row for row in open_spells(state)}
    shown = [msgspec.structs.replace(row, id="", revision=0) for row in rows.values() if row.state != "retracted"]
    return sorted(map(msgspec.structs.astuple, shown), key=repr)


SHIFT = fixes([
    *driving(0, 600), *standing(610, 1500, at=(4800, 0)),
    *driving(1510, 2500, x0=4800), *standing(2510, 6000, at=(12720, 0)),
    *driving(6010, 7000, x0=12720), *standing(7010, 9000, at=(20640, 0)),
])  # fmt: skip


def backwards(batch: Fixes, size: int = 50) -> list[Fixes]:
    """Uploaded newest first, in messages of some fixes."""
    cuts = [batch.take(np.arange(a, min(a + size, len(batch)))) for a in range(0, len(batch), size)]
    return cuts[::-1]


def test_a_shift_uploaded_newest_first_gives_the_table_of_live() -> None:
    """Also the stop that is open now, and its alert."""
    live = Archive(*ROUND, SHIFT)
    late = Archive(*ROUND, *backwards(SHIFT))
    assert late.table() != live.table()
    late.rebuild()
    assert late.table() == live.table()
    assert [row.state for row in open_rows(late.state)] == ["open"]


@given(st.data())
def test_any_order_and_one_rebuild_give_the_table_of_live(data: st.DataObject) -> None:
    """Law 2 beyond the horizon."""
    batch = data.draw(journeys(devices=1))
    order = data.draw(st.permutations(range(len(batch))))
    late = Archive(*ROUND, *(batch.take(np.array([i])) for i in order))
    late.rebuild("t0")
    assert late.table() == Archive(*ROUND, batch).table()


@given(st.data())
def test_the_engine_goes_on_as_if_all_had_come_in_time(data: st.DataObject) -> None:
    """What comes after a rebuild finds the state of an engine that was never late."""
    batch = data.draw(journeys(devices=1))
    at = data.draw(st.integers(1, len(batch)))
    before, after = batch.take(np.arange(at)), batch.take(np.arange(at, len(batch)))
    order = data.draw(st.permutations(range(len(before))))
    late = Archive(*ROUND, *(before.take(np.array([i])) for i in order))
    late.rebuild("t0")
    late.take(after)
    assert late.table() == Archive(*ROUND, batch).table()


@given(st.data())
def test_a_rebuild_survives_a_restart(data: st.DataObject) -> None:
    """Law 3: a state saved before or after the command goes on with the same events."""
    batch = data.draw(journeys(devices=1))
    order = data.draw(st.permutations(range(len(batch))))
    late = Archive(*ROUND, *(batch.take(np.array([i])) for i in order))
    command = late.request("t0")
    restored = GeoState({**late.state.drain_state()})
    assert run([command, LATE], restored)[1] == run([command, LATE], late.state)[1]
    assert dump(restored) == dump(late.state)


def test_a_second_rebuild_changes_nothing() -> None:
    """Everything is told already."""
    late = Archive(*ROUND, *backwards(SHIFT))
    late.rebuild()
    told = len(late.events)
    assert msgspec.structs.replace(late.rebuild(), same=0) == Outcome()
    assert len(late.events) == told + 1


def test_a_span_that_ends_before_now_settles_what_is_over() -> None:
    """Rows that go on at its end are left, and it is said from when on; the live engine stays as it is."""
    late = Archive(*ROUND, *backwards(SHIFT))
    before = dump(late.state)
    first = SHIFT.take(np.arange(200))  # into the second stop
    outcome = late.rebuild(last=False, to_us=int(first.time_us[-1]), fixes=encode(first))
    assert outcome.next_us is not None
    assert outcome.next_us <= DAY_US + 2510 * S_US
    assert dump(late.state) == before
    live = Archive(*ROUND, SHIFT)
    assert late.table()[0][0] == live.table()[0][0]


def test_rows_that_the_engine_holds_are_not_settled_without_it() -> None:
    """A span that ends before now leaves them, and says so."""
    live = Archive(*ROUND, SHIFT)
    shown = live.table()
    outcome = live.rebuild(last=False, fixes=encode(SHIFT.take(np.arange(0, len(SHIFT), 50))))
    assert outcome.left > 0
    assert live.table()[0][-1] == shown[0][-1]


def test_of_a_device_that_is_never_heard_no_row_stays_open() -> None:
    """Nobody would ever end it."""
    known = Archive(*ROUND)
    known.heard.append(SHIFT)
    assert known.rebuild().new > 3
    assert {row.state for row in known.state_rows()} == {"closed"}
    assert known.state.devices.ids == []


def test_what_was_read_too_long_ago_is_refused() -> None:
    """The engine has forgotten fixes that came since; nothing changes."""
    live = Archive(*ROUND, SHIFT)
    told = len(live.events)
    (answer,) = live.take(live.request("t1", fixes=encode(SHIFT.take(np.arange(50)))))
    assert (answer.ok, answer.reason) == (False, STALE)
    assert len(live.events) == told + 1


def test_fixes_that_came_meanwhile_are_not_lost() -> None:
    """The ring joins in: the command may be some minutes old."""
    late = Archive(*ROUND, *backwards(SHIFT.take(np.arange(300))))
    command = late.request("t1")
    late.take(SHIFT.take(np.arange(300, 340)))
    late.take(command)
    late.take(SHIFT.take(np.arange(340, len(SHIFT))))
    assert late.table() == Archive(*ROUND, SHIFT).table()


def test_an_alert_of_today_goes_to_the_digest_and_one_of_last_week_nowhere() -> None:
    """What the past disproves is cleared; what it brings to light sounds no siren."""
    alerts = []
    for now_s in (9100.0, 9100.0 + 7 * 86_400):
        late = Archive(*ROUND, tick(now_s), *backwards(SHIFT))
        told = len(late.events)
        late.rebuild()
        alerts.append([(e.state, e.digest) for e in late.events[told:] if isinstance(e, AlertChanged)])
    assert alerts == [[("raised", True)], []]


def test_a_timer_that_rang_does_not_ring_again() -> None:
    """A stop that the clock opened keeps its row and its alert; and what is due by the clock is told at once."""
    early, rest = SHIFT.take(np.arange(100)), SHIFT.take(np.arange(100, len(SHIFT)))
    silent = fixes([(9010, 20640, 0), (9020, 20640, 0)], speed_mps=[0, 0])
    late = Archive(*ROUND, silent, tick(9030), tick(9700), early)
    raised = [e for e in late.events if isinstance(e, AlertChanged)]
    told = len(late.events)
    late.rebuild()
    assert [e.state for e in raised] == ["raised"]
    assert [e.state for e in late.events[told:] if isinstance(e, AlertChanged)] == []
    late.take(rest)
    late.rebuild()
    assert [row.alert for row in open_rows(late.state)] == [True]


@pytest.mark.parametrize(
    "body",
    [
        {"to_us": "now"},
        {"device": ""},
        {"fixes": b"R1F\0"},
        {"rows": b"no entry"},
        {"fixes": encode([])},
        {"rows": encode(SHIFT)},
    ],
)
def test_a_request_that_cannot_be_read_is_refused(body: dict[str, Any]) -> None:
    """With a reason; the engine goes on as it was."""
    live = Archive(*ROUND, SHIFT)
    request = live.request("t1")
    request = msgspec.structs.replace(request, body=request.body | body)
    before = dump(live.state)
    (answer,) = live.take(request)
    assert not answer.ok
    assert answer.reason.startswith("device.rebuild: ")
    assert dump(live.state) == before


def test_fixes_of_another_device_are_refused() -> None:
    """A command is about one device."""
    live = Archive(*ROUND, SHIFT)
    (answer,) = live.take(live.request("t2", fixes=encode(SHIFT)))
    assert answer.reason == "device.rebuild: bad_entry: fixes of ('t1',) came with a rebuild of 't2'"


def cut_short(archive: Archive, second: int) -> Outcome:
    """A rebuild that has no fixes from before this second."""
    known = Fixes.concat(archive.heard)
    known = known.take(known.time_us >= DAY_US + second * S_US)
    return archive.rebuild(from_s=second, whole_us=DAY_US + second * S_US, fixes=encode(known))


def test_a_visit_that_began_before_the_fixes_at_hand_keeps_its_beginning() -> None:
    """A whole city may be one zone: the engine goes on with the visit that it told."""
    city = Config(section="zones", op="set", rows=({"id": "z", "name": "Z", "polygons": square(-9000, 60_000)},))
    away = fixes(driving(9010, 15_000, mps=10.0, x0=20_640))
    late, live = (Archive(*ROUND, city, SHIFT) for _ in range(2))
    cut_short(late, 6100)
    for archive in (late, live):
        archive.take(away)
    assert late.table() == live.table()


def test_the_live_state_stays_where_a_stop_is_longer_than_the_fixes_at_hand() -> None:
    """Its rows are left, also those of fixes that it has not heard yet, and the engine goes on as it was."""
    late, live = (Archive(*ROUND, SHIFT.take(np.arange(400))) for _ in range(2))
    before = dump(late.state)
    late.heard = [SHIFT]
    assert cut_short(late, 3000).forgotten == len(open_rows(late.state)) == 1
    assert dump(late.state) == before
    for archive in (late, live):
        archive.take(SHIFT.take(np.arange(400, len(SHIFT))))
    assert late.table() == live.table()


def test_a_device_without_fixes_has_no_rows() -> None:
    """All of them were forgotten, or never kept: nothing is claimed, nothing fails."""
    live = Archive(*ROUND)
    assert live.rebuild(fixes=encode(Fixes.empty())) == Outcome()
    live.take(fixes([(0, 0, 0)], flags=[int(Flag.MOCK)]))
    assert live.rebuild(fixes=encode(Fixes.empty())) == Outcome()
    live.take(SHIFT)
    assert live.table() == Archive(*ROUND, SHIFT).table()
