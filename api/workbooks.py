"""A table as a workbook (.xlsx): written row by row into a file, so that no more than a page of it is in memory."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import IO, Any, Final

from openpyxl import Workbook

from api.answers import disarmed
from api.problems import ParameterError

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS: Final = 100_000  # a workbook is made whole before its first byte leaves: about 20 s for so many
TIMES: Final = frozenset({"start", "end", "nearest", "labelled_at", "reason_at"})  # columns that hold RFC 3339
_CHUNK: Final = 1 << 16
_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # no XML can hold them


async def workbook(title: str, columns: Sequence[str], pages: AsyncIterator[list[list[Any]]]) -> AsyncIterator[bytes]:
    """The bytes of a workbook with one sheet. Raises `ParameterError` when there are more than `MAX_ROWS` rows."""
    with tempfile.TemporaryFile() as file:
        async with _saved(file) as book:
            sheet = book.create_sheet(title)
            sheet.append(list(columns))
            count = 0
            async for rows in pages:
                count += len(rows)
                if count > MAX_ROWS:
                    raise ParameterError("format", f"xlsx holds {MAX_ROWS:,} rows at most: ask for less, or for csv")
                await asyncio.to_thread(_append, sheet, columns, rows)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


@asynccontextmanager
async def _saved(file: IO[bytes]) -> AsyncIterator[Workbook]:
    """A workbook that is saved into the file whatever happens: saving also removes what it wrote on the way."""
    book = Workbook(write_only=True)
    try:
        yield book
    finally:
        await asyncio.to_thread(book.save, file)


def _append(sheet: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        sheet.append([_cell(name, value) for name, value in zip(columns, row, strict=True)])


def _cell(name: str, value: Any) -> Any:
    """Instants become the city's wall clock, for a sheet knows no offsets; a text never becomes a formula."""
    if not isinstance(value, str):
        return value
    if name in TIMES:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return _ILLEGAL.sub("\ufffd", disarmed(value))
