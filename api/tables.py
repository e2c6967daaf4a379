"""One table, four forms: a page of JSON or GeoJSON, or all of it as CSV or a workbook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.answers import CSV, collection, csv_lines, page, pages, streamed
from api.params import PAGE, TableFormat
from api.workbooks import XLSX, workbook

Row = dict[str, Any]
ReadPage = Callable[[str | None, int], Awaitable[tuple[list[Row], str | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a table is called, and how its rows are read and shown.

    `read` takes the key of the page before and a limit, and gives rows under the contract's names and the next key.
    """

    name: str
    columns: Sequence[str]
    read: ReadPage
    feature: Callable[[Row], dict[str, Any]]
    cells: Callable[[Row], list[Any]]

    async def all(self, after: str | None) -> AsyncIterator[list[list[Any]]]:
        """Every row from a key on as values in the order of `columns`, a page at a time."""
        async for rows in pages(lambda key: self.read(key, PAGE), after):
            yield [self.cells(row) for row in rows]


async def answered(request: Request, table: Table, form: TableFormat, after: str | None, limit: int) -> Response:
    """The table in the form that was asked for; `limit` counts for pages only."""
    if form == "csv":
        return await streamed(_csv(table, after), CSV, f"{table.name}.csv")
    if form == "xlsx":
        return await streamed(workbook(table.name, table.columns, table.all(after)), XLSX, f"{table.name}.xlsx")
    rows, following = await table.read(after, limit)
    if form == "geojson":
        return collection(request, [table.feature(row) for row in rows], following)
    return page(request, rows, following)


async def _csv(table: Table, after: str | None) -> AsyncIterator[bytes]:
    yield csv_lines([list(table.columns)])
    async for rows in table.all(after):
        yield csv_lines(rows)
