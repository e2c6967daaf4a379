"""Payloads as other projects print them, where their collection is at hand: each is read, refused or ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from core.fixes import Flag
from ingest.dialects import find_route, osmand
from tests.ingest.decoding import outcome

FOLDER: Final = Path(__file__).parents[3] / "shared/data/samples"
OWNTRACKS: Final = "owntracks/user/device"
KNOT: Final = 1852 / 3600

READ: Final[dict[str, tuple[str, list[dict[str, Any]]]]] = {
    "owntracks_android__location_beacon_trigger.json": (
        OWNTRACKS,
        [{"time_us": 1721896446_000_000, "lat": -25.762245, "lon": 126.074502, "speed_mps": 79 / 3.6, "course_deg": 277,
          "accuracy_m": 5, "altitude_m": 84, "battery_pct": 34, "flags": 0}],
    ),
    "owntracks_android__location_timer_trigger.json": (
        OWNTRACKS,
        [{"time_us": 1721896446_000_000, "lat": -25.762245, "lon": 126.074502, "speed_mps": 79 / 3.6, "course_deg": 277,
          "accuracy_m": 5, "altitude_m": 84, "battery_pct": 34, "flags": 0}],
    ),
    "owntracks_android__location_deserialize_extended.json": (
        OWNTRACKS,
        [{"time_us": 1514455575_000_000, "lat": 52.3153748, "lon": 5.0408462, "course_deg": 56, "accuracy_m": 1600,
          "altitude_m": 0, "battery_pct": 99, "flags": int(Flag.HEARTBEAT)}],
    ),
    "owntracks_android__location_encrypted_decrypted.json": (
        OWNTRACKS,
        [{"time_us": 1514455575_000_000, "lat": 52.3153748, "lon": 5.0408462, "speed_mps": 2 / 3.6, "course_deg": 56,
          "accuracy_m": 1600, "altitude_m": 0, "battery_pct": 99, "flags": int(Flag.HEARTBEAT)}],
    ),
    "owntracks_android__location_multiple_messages.json": (
        OWNTRACKS,
        [{"time_us": 1514455575_000_000, "lat": 52.3153748, "lon": 5.0408462, "course_deg": 45, "accuracy_m": 1600,
          "altitude_m": 0, "battery_pct": 99, "flags": int(Flag.HEARTBEAT)},
         {"time_us": 1514455579_000_000, "lat": 12.3153748, "lon": 15.0408462, "course_deg": 56, "accuracy_m": 95,
          "altitude_m": 0, "battery_pct": 99, "flags": int(Flag.HEARTBEAT)}],
    ),
    "owntracks_android__location_with_created_at.json": (
        OWNTRACKS,
        [{"time_us": 1709037003_000_000, "lat": 51, "lon": 0, "speed_mps": 0, "accuracy_m": 5, "altitude_m": 50,
          "battery_pct": 100, "flags": 0}],
    ),
    "owntracks_booklet__http_example.json": (
        OWNTRACKS,
        [{"time_us": 1497508651_000_000, "lat": 48.85833, "lon": 2.29513, "speed_mps": 61 / 3.6, "course_deg": 271,
          "accuracy_m": 5, "altitude_m": 167, "battery_pct": 41, "flags": 0}],
    ),
    "owntracks_csv__greenwich.txt": (
        OWNTRACKS,
        [{"time_us": 1412056746_000_000, "lat": 30.365854, "lon": 7.575769, "speed_mps": 4 / 3.6, "course_deg": 260,
          "altitude_m": 70, "flags": 0}],
    ),
    "traccar_forward__position_v4_teltonika.json": (
        "traccar/positions",
        [{"time_us": 1576823322_000_000, "lat": 53.8862733, "lon": 27.449195, "speed_mps": 0, "course_deg": 316,
          "altitude_m": 241, "odometer_m": 6902740, "ignition": 1, "moving": 1, "flags": 0}],
    ),
}  # fmt: skip
REFUSED: Final[dict[str, tuple[str, str]]] = {
    "owntracks_android__encrypted_message.json": (OWNTRACKS, "unknown_type"),  # no key
    "owntracks_android__invalid_location_message_missing_tid_and_topic.json": (OWNTRACKS, "bad_coordinate"),  # 0, 0
    "owntracks_android__invalid_location_message_zero_timestamp.json": (OWNTRACKS, "bad_time"),
    "owntracks_android__location_empty.json": (OWNTRACKS, "missing_field"),
    "owntracks_android__location_serialized_extended.json": (OWNTRACKS, "bad_time"),  # 1973
    "owntracks_android__unknown_message.json": (OWNTRACKS, "missing_field"),
    "owntracks_android__valid_location_message.json": (OWNTRACKS, "bad_coordinate"),  # 0, 0
    "owntracks_android__valid_location_message_with_topic.json": (OWNTRACKS, "bad_coordinate"),  # 0, 0
    "teltonika_mqtt__openremote_valid1.json": ("master/c/teltonika/356307042441013/data", "bad_coordinate"),
}
IGNORED: Final = {
    "chirpstack_v4__event_up.json": "application/17c8/device/0101010101010101/event/up",  # its codec gave no object
    "owntracks_android__card_message_with_face.json": OWNTRACKS + "/info",
    "owntracks_android__card_message_with_tid.json": OWNTRACKS + "/info",
    "owntracks_android__cmd_invalid_action.json": OWNTRACKS + "/cmd",
    "owntracks_android__cmd_report_location.json": OWNTRACKS + "/cmd",
    "owntracks_android__cmd_set_configuration.json": OWNTRACKS + "/cmd",
    "owntracks_android__cmd_set_waypoints.json": OWNTRACKS + "/cmd",
    "owntracks_android__cmd_status.json": OWNTRACKS + "/cmd",
    "owntracks_android__configuration_message.json": OWNTRACKS + "/dump",
    "owntracks_android__transition_message.json": OWNTRACKS + "/event",
    "owntracks_android__valid_card_message.json": OWNTRACKS + "/info",
    "owntracks_android__waypoint_message.json": OWNTRACKS + "/waypoint",
}
NOT_SPOKEN: Final = {  # known, and no dialect here: their topics lead nowhere, which is a reject `unknown_type`
    "ha_mqtt_json__incomplete.json": "location/paulus",
    "ha_mqtt_json__location.json": "location/paulus",
    "overland_http__batch.json": "overland",
}
QUERIES: Final = [  # one for each line of the file
    ([], []),  # cells and networks, no place
    ([{"time_us": 1377177267_000_000, "lat": 60, "lon": 30, "flags": 0}], []),
    ([{"time_us": 1453920947_000_000, "lat": 42.06288, "lon": -88.23412, "altitude_m": 224, "speed_mps": 0,
       "flags": 0}], []),
    ([{"time_us": 1442068686_579_000, "lat": 42.06288, "lon": -88.23412, "altitude_m": 224, "speed_mps": 0,
       "flags": 0}], []),
    ([{"time_us": 1401873011_000_000, "lat": 49.60688, "lon": 6.15788, "altitude_m": 384.7, "speed_mps": 0,
       "flags": 0}], []),
    ([{"time_us": 1377177267_000_000, "lat": 60, "lon": 30, "speed_mps": 0, "course_deg": 0, "altitude_m": 0,
       "flags": 0}], []),
    ([{"time_us": 1377177267_000_000, "lat": 60, "lon": 30, "flags": 0}], []),
    ([], ["missing_field"]),  # no time
    ([], ["missing_field"]),
    ([{"time_us": 1377177267_000_000, "lat": 60, "lon": 30, "flags": 0}], []),
    ([{"time_us": 1504763810_000_000, "lat": 40.7232948571, "lon": -74.0061408571, "course_deg": 7.19889788244,
       "speed_mps": 40 * KNOT, "ignition": 1, "flags": 0}], []),
]  # fmt: skip


def sample(name: str) -> bytes:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is not here; the vectors of each dialect's own test cover the same ground")
    return path.read_bytes()


def exactly(rows: list[dict[str, Any]]) -> list[Any]:
    return [pytest.approx(row, rel=1e-12) for row in rows]  # to the microsecond


def said(topic: str, payload: bytes) -> Any:
    route = find_route(topic)
    assert route.dialect is not None
    return outcome(route.dialect.decode, payload)


@pytest.mark.parametrize("name", READ)
def test_a_sample_is_read_in_our_units(name: str) -> None:
    """Columns filled, and nothing besides."""
    topic, rows = READ[name]
    assert said(topic, sample(name)) == (exactly(rows), [])


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_is_refused_with_its_reason(name: str) -> None:
    """What cannot be true is a reject."""
    topic, reason = REFUSED[name]
    assert said(topic, sample(name)) == ([], [reason])


@pytest.mark.parametrize("name", IGNORED)
def test_a_sample_is_known_and_ignored(name: str) -> None:
    """No position, no reject."""
    assert said(IGNORED[name], sample(name)) == ([], [])


@pytest.mark.parametrize("name", NOT_SPOKEN)
def test_a_sample_that_no_dialect_speaks(name: str) -> None:
    """Its topic leads to no dialect."""
    sample(name)
    assert find_route(NOT_SPOKEN[name]).dialect is None


@pytest.mark.parametrize("line", range(len(QUERIES)))
def test_a_query_of_the_collection(line: int) -> None:
    """Each line of the collected queries."""
    queries = sample("osmand_query__traccar_tests.txt").splitlines()
    rows, reasons = QUERIES[line]
    assert outcome(osmand.decode, queries[line]) == (exactly(rows), reasons)


def test_every_sample_is_accounted_for() -> None:
    """A new file in the collection needs its expectation here."""
    if not FOLDER.is_dir():
        pytest.skip(f"{FOLDER} is not here")
    names = {path.name for path in FOLDER.iterdir()}
    assert names - {*READ, *REFUSED, *IGNORED, *NOT_SPOKEN} == {"osmand_query__traccar_tests.txt"}
    assert len(sample("osmand_query__traccar_tests.txt").split()) == len(QUERIES)
