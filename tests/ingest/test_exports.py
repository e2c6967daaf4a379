"""Exports of a Traccar server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.fixes import Fixes, Flag
from ingest.admit import Admission
from ingest.directory import Listed
from ingest.files import Trouble, read_trace
from tests.ingest.house import message
from tests.ingest.test_traccar import LATER, forwarded
from tests.strategies import T0_US

HEADER = (
    "id,deviceId,protocol,serverTime,deviceTime,fixTime,valid,latitude,longitude,altitude,speed,course,address,accuracy,"
    "distance,ignition,batteryLevel,odometer,totalDistance"
)
LINE = (
    "7,4,gt06,2026-01-05 08:00:03,2026-01-05 08:00:00,2026-01-05 08:00:00,true,-10.17,123.6,12.5,10.0,90.0,,0.0,"
    "15.1,true,80,6902740,13022475.67"
)


def read(path: Path, content: str, **columns: str) -> tuple[Fixes, list[Trouble]]:
    path.write_text(content, encoding="utf-8")
    return read_trace(path, columns)


def position(**changes: Any) -> dict[str, Any]:
    """A position of the API: what would be forwarded, without its shell."""
    inner: dict[str, Any] = json.loads(forwarded({"distance": 15.1, "ignition": True}))["position"]
    return inner | changes


def test_csv_in_our_units(tmp_path: Path) -> None:
    """Knots, the zone of Traccar's user, an unknown accuracy; the file names the device, not Traccar's number."""
    fixes, troubles = read(tmp_path / "truk-17.csv", f"{HEADER}\n{LINE}\n", zone="Asia/Makassar")
    assert (fixes.names(), fixes.time_us.tolist(), troubles) == (["truk-17"], [T0_US], [])
    assert fixes.speed_mps.tolist() == [pytest.approx(5.14444)]
    assert (fixes.odometer_m.tolist(), fixes.ignition.tolist(), fixes.battery_pct.tolist()) == ([6902740.0], [1], [80])
    assert (fixes.accuracy_m.tolist() == [0.0], fixes.dialect.tolist()) == (False, [3])


def test_csv_without_a_zone_is_refused(tmp_path: Path) -> None:
    """Eight hours are not to be guessed."""
    with pytest.raises(ConfigError, match="add zone=Asia/Makassar"):
        read(tmp_path / "a.csv", f"{HEADER}\n{LINE}\n")


def test_an_address_with_a_comma_spoils_nothing(tmp_path: Path) -> None:
    """What stands behind it has moved and is left out."""
    line = LINE.replace(",90.0,,", ",90.0,Jl. El Tari 1, Kupang,")
    fixes, troubles = read(tmp_path / "a.csv", f"{HEADER}\n{line}\n", zone="Asia/Makassar")
    assert (fixes.lat.tolist(), fixes.course_deg.tolist(), troubles) == ([-10.17], [90.0], [])
    assert (fixes.ignition.tolist(), fixes.odometer_m.tolist() == [6902740.0]) == ([-1], False)


def test_json_equals_what_was_forwarded(tmp_path: Path) -> None:
    """The same position live and imported is one fix, word for word."""
    fixes, _ = read(tmp_path / "truk-17.json", json.dumps([position()]))
    payload = forwarded({"distance": 15.1, "ignition": True})
    live = Admission(Listed(lambda _: True)).sort([message(payload, "traccar/positions")]).fixes
    assert (fixes.names(), fixes.content.tolist()) == (live.names(), live.content.tolist())


def test_heartbeats_are_no_fixes_and_invalid_ones_are_marked(tmp_path: Path) -> None:
    """As live."""
    repeated = position(deviceTime=LATER, attributes={"distance": 0.0})
    fixes, troubles = read(tmp_path / "a.json", json.dumps([position(), repeated, position(valid=False)]))
    assert (fixes.flags.tolist(), troubles) == ([0, Flag.HEARTBEAT], [])


def test_several_devices_are_not_mixed(tmp_path: Path) -> None:
    """Traccar's numbers become ids only if somebody says so."""
    content = json.dumps([position(), position(deviceId=5)])
    with pytest.raises(ConfigError, match="several devices"):
        read(tmp_path / "a.json", content)
    fixes, _ = read(tmp_path / "a.json", content, device="deviceId")
    assert fixes.names() == ["4", "5"]


def test_bad_positions_are_reported(tmp_path: Path) -> None:
    """By their number, with a reason."""
    _, troubles = read(tmp_path / "a.json", json.dumps([position(), position(latitude=91), position(fixTime=None)]))
    assert [(trouble.line, trouble.reason) for trouble in troubles] == [(2, "bad_coordinate"), (3, "missing_field")]


def test_any_csv_may_have_a_zone(tmp_path: Path) -> None:
    """Times without an offset are of that zone; others stay."""
    content = "time,lat,lon\n2026-01-05 08:00:00,1,2\n2026-01-05T00:00:00Z,1,2\n1767571200,1,2\n"
    fixes, troubles = read(tmp_path / "a.csv", content, zone="Asia/Makassar")
    assert (fixes.time_us.tolist(), troubles) == ([T0_US] * 3, [])


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    """With an example."""
    with pytest.raises(ConfigError, match="there is no such zone"):
        read(tmp_path / "a.csv", "time,lat,lon\n1767571200,1,2\n", zone="Kupang/..")
