"""Sheets of a workbook (XLSX) with positions, such as a route report: one for each device, titles above the header."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from core.errors import ConfigError
from core.units import MPS_PER_KMH, MPS_PER_KNOT

HEADER_WITHIN: Final = 30  # rows from the top of a sheet
ROWS_MAX: Final = 200_000  # of one sheet
UNPACKED_MAX: Final = 512 * 1024 * 1024  # bytes: a small file that unpacks to more was made to do harm
_REPORT: Final = frozenset({"valid", "attributes"})  # columns by which Traccar's route report is known
_UNITS: Final = {"kn": MPS_PER_KNOT, "kt": MPS_PER_KNOT, "km/h": MPS_PER_KMH, "mph": 0.44704, "m/s": 1.0}


class Sheet(NamedTuple):
    """One sheet: whose it is ("" if it does not say), its header, and its rows with their numbers."""

    device: str
    header: list[str]
    rows: list[tuple[int, list[Any]]]

    @property
    def is_report(self) -> bool:
        """Whether it is Traccar's route report, whose speeds are in the unit of its user."""
        return {name.lower() for name in self.header} >= _REPORT


def sheets(path: Path, wanted: Sequence[Sequence[str]]) -> Iterator[Sheet]:
    """The sheets that have a header with a name of each group of `wanted`."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _check_size(path)
        book = load_workbook(path, read_only=True, data_only=True)
    except FileNotFoundError:
        raise
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ConfigError(f"{path.name} is damaged or not what its name says: {error}") from error
    try:
        several = len(book.worksheets) > 1
        for sheet in book.worksheets:
            rows = _rows(path, sheet)
            at = next((i for i, (_, row) in enumerate(rows[:HEADER_WITHIN]) if _is_header(row, wanted)), None)
            if at is not None:
                header = ["" if cell is None else str(cell).strip() for cell in rows[at][1]]
                device = _device(rows[:at]) or (str(sheet.title) if several else "")
                yield Sheet(device, header, rows[at + 1 :])
    finally:
        book.close()


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > UNPACKED_MAX:
        raise ConfigError(f"{path.name} unpacks to {size >> 20} MB: save the sheets alone, or as CSV")


def _rows(path: Path, sheet: Any) -> list[tuple[int, list[Any]]]:
    """The rows of a sheet with their numbers."""
    sheet.reset_dimensions()  # a wrong one would fill each row up to its width
    rows = list(islice(enumerate(([*row] for row in sheet.iter_rows(values_only=True)), 1), ROWS_MAX + 1))
    if len(rows) > ROWS_MAX:
        raise ConfigError(f"a sheet of {path.name} has more than {ROWS_MAX} rows: split it, or save it as CSV")
    return rows


def cell_time(value: Any) -> Any:
    """A date as text; its fraction of a day is not exact below a millisecond."""
    if not isinstance(value, datetime):
        return value
    ms = round(value.microsecond / 1000)
    return (value.replace(microsecond=0) + timedelta(milliseconds=ms)).isoformat()


def cell_speed(value: Any, *, of_report: bool) -> Any:
    """A speed in m/s: converted if its unit stands behind it. A bare number of a report is in a unit nobody knows."""
    if not isinstance(value, str):
        return None if of_report else value
    text, _, unit = value.strip().rpartition(" ")
    factor = _UNITS.get(unit.lower())
    if factor is None:
        return None if of_report else value
    try:
        return float(text.replace(",", ".")) * factor
    except ValueError:
        return None


def _is_header(row: Iterable[Any], wanted: Iterable[Sequence[str]]) -> bool:
    names = {str(cell).strip().lower() for cell in row if cell is not None}
    return all(names & set(group) for group in wanted)


def _device(above: Iterable[tuple[int, list[Any]]]) -> str:
    """What stands behind or beside `Device:` above the header."""
    for _, row in above:
        cells = [str(cell).strip() for cell in row if cell is not None]
        for i, cell in enumerate(cells):
            label, colon, rest = cell.partition(":")
            if colon and label.strip().lower() == "device":
                return rest.strip() or "".join(cells[i + 1 : i + 2])
    return ""
