"""`ronda import zones` from the file to the archive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ronda.test_import import run

pytestmark = pytest.mark.service

FEATURES = [
    {"properties": {"id": "a"}, "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}},
    {"properties": {"id": "b"}, "geometry": {"type": "Point", "coordinates": [0, 0]}},
]


def test_a_file_of_zones(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Previewed, taken over with a report of each repair and refusal; the same again changes nothing."""
    path = tmp_path / "zones.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": FEATURES}))
    line = ["zones", str(path), "--version", "2024"]

    run(clean_valkey_url, postgres_url, [*line, "--dry-run"], line, line)

    preview, first, second = capsys.readouterr().out.split("2 rows read, 1 zones understood, 1 refused.\n")[1:]
    report = (
        "Repaired or remarkable:\n  feature 1 (a): repaired: ring was not closed\nRefused:\n  feature 2: radius_m of a"
    )
    assert all(said.startswith(report) for said in (preview, first, second))
    assert preview.endswith(
        "1 would be new, 0 would be changed, 0 would be unchanged.\nDry run: nothing was changed.\n"
    )
    assert first.endswith("1 new, 0 changed, 0 unchanged.\nDone.\n")
    assert second.endswith("0 new, 0 changed, 1 unchanged.\nNothing to change.\n")
