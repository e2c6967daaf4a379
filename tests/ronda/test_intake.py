"""Files of other people's making: what is understood, repaired, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely

from core.entities import Assignment, Day, Device, Person, Place, Route, Shift, Task, Vehicle
from core.errors import ConfigError
from ronda.intake.areas import areas
from ronda.intake.registry import take
from ronda.intake.table import RawRow, parse_columns, read
from ronda.intake.taken import Taken

KUPANG = ZoneInfo("Asia/Makassar")
GOOD = {
    "areas": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]},
    "places": {"type": "Point", "coordinates": [0, 0]},
    "zones": {"type": "Point", "coordinates": [0, 0]},
    "streets": {"type": "LineString", "coordinates": [[0, 0], [0, 1]]},
}


def csv(tmp_path: Path, section: str, text: str, columns: dict[str, str] | None = None) -> Taken:
    """Take a CSV text as a section."""
    (tmp_path / "rows.csv").write_text(text)
    return take(section, read(tmp_path / "rows.csv", columns or {}), KUPANG)


def polygon(coordinates: list[Any], **values: Any) -> RawRow:
    """A row with a polygon."""
    return RawRow("feature 1", {"id": "A", **values}, {"type": "Polygon", "coordinates": coordinates})


def test_decimal_comma_and_semicolon(tmp_path: Path) -> None:
    """An Indonesian spreadsheet's CSV reads as it is meant."""
    taken = csv(tmp_path, "places", "id;nama;jenis;lintang;bujur\nW1;Warung;break;-10,17;123,61\n")

    assert taken.rows == [Place(id="W1", name="Warung", kind="break", lon=123.61, lat=-10.17)]
    assert (taken.remarks, taken.refused) == ([], [])


def test_spreadsheet_bom_and_windows_letters(tmp_path: Path) -> None:
    """A byte order mark is no part of the first name; letters of an old code page arrive."""
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfid,name\n1,x\n")
    (tmp_path / "b.csv").write_bytes("id,name\n1,Café\n".encode("cp1252"))

    assert read(tmp_path / "a.csv", {})[0].values == {"id": "1", "name": "x"}
    assert read(tmp_path / "b.csv", {})[0].values == {"id": "1", "name": "Café"}


def test_columns_go_before_synonyms(tmp_path: Path) -> None:
    """`--columns` names what we could not guess."""
    taken = csv(tmp_path, "vehicles", "unit,id,nopol\nT9,1,DH 9\n", parse_columns("id=unit"))

    assert taken.rows == [Vehicle(id="T9", plate="DH 9")]


def test_each_section_has_its_types(tmp_path: Path) -> None:
    """Lists, flags and clock times are read from text."""
    assert csv(tmp_path, "devices", "id,class\nd1,phone\n").rows == [Device(id="d1", cls="phone")]
    assert csv(tmp_path, "vehicles", "id,workshop\nv1,true\n").rows == [Vehicle(id="v1", workshop=True)]
    assert csv(tmp_path, "people", "id,skills\np1,rope|boat\n").rows == [Person(id="p1", skills=("rope", "boat"))]
    assert csv(tmp_path, "routes", "id,points\nr1,a|b\n").rows == [Route(id="r1", points=("a", "b"))]
    shift = Shift(id="s1", start_min=300, end_min=810, days=(1, 2))
    assert csv(tmp_path, "shifts", 'id,start,end,days\ns1,05:00,13:30,"1,2"\n').rows == [shift]


def test_dates_without_offset_are_the_citys(tmp_path: Path) -> None:
    """An assignment from a date begins at that city day's midnight."""
    taken = csv(tmp_path, "assignments", "device,vehicle,from,until\nd1,v1,2026-11-01,2026-11-02T00:00:00Z\n")

    assert taken.rows == [
        Assignment(
            id="d1:v1:2026-11-01",
            device="d1",
            vehicle="v1",
            from_us=1_793_462_400_000_000,
            until_us=1_793_577_600_000_000,
        )
    ]


@pytest.mark.parametrize(
    ("section", "text", "reason"),
    [
        ("places", "id,name,kind,lon,lat\na,a,hotel,1,1\n", "Invalid enum value 'hotel'"),
        ("places", "id,name,kind,lon,lat\na,a,depot,123,-100\n", "Expected `float` >= -90.0 - at `$.lat`"),
        ("devices", "id,class\n,truck\n", "missing required field `id`"),
        ("devices", f"id,class\n{'x' * 201},truck\n", "more than 200"),
        ("assignments", "device,vehicle,from\nd,v,1e16\n", "no time"),
        ("assignments", "device,vehicle,from\nd,v,inf\n", "no time"),
        ("devices", "id,class\nd,truck\nd,phone\n", "d stands in the file already"),
        ("assignments", "device,from\nd,2026-01-01\n", "joins fewer than two"),
        ("assignments", "device,vehicle,from,until\nd,v,2026-01-02,2026-01-01\n", "ends before it begins"),
        ("assignments", "device,vehicle,from\nd,v,yesterday\n", "yesterday"),
    ],
)
def test_bad_row_is_refused_with_its_line(tmp_path: Path, section: str, text: str, reason: str) -> None:
    """One bad row does not spoil the others, and can be found in the file."""
    taken = csv(tmp_path, section, text)

    assert len(taken.refused) == 1
    assert taken.refused[0].startswith("line ")
    assert reason in taken.refused[0]


def test_bow_tie_is_repaired() -> None:
    """A polygon that crosses itself is taken, repaired, and the report says so."""
    taken = areas([polygon([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]])])

    (area,) = taken.rows
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in area.polygons]
    assert all(shape.is_valid for shape in shapes)
    assert sum(shape.area for shape in shapes) == pytest.approx(0.5)
    assert taken.remarks == ["feature 1 (A): repaired: self-intersection"]


def test_heights_are_dropped_and_parts_joined() -> None:
    """Two features of one id are one area in two dimensions."""
    west, east = [[0, 0, 9], [1, 0, 9], [1, 1, 9], [0, 0, 9]], [[5, 0], [6, 0], [6, 1], [5, 0]]

    taken = areas([polygon([west], name="Alak"), polygon([east])])

    assert [(a.id, a.name, len(a.polygons)) for a in taken.rows] == [("A", "Alak", 2)]
    assert all(len(point) == 2 for part in taken.rows[0].polygons for ring in part for point in ring)
    assert taken.remarks == ["A: 2 features joined"]


def test_overlap_is_remarked() -> None:
    """Areas that claim the same ground are taken, and named."""
    square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    shifted = [[x + 0.5, y] for x, y in square]

    remarks = areas([polygon([square]), polygon([shifted], id="B")]).remarks
    assert remarks == ["A and B overlap by 6,154,307,890 m²; a point there belongs to A"]


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "not a polygon"),
        ({"type": "Point", "coordinates": [1, 1]}, "not a polygon"),
        ({"type": "Polygon", "coordinates": "x"}, "cannot be read"),
        ({"type": "Polygon", "coordinates": [[[500000, 9e6], [500100, 9e6], [500100, 9.1e6], [500000, 9e6]]]}, "WGS84"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}, "nothing is left"),
    ],
)
def test_unusable_geometry_is_refused(geometry: dict[str, Any] | None, reason: str) -> None:
    """Metres, points, lines and nonsense are no areas."""
    taken = areas([RawRow("feature 7", {"id": "A"}, geometry)])

    assert taken.rows == []
    assert taken.refused[0].startswith("feature 7: ")
    assert reason in taken.refused[0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "cannot be read"),
        ("x.geojson", "{", "not valid JSON"),
        ("x.geojson", "[]", "not a GeoJSON FeatureCollection"),
        ("x.csv", "", "is empty"),
        ("x.doc", "", r"give a \.geojson, a \.csv or an \.xlsx"),
    ],
)
def test_unusable_file_is_one_sentence(tmp_path: Path, name: str, content: str | None, message: str) -> None:
    """A file that is none says so."""
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(ConfigError, match=message):
        read(tmp_path / name, {})


@pytest.mark.parametrize("section", ["areas", "places", "zones", "streets"])
@pytest.mark.parametrize(
    "bad",
    [
        None,
        "feature",
        {"properties": "a"},
        {"properties": {"id": "b"}, "geometry": "POINT(0 0)"},
        {"properties": {"id": "b"}, "geometry": {"type": "Point"}},
        {"properties": {"id": "b"}, "geometry": {"type": "LineString", "coordinates": None}},
        {"properties": {"id": "b"}, "geometry": {"type": "Polygon", "coordinates": [[]]}},
        {"properties": {"id": "b"}, "geometry": {"type": "Polygon", "coordinates": [[["x", 0], [1, 1], [2, 2]]]}},
        {"properties": {"id": "b", "width_m": 10**400}, "geometry": {"type": "Point", "coordinates": [10**400, 0]}},
        {"properties": {"id": "b"}, "geometry": {"type": "MultiLineString"}},
        {"properties": {"id": "b\0", "kind": "depot", "name": "b"}, "geometry": GOOD["areas"]},
    ],
)
def test_a_bad_feature_does_not_spoil_the_others(tmp_path: Path, section: str, bad: Any) -> None:
    """It is refused by its number, whatever it is; those beside it are taken."""
    good = [
        {"properties": {"id": id_, "name": id_, "kind": "depot", "radius": 60}, "geometry": GOOD[section]}
        for id_ in ("a", "c")
    ]
    path = tmp_path / "f.geojson"
    path.write_text(json.dumps({"features": [good[0], bad, good[1]]}))
    taken = take(section, read(path, {}), KUPANG)
    assert [row.id for row in taken.rows] == ["a", "c"]
    assert [refused.partition(":")[0] for refused in taken.refused] == ["feature 2"]


def test_feature_id_and_properties(tmp_path: Path) -> None:
    """An id stands beside the properties in GeoJSON; a property of that name goes before it."""
    feature = {
        "type": "Feature",
        "id": 7,
        "properties": {"nama": "x"},
        "geometry": {"type": "Point", "coordinates": [1, 2]},
    }
    (tmp_path / "f.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    assert read(tmp_path / "f.geojson", {}) == [RawRow("feature 1", {"id": "7", "name": "x"}, feature["geometry"])]


def test_a_calendar(tmp_path: Path) -> None:
    """Days by their date, the day first or last; a kind in either language; what is no day is refused."""
    text = "tanggal;nama;jenis\n25/12/2026;Natal;libur\n2026-12-27;Ganti hari;kerja\n2026-02-30;?;libur\n;kosong;\n"
    taken = csv(tmp_path, "calendar", text)
    assert taken.rows == [
        Day(id="2026-12-25", name="Natal"),
        Day(id="2026-12-27", name="Ganti hari", kind="workday"),
    ]
    assert [refused.split(":")[0] for refused in taken.refused] == ["line 4", "line 5"]


def test_tasks(tmp_path: Path) -> None:
    """A place and a span of city time, for one truck or any; without an id, name and start are the id."""
    columns = "nama,bujur,lintang,radius,mulai,sampai,truk"
    text = f"{columns}\nBongkar pasar,123.6,-10.2,80,2026-06-01 06:00,2026-06-01 09:00,T7\n"
    (task,) = csv(tmp_path, "tasks", text).rows
    assert task == Task(
        id="Bongkar pasar:2026-06-01T06:00", name="Bongkar pasar", lon=123.6, lat=-10.2, radius_m=80.0,
        from_us=1_780_264_800_000_000, until_us=1_780_275_600_000_000, vehicle="T7",
    )  # fmt: skip


def test_queues_longest_stays_and_weekly_rounds(tmp_path: Path) -> None:
    """What decides about purposes is read from tables as well."""
    text = "id,name,kind,lon,lat,antrean,max_s\nt,TPA,tpa,123.5,-10.2,250,7200\n"
    (place,) = csv(tmp_path, "places", text).rows
    assert (place.queue_m, place.max_s) == (250.0, 7200.0)
    assert csv(tmp_path, "routes", "id,hari\nr,1 4\n").rows == [Route(id="r", days=(1, 4))]
    shifts = csv(tmp_path, "shifts", "id,start,end,hari_libur\ns,5:00,13:00,ya\n").rows
    assert shifts == [Shift(id="s", start_min=300, end_min=780, holidays=True)]
