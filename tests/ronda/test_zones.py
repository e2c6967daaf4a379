"""Zones and streets from files, and versions of boundary sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.entities import Street, Zone
from ronda.intake.areas import areas
from ronda.intake.registry import take
from ronda.intake.table import RawRow, read
from ronda.intake.taken import Taken
from ronda.intake.zones import streets, zones

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
SQUARE_OF_US = tuple((float(x), float(y)) for x, y in SQUARE)


def row(kind: str, coordinates: Any, **values: Any) -> RawRow:
    return RawRow("feature 1", {"id": "z"} | values, {"type": kind, "coordinates": coordinates})


def test_a_polygon_zone() -> None:
    """With what the file says of it, and what it does not say as usual."""
    (zone,) = zones([row("Polygon", [SQUARE], name="Pasar", enter_s=5, lon=9, lat=9)], "2024").rows
    assert zone == Zone(id="z", name="Pasar", polygons=zone.polygons, enter_s=5.0, version="2024")
    assert sorted(set(zone.polygons[0][0])) == sorted(set(SQUARE_OF_US))


def test_a_corridor_and_a_circle() -> None:
    """A line with a radius or a width, a point with a radius."""
    given = [row("LineString", [[0, 0], [0, 0], [1, 1]], width_m="30"), row("Point", [1, 2, 9], id="p", radius_m=60)]
    taken = zones(given, "v")
    assert [(z.line, z.radius_m) for z in taken.rows] == [(((0, 0), (1, 1)), 15.0), (((1, 2),), 60.0)]
    assert taken.remarks == ["feature 1 (z): repaired: point repeated (1)"]


def test_a_table_of_circles(tmp_path: Path) -> None:
    """Columns of longitude, latitude and radius do as well."""
    (tmp_path / "z.csv").write_text("id;nama;bujur;lintang;radius\nz;Pasar;123,6;-10,17;80\n")
    taken = take("zones", read(tmp_path / "z.csv", {}), ZoneInfo("UTC"), "v")
    assert taken.rows == [Zone(id="z", name="Pasar", line=((123.6, -10.17),), radius_m=80.0, version="v")]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (row("LineString", [[0, 0], [1, 1]]), "radius_m of a line or point must be"),
        (row("MultiPoint", [[0, 0]]), "is no Point or LineString or Polygon or MultiPolygon"),
        (row("Polygon", [SQUARE], id=""), "has no id"),
        (row("Point", [0, 91], radius_m=9), "latitude first|WGS84"),
        (row("Point", [0, 0], radius_m="wide"), "wide|float"),
    ],
)
def test_what_is_no_zone_is_refused(given: RawRow, reason: str) -> None:
    """With where it stands and why."""
    (refused,) = zones([given]).refused
    assert refused.startswith("feature 1: ")
    assert any(part in refused for part in reason.split("|"))


def test_an_id_stands_once() -> None:
    """A second zone of the same id is refused, not merged."""
    taken = zones([row("Point", [0, 0], radius_m=9), row("Point", [1, 1], radius_m=9)])
    assert (len(taken.rows), taken.refused) == (1, ["feature 1: z stands in the file already"])


def test_streets() -> None:
    """A line is a segment; a feature of several lines gives as many, numbered."""
    lines = [[[0, 0], [0, 1]], [[1, 0], [1, 1]]]
    taken = streets([row("LineString", lines[0], name="Jl. A"), row("MultiLineString", lines, id="m")])
    assert taken.rows == [
        Street(id="z", name="Jl. A", line=((0, 0), (0, 1))),
        Street(id="m:1", name="m", line=((0, 0), (0, 1))),
        Street(id="m:2", name="m", line=((1, 0), (1, 1))),
    ]
    assert taken.remarks == ["feature 1 (m:1): 2 lines, taken as m:1 to m:2"]


def test_a_set_is_named_after_its_content() -> None:
    """The same shapes in another order are the same version, one vertex moved is another; a given one goes before."""
    west, east = row("Polygon", [SQUARE], id="a"), row("Polygon", [[[x + 1, y] for x, y in SQUARE]], id="b")
    moved = row("Polygon", [[[x * 1.5 + 1, y] for x, y in SQUARE]], id="b")
    names = [{r.version for r in areas(rows).rows} for rows in ([west, east], [east, west], [west, moved])]
    assert names[0] == names[1] != names[2]
    assert [r.version for r in areas([west, east], "2024").rows] == ["2024", "2024"]
    assert len(names[0]) == 1


def test_what_a_file_does_not_speak_of_stays() -> None:
    """A zone drawn anew keeps the waits that people set."""
    assert taken_of(row("Polygon", [SQUARE])) == {"id", "polygons", "line", "radius_m", "version"}
    assert "enter_s" in taken_of(row("Polygon", [SQUARE], enter_s=3))


def taken_of(given: RawRow) -> set[str]:
    taken: Taken = zones([given])
    assert taken.given is not None
    return set(taken.given["z"])


def test_from_the_file_to_the_rows(tmp_path: Path) -> None:
    """GeoJSON through the reader: a feature's own id and its properties."""
    feature = {
        "type": "Feature",
        "id": 7,
        "properties": {"Lebar": 20},
        "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 0]]},
    }
    (tmp_path / "z.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (zone,) = take("zones", read(tmp_path / "z.geojson", {}), ZoneInfo("UTC")).rows
    assert (zone.id, zone.radius_m, zone.version[:8]) == ("7", 10.0, "content-")
