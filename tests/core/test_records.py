"""Entities and events through JSON and msgpack, as the API, the archive and the log write them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import entities
from core.entities import Device, Profile, Shift
from core.events import AlertChanged, Dwell, DwellChanged, Event, FixFlagged
from core.identity import Identity
from core.live import Live
from tests.core.records import records
from tests.strategies import dwell_of

ENTITIES = [t for t in vars(entities).values() if isinstance(t, type) and issubclass(t, msgspec.Struct)]


@pytest.mark.parametrize("type_", [*ENTITIES, Live, Identity], ids=lambda t: t.__name__)
@given(data=st.data())
def test_records_round_trip(type_: Any, data: st.DataObject) -> None:
    """A record comes back from the map that a config row or a live row holds."""
    record = data.draw(records(type_))
    assert msgspec.convert(msgspec.to_builtins(record), type_) == record
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=type_) == record


@given(records(Event))
def test_events_round_trip_as_json(event: Any) -> None:
    """The archive keeps events as JSON: the type is told by its tag."""
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_event_tags() -> None:
    """The names under which events are archived and streamed never change."""
    tags = [t.__struct_config__.tag for t in Event.__args__]
    assert tags == ["dwell", "spell", "alert", "fix_flagged", "command_done", "incident", "plan", "offer", "notice"]


def test_a_dwell_event_written_out() -> None:
    """A dwell event as the archive keeps it."""
    body = msgspec.json.decode(msgspec.json.encode(DwellChanged(at_us=5, cause="open", row=dwell_of())))
    assert (body["type"], body["at_us"], body["cause"]) == ("dwell", 5, "open")
    assert list(body["row"]) == list(Dwell.__struct_fields__)


def test_records_cannot_be_changed() -> None:
    """A change is a new version, never the old one under somebody's hands."""
    device = Device(id=entities.DeviceId("t1"))
    with pytest.raises(AttributeError):
        device.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("type_", "row"),
    [
        (Device, {"id": "t1", "cls": "boat"}),
        (Device, {"cls": "truck"}),
        (Shift, {"id": "s", "start_min": "early", "end_min": 5}),
        (FixFlagged, {"type": "fix_flagged", "at_us": 1, "device": "t", "time_us": 1, "reason": "whim"}),
        (AlertChanged, {"type": "dwell"}),
    ],
)
def test_wrong_rows_are_refused(type_: Any, row: dict[str, Any]) -> None:
    """A value outside its closed list, a missing field and a wrong tag are all named."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(row, type_)


def test_profile_of_a_truck_written_out() -> None:
    """The truck's figures are measured ones: they change by decision only."""
    assert msgspec.to_builtins(Profile()) == {
        "cls": "truck", "r_in_m": 25.0, "r_out_m": 35.0, "noise_m": 12.0, "min_dwell_s": 60.0, "exit_s": 25.0,
        "exit_fixes": 2,
        "tau_s": 60.0, "silent_after_s": 180.0, "wake_m": 300.0, "wake_mps": 0.5, "rest_mps": 1.5, "limit_s": 1800.0,
        "horizon_s": 900.0, "trip_stop_s": 300.0, "trip_gap_s": 3600.0, "trip_min_m": 200.0, "limit_mps": 0.0,
        "speeding_s": 10.0, "break_s": 1800.0, "work_s": 14400.0, "rest_s": 900.0,
    }  # fmt: skip
