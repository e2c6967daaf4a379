"""Workbooks as people keep them: titles above the header, numbers as ids, dates, formulas, broken cells."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from core.entities import Assignment, Device, Person, Shift, Vehicle
from core.errors import ConfigError
from ronda.intake.areas import Taken
from ronda.intake.registry import take
from ronda.intake.sheet import text_of
from ronda.intake.table import parse_columns, read

KUPANG = ZoneInfo("Asia/Makassar")


def book(tmp_path: Path, *rows: list[Any], **more: list[list[Any]]) -> Path:
    """A workbook with these rows, and more sheets by name."""
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for name, lines in more.items():
        sheet = workbook.create_sheet(name)
        for line in lines:
            sheet.append(line)
    path = tmp_path / "rows.xlsx"
    workbook.save(path)
    workbook.close()
    return path


def taken(path: Path, section: str, sheet: str | None = None, columns: str | None = None) -> Taken:
    return take(section, read(path, parse_columns(columns), sheet), KUPANG)


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    """The header is the first row that names two columns we know; rows bear the number that people see."""
    path = book(tmp_path, ["Daftar Armada 2026"], [], ["No. Polisi", "ID", "Bengkel"], ["DH 8100", 7, "ya"], [None, ""])

    found = read(path, {})

    assert [(row.where, row.values) for row in found] == [
        ("row 4", {"id": "7", "plate": "DH 8100", "workshop": "ya"}),
    ]
    assert taken(path, "vehicles").rows == [Vehicle(id="7", plate="DH 8100", workshop=True)]  # type: ignore[arg-type]


def test_an_imei_is_the_id_of_a_device(tmp_path: Path) -> None:
    """Fifteen digits as a number arrive whole, a date is the SIM's day, classes may be Indonesian."""
    path = book(tmp_path, ["IMEI", "Kelas", "SIM"], [350612076540293, "Truk", dt.datetime(2026, 12, 31)])  # noqa: DTZ001  a cell has no zone

    assert taken(path, "devices").rows == [Device(id="350612076540293", cls="truck", sim_expires="2026-12-31")]  # type: ignore[arg-type]


def test_dates_and_times_are_the_citys(tmp_path: Path) -> None:
    """Date cells, and dates written with the day first."""
    rows = [["gps", "truk", "mulai", "sampai"], ["g1", "t1", dt.date(2026, 11, 1), "02/11/2026 08:00"]]

    (join,) = taken(book(tmp_path, *rows), "assignments").rows

    assert join == Assignment(
        id="g1:t1:2026-11-01",
        device="g1",  # type: ignore[arg-type]
        vehicle="t1",  # type: ignore[arg-type]
        from_us=1_793_462_400_000_000,
        until_us=1_793_577_600_000_000,
    )


def test_times_of_day(tmp_path: Path) -> None:
    """Time cells, and a length of more than a day for the shift that ends tomorrow."""
    path = book(tmp_path, ["id", "start", "end"], ["malam", dt.time(21), dt.timedelta(hours=29)])

    assert taken(path, "shifts").rows == [Shift(id="malam", start_min=1260, end_min=1740)]


def test_a_sheet_by_name(tmp_path: Path) -> None:
    """--sheet picks one; a name that is none is answered with those there are."""
    path = book(tmp_path, ["x"], Orang=[["id", "nama", "jenis", "hp"], ["p1", "Ana", "Relawan", "0811"]])

    assert taken(path, "people", "Orang").rows == [Person(id="p1", name="Ana", kind="volunteer", phone="0811")]  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"no sheet 'Orangg'; it has Sheet, Orang\."):
        read(path, {}, "Orangg")


def test_hidden_sheets_are_passed_over(tmp_path: Path) -> None:
    """The first sheet that people see is the one they mean."""
    path = book(tmp_path, ["id", "nama"], ["lists", "x"], Data=[["id", "nama"], ["v1", "A"]])
    workbook = openpyxl.load_workbook(path)
    workbook.active = 1
    workbook["Sheet"].sheet_state = "hidden"
    workbook.save(path)

    assert [row.values["id"] for row in read(path, {})] == ["v1"]


def test_columns_name_what_we_do_not_know(tmp_path: Path) -> None:
    """A header with none of our names is the first row, when --columns tells what is meant."""
    path = book(tmp_path, ["unit", "warna"], ["T9", "merah"])

    assert taken(path, "vehicles", columns="id=unit").rows == [Vehicle(id="T9")]  # type: ignore[arg-type]


def test_lost_digits_and_broken_formulas_are_refused(tmp_path: Path) -> None:
    """A number that the spreadsheet rounded is no id; an error is no value."""
    path = book(tmp_path, ["imei", "nama"], [8962101234567890123, "a"], ["d2", "#REF!"], ["d3", "c"])

    found = taken(path, "devices")

    assert [row.id for row in found.rows] == ["d3"]
    assert [text.split(":")[0] for text in found.refused] == ["row 2", "row 3"]
    assert "format the column as text" in found.refused[0]
    assert "mend its formula" in found.refused[1]


def test_a_formula_gives_its_value(tmp_path: Path) -> None:
    """What the spreadsheet computed last is what people see; one that was never computed is empty."""
    path = book(tmp_path, ["id", "nama"], ["v1", '="A"&"B"'])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    assert "<v></v>" in sheet or "<v />" in sheet or "<v/>" in sheet, sheet
    for empty in ("<v></v>", "<v />", "<v/>"):
        sheet = sheet.replace(empty, "<v>AB</v>").replace('<c r="B2">', '<c r="B2" t="str">')
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (parts | {"xl/worksheets/sheet1.xml": sheet.encode()}).items():
            archive.writestr(name, data)

    assert read(path, {})[0].values == {"id": "v1", "name": "AB"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no XLSX workbook, or has a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "no XLSX workbook, or has a password"),
        (None, "cannot be read as XLSX"),
    ],
)
def test_what_is_no_workbook_is_one_sentence(tmp_path: Path, content: bytes | None, message: str) -> None:
    """An empty file, an old or locked workbook, some other archive."""
    path = tmp_path / "x.xlsx"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "a")
    else:
        path.write_bytes(content)

    with pytest.raises(ConfigError, match=message):
        read(path, {})


def test_an_empty_sheet_says_so(tmp_path: Path) -> None:
    """Nothing in it, not even a header."""
    with pytest.raises(ConfigError, match="its first row must name the columns"):
        read(book(tmp_path), {})


def test_old_formats_are_named(tmp_path: Path) -> None:
    """What else spreadsheets write."""
    (tmp_path / "x.xls").write_bytes(b"x")
    with pytest.raises(ConfigError, match=r"save as \.xlsx"):
        read(tmp_path / "x.xls", {})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (3.0, "3"),
        (-10.25, "-10.25"),
        (" a ", "a"),
        (dt.datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),  # noqa: DTZ001  a cell has no zone
    ],
)
def test_cells_as_text(value: Any, text: str) -> None:
    """As a CSV of the sheet would have them."""
    assert text_of(value) == text
