"""Traces in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.fixes import Fixes
from ingest.files import Trouble, parse_columns, read_trace
from tests.strategies import T0_US


def read(tmp_path: Path, name: str, content: str, **columns: str) -> tuple[Fixes, list[Trouble]]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_trace(path, columns)


def seconds(fixes: Fixes) -> list[float]:
    return [(us - T0_US) / 1e6 for us in fixes.time_us.tolist()]


def test_csv_with_told_columns(tmp_path: Path) -> None:
    """A naive time is UTC; the order of the file is kept."""
    content = "unit,t_utc,LAT,lng,Speed\nS-9,2026-01-05T00:00:10,40.5,-74.1,3\nS-2,2026-01-05 00:00:00,40.6,-74.2,\n"
    fixes, troubles = read(tmp_path, "a.csv", content, device="unit", time="t_utc")
    assert (fixes.names(), seconds(fixes), troubles) == (["S-9", "S-2"], [10.0, 0.0], [])
    assert (fixes.lat.tolist(), fixes.lon.tolist()) == ([40.5, 40.6], [-74.1, -74.2])
    assert fixes.speed_mps.tolist()[0] == 3.0
    assert fixes.received_us.tolist() == fixes.time_us.tolist()


def test_csv_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    """As spreadsheets in Indonesia write it, byte order mark included; the file names the device."""
    fixes, _ = read(tmp_path, "truk-7.csv", "\ufeffwaktu;lat;lon\n1767571200;-10,17;123,6\n", time="waktu")
    assert (fixes.names(), fixes.lat.tolist(), fixes.lon.tolist()) == (["truk-7"], [-10.17], [123.6])


def test_bad_rows_are_reported_with_their_line(tmp_path: Path) -> None:
    """And the good ones are kept."""
    rows = ["2026-01-05T00:00:00Z,91,1", "2026-01-05T00:00:00Z,1,2", ",1,2", "never,1,2", "2026-01-05T00:00:00Z,x,2"]
    fixes, troubles = read(tmp_path, "a.csv", "time,lat,lon\n" + "\n".join(rows) + "\n\n")
    assert len(fixes) == 1
    assert [(t.line, t.reason) for t in troubles] == [
        (2, "bad_coordinate"),
        (4, "missing_field"),
        (5, "bad_time"),
        (6, "bad_coordinate"),
    ]


def test_a_file_may_lie_in_the_future(tmp_path: Path) -> None:
    """Only a live device can be ahead of us."""
    fixes, troubles = read(tmp_path, "a.csv", "time,lat,lon\n2099-01-01T00:00:00Z,1,2\n")
    assert (len(fixes), troubles) == (1, [])


def test_gpx(tmp_path: Path) -> None:
    """Track points with their track's name and their height; one without a time is reported."""
    points = (
        '<trkpt lat="-10.17" lon="123.6"><ele>12</ele><time>2026-01-05T00:00:01Z</time></trkpt><trkpt lat="1" lon="2"/>'
    )
    gpx = '<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>truk 7</name><trkseg>{}</trkseg></trk></gpx>'
    fixes, troubles = read(tmp_path, "a.gpx", gpx.format(points))
    assert (fixes.names(), seconds(fixes), fixes.altitude_m.tolist()) == (["truk 7"], [1.0], [12.0])
    assert troubles == [Trouble(2, "missing_field", "time")]


def test_geojson(tmp_path: Path) -> None:
    """Points with a time, and lines with a time per vertex."""
    point = (
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[123.6,-10.17]},'
        '"properties":{"id":"a","time":1767571200}}'
    )
    line = (
        '{"type":"Feature","geometry":{"type":"LineString","coordinates":[[123.6,-10.1],[123.7,-10.2]]},'
        '"properties":{"id":"b","coordTimes":["2026-01-05T00:00:01Z","2026-01-05T00:00:02Z"]}}'
    )
    fixes, _ = read(tmp_path, "a.geojson", f'{{"type":"FeatureCollection","features":[{point},{line}]}}')
    assert (fixes.names(), seconds(fixes)) == (["a", "b", "b"], [0.0, 1.0, 2.0])


def test_parquet(tmp_path: Path) -> None:
    """Timestamps with and without a zone are read to the microsecond."""
    pa = pytest.importorskip("pyarrow", reason="pip install 'ronda[parquet]'")
    pq = pytest.importorskip("pyarrow.parquet")
    times = pa.array([T0_US + 1, T0_US + 2], pa.timestamp("us"))
    pq.write_table(
        pa.table({"device": ["a", "b"], "time": times, "lat": [1.0, 2.0], "lon": [3.0, 4.0]}), tmp_path / "a.parquet"
    )
    fixes, _ = read_trace(tmp_path / "a.parquet")
    assert (fixes.names(), fixes.time_us.tolist()) == (["a", "b"], [T0_US + 1, T0_US + 2])


def test_columns_from_the_command_line() -> None:
    """Names of ours to names of the file."""
    assert parse_columns("device=unit, time=t_utc") == {"device": "unit", "time": "t_utc"}


@pytest.mark.parametrize("text", ["unit", "plate=unit", "device="])
def test_columns_that_make_no_sense(text: str) -> None:
    """The error says how to write them."""
    with pytest.raises(ConfigError, match="write name=column"):
        parse_columns(text)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "when,lat,lon\n1,2,3\n", "no column 'time'.*--columns time=NAME"),
        ("a.csv", "time,lat,lon\n1,2,\udcff\n", "damaged"),
        ("a.gpx", "<gpx>", "damaged"),
        ("a.geojson", "{", "damaged"),
        ("a.geojson", "[]", "no GeoJSON points"),
        ("a.doc", "x", "reads .csv"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: str, says: str) -> None:
    """One sentence that says what to do."""
    (tmp_path / name).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match=says):
        read_trace(tmp_path / name)


def test_no_such_file(tmp_path: Path) -> None:
    """Its name is in the error."""
    with pytest.raises(ConfigError, match="there is no such file"):
        read_trace(tmp_path / "nowhere.csv")
