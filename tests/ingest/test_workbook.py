"""Positions in workbooks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from core.errors import ConfigError
from core.fixes import Fixes
from ingest import workbook
from ingest.files import Trouble, read_trace
from tests.strategies import T0_US

REPORT = ["Valid", "Time", "Latitude", "Longitude", "Altitude", "Speed", "Address", "Attributes"]
AT = datetime(2026, 1, 5, 8, 0, 0, 123_456)  # noqa: DTZ001  cells of a workbook have no zone


def read(path: Path, sheets: dict[str, list[list[Any]]], **columns: str) -> tuple[Fixes, list[Trouble]]:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    trace = read_trace(path, columns)
    return trace.fixes, trace.troubles


def test_a_route_report_has_a_sheet_for_each_device(tmp_path: Path) -> None:
    """The name stands above the header; knots are converted, a bare number is nobody's; invalid rows are left out."""
    above = [["Report type:", "Route"], ["Device:", "truk-7"], []]
    rows = [[True, AT, -10.17, 123.6, 12, "10 kn", "Jl. El Tari", "ignition=true"], [True, AT, -10.2, 123.6, 1, 36.0]]
    other = [REPORT, [True, AT, -10.3, 123.7, 1, "36 km/h"], [False, AT, 0, 0, 0, "0 kn"], [None] * 8]
    fixes, troubles = read(tmp_path / "a.xlsx", {"x": [*above, REPORT, *rows], "truk-8": other}, zone="Asia/Makassar")
    assert (fixes.names(), troubles) == (["truk-7", "truk-7", "truk-8"], [])
    assert fixes.time_us.tolist() == [T0_US + 123_000] * 3
    assert fixes.speed_mps.tolist() == [pytest.approx(5.1444, abs=1e-4), pytest.approx(float("nan"), nan_ok=True), 10.0]


def test_a_plain_sheet_is_read_like_csv(tmp_path: Path) -> None:
    """Columns by name, speeds in m/s, the file names the device; a bad row is reported by its number."""
    rows = [["waktu", "lat", "lon", "speed"], ["2026-01-05T00:00:00Z", -10.17, 123.6, 3], ["2026-01-05", 91, 0, None]]
    fixes, troubles = read(tmp_path / "truk-7.xlsx", {"Sheet1": rows}, time="waktu")
    assert (fixes.names(), fixes.time_us.tolist(), fixes.speed_mps.tolist()) == (["truk-7"], [T0_US], [3.0])
    assert [(trouble.line, trouble.reason) for trouble in troubles] == [(3, "bad_coordinate")]


def test_what_is_no_workbook_of_positions_is_refused(tmp_path: Path) -> None:
    """With a sentence that says what is missing."""
    with pytest.raises(ConfigError, match="no sheet with the columns"):
        read(tmp_path / "a.xlsx", {"Sheet1": [["a", "b"], [1, 2]]})
    (tmp_path / "b.xlsx").write_bytes(b"nonsense")
    with pytest.raises(ConfigError, match="damaged"):
        read_trace(tmp_path / "b.xlsx")


@pytest.mark.parametrize(("bound", "said"), [("ROWS_MAX", "more than 1 rows"), ("UNPACKED_MAX", "unpacks to 0 MB")])
def test_a_workbook_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, said: str) -> None:
    """In its rows, and in what it unpacks to."""
    monkeypatch.setattr(workbook, bound, 1)
    with pytest.raises(ConfigError, match=said):
        read(tmp_path / "a.xlsx", {"x": [["time", "lat", "lon"], [AT, -10.17, 123.6]]})
