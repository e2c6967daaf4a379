"""Rows of an XLSX workbook as texts, as a CSV of it would have them; formulas give their last computed value."""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigError
from ingest.workbook import ROWS_MAX, UNPACKED_MAX

_HEADER_IN: Final = 20  # rows: above the names of the columns there may be a title
_EXACT: Final = 10**15  # a spreadsheet keeps 15 digits of a number


def rows(path: Path, sheet: str | None, known: Callable[[str], bool]) -> Iterator[tuple[int, dict[str, str]]]:
    """(row number, value by column name) of each row below the header: of the named sheet, else of the first one shown.

    `known` says which names of columns we know: the header is the first row that has two of them.
    """
    import openpyxl  # not for every command

    _check_size(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about decoration that it cannot keep
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                yield from _named(path, _lines(_sheet(path, book, sheet)), known)
            finally:
                book.close()
    except ConfigError:
        raise
    except Exception as error:  # a damaged workbook fails in many ways
        raise ConfigError(f"{path} cannot be read as XLSX ({error}); open it and save it again.") from error


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise ConfigError(f"{path} is no XLSX workbook, or has a password: save it as .xlsx without one.") from error
    if size > UNPACKED_MAX:
        raise ConfigError(f"{path} unpacks to {size >> 20} MB: save the sheet alone, without pictures.")


def _sheet(path: Path, book: Any, name: str | None) -> Any:
    if name is not None:
        if name not in book.sheetnames:
            raise ConfigError(f"{path} has no sheet {name!r}; it has {', '.join(book.sheetnames)}.")
        return book[name]
    found = next((each for each in book.worksheets if each.sheet_state == "visible"), None)
    if found is None:
        raise ConfigError(f"{path} shows no sheet; name one with --sheet.")
    return found


def _lines(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, with their number in the sheet."""
    sheet.reset_dimensions()  # programs write wrong ones
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if number > ROWS_MAX:
            raise ConfigError(f"the sheet has more than {ROWS_MAX} rows")
        values = [text_of(cell.value, is_error=getattr(cell, "data_type", "") == "e") for cell in cells]
        if any(values):
            yield number, values


def _named(
    path: Path, lines: Iterator[tuple[int, list[str]]], known: Callable[[str], bool]
) -> Iterator[tuple[int, dict[str, str]]]:
    header: list[str] | None = None
    waiting: list[tuple[int, list[str]]] = []  # the first rows, until one of them is the header
    for number, values in lines:
        if header is None:
            if sum(map(known, values)) >= 2:
                header, waiting = values, []
            elif len(waiting) < _HEADER_IN:
                waiting.append((number, values))
            else:
                break
        else:
            yield number, dict(zip(header, values, strict=False))
    if header is None and waiting:  # names that we do not know: the first row is what there is
        header = waiting[0][1]
        yield from ((number, dict(zip(header, values, strict=False))) for number, values in waiting[1:])
    if header is None:
        raise ConfigError(f"{path} is empty; its first row must name the columns.")


def text_of(value: Any, *, is_error: bool = False) -> str:
    """A cell as text: whole numbers without a fraction, dates and times as ISO writes them."""
    if is_error:
        return f"(error {value})"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    match value:
        case bool():
            text = text.lower()
        case int() if abs(value) >= _EXACT:
            text = f"{value:.6e}"  # its last digits are lost: whoever needs them refuses it
        case dt.datetime():
            text = (value.date() if value.time() == dt.time() else value.replace(microsecond=0)).isoformat()
        case dt.timedelta():  # a time of day from 24:00 on
            minutes = round(value.total_seconds() / 60)
            text = f"{minutes // 60:02d}:{minutes % 60:02d}"
        case dt.time():
            text = value.isoformat(timespec="minutes")
    return text
