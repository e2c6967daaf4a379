"""Tables as workbooks: real dates, disarmed texts, a bound."""

import io
from datetime import datetime

import openpyxl
import pytest

from api import workbooks
from core.events import PlaceRef
from tests.api.samples import changed, dwell, spell, told
from tests.api.world import in_world

pytestmark = pytest.mark.service
WALL_CLOCK = datetime(2026, 1, 5, 6, 50)  # noqa: DTZ001  a sheet knows no offsets


def cells(answer):
    """The only sheet as rows of values, its title first."""
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return book.sheetnames, [[cell.value for cell in row] for row in book.active.rows]


def test_a_workbook_has_the_columns_of_the_csv(postgres_url):
    """Instants are dates of the city's wall clock; a text that would be a formula or breaks XML is a harmless one."""

    async def body(there):
        row = dwell(device="=1+1", reason="ban\x07bocor", place=PlaceRef("p-1", "Depot", "depot"))
        await there.archived(changed(row))
        return await there.get("/api/v1/dwells", format="xlsx")

    answer = in_world(postgres_url, body)
    names, (head, values) = cells(answer)
    row = dict(zip(head, values, strict=True))
    assert (names, answer.headers["content-type"]) == (["dwells"], workbooks.XLSX)
    assert answer.headers["content-disposition"] == 'attachment; filename="dwells.xlsx"'
    assert (row["start"], row["duration_s"]) == (WALL_CLOCK, 600)
    assert (row["device"], row["reason"], row["place_kind"], row["area"]) == ("'=1+1", "ban\ufffdbocor", "depot", None)


def test_all_pages_are_in_one_sheet(postgres_url, monkeypatch):
    """The limit of a page is not the limit of a file."""
    monkeypatch.setattr("api.tables.PAGE", 2)

    async def body(there):
        await there.archived(*[told(spell(f"s-{i}")) for i in range(5)])
        return await there.get("/api/v1/trips", format="xlsx", limit=1)

    _, rows = cells(in_world(postgres_url, body))
    assert [row[0] for row in rows] == ["id", "s-0", "s-1", "s-2", "s-3", "s-4"]


def test_too_many_rows_are_a_clear_error(postgres_url, monkeypatch):
    """The bound is told before the first byte leaves."""
    monkeypatch.setattr(workbooks, "MAX_ROWS", 1)

    async def body(there):
        await there.archived(*[told(spell(f"s-{i}")) for i in range(2)])
        return await there.get("/api/v1/trips", format="xlsx")

    answer = in_world(postgres_url, body)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "format xlsx holds 1 rows at most: ask for less, or for csv"
