"""A file sent through MQTT gives the dwells that the same file gives to `ronda detect`."""

from __future__ import annotations

import csv
import io
from itertools import takewhile
from pathlib import Path

import pytest

from ronda.cli import main
from tests.e2e.installation import Up
from tests.e2e.tables import settled
from tests.e2e.trips import fleet

pytestmark = [pytest.mark.service, pytest.mark.e2e]
ROOT = Path(__file__).parents[2]
REFUSE_TRUCKS = ROOT / "../shared/data/traces/refuse_trucks_jersey_city_20151210.csv"
COMPARED = ("device", "start", "end", "observed_s", "silent_s", "lon", "lat", "radius_m", "fixes")
START_S, TWO_HOURS_S = 1_767_571_200, 7200
Row = tuple[str, ...]


def closed(text: str) -> list[Row]:
    """What is compared of the closed rows of a table of dwells."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return sorted(tuple(row[name] for name in COMPARED) for row in rows if row["state"] == "closed")


def detected(file: Path, out: Path, *options: str) -> list[Row]:
    assert main(["detect", str(file), *options, "-o", str(out)]) == 0
    return closed(out.read_bytes().decode())


def published(up: Up, file: Path, *options: str) -> str:
    """Send the file at full speed; what the command said, after everything has gone through."""
    said = up.cli("publish", str(file), "--speedup", "max", *options)
    settled(up)
    return said


def shown(up: Up, devices: set[str], **parameters: str) -> list[Row]:
    rows = closed(up.get("/api/v1/dwells", format="csv", **parameters).text)
    return [row for row in rows if row[0] in devices]


@pytest.fixture
def two_hours(tmp_path: Path) -> Path:
    """Nine trucks, a fix every 20 s, stands with and without silence."""
    recorded = takewhile(lambda said: said[1].time < START_S + TWO_HOURS_S, fleet(9, 7, START_S, 20))
    lines = [f"{device},{fix.time},{fix.lat},{fix.lon},{fix.speed}" for device, fix in recorded]
    file = tmp_path / "two_hours.csv"
    file.write_text("\n".join(["device,time,lat,lon,speed", *lines]) + "\n")
    return file


def test_published_file_gives_the_dwells_of_detect(up: Up, two_hours: Path, tmp_path: Path) -> None:
    """To the last digit: device, times, observed and silent seconds, place, radius, fixes."""
    expected = detected(two_hours, tmp_path / "out.csv")
    assert published(up, two_hours).startswith(f"{len(two_hours.read_text().splitlines()) - 1} fixes of 9 devices sent")
    assert {row[0] for row in expected} == {f"truck-{n}" for n in range(9)}
    assert any(float(row[4]) > 0 for row in expected)
    assert shown(up, {row[0] for row in expected}) == expected


@pytest.mark.skipif(not REFUSE_TRUCKS.exists(), reason=f"no {REFUSE_TRUCKS.name} beside the project")
def test_published_refuse_trucks_give_the_dwells_of_detect(up: Up, tmp_path: Path) -> None:
    """Nine real trucks of a winter's day: long stops, most of them spent in silence."""
    columns = ("--columns", "device=unit,time=t_utc,lat=lat,lon=lon")
    expected = detected(REFUSE_TRUCKS, tmp_path / "all.csv", *columns)
    long = detected(REFUSE_TRUCKS, tmp_path / "long.csv", *columns, "--min-dwell", "900")
    published(up, REFUSE_TRUCKS, *columns)
    devices = {row[0] for row in expected}
    assert len(devices) == 9
    assert any(float(row[4]) > 900 for row in long)
    assert shown(up, devices) == expected
    assert shown(up, devices, min_s="900") == long
