"""Questions to the archive: filters, pages, the vehicle of the time."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.errors import DecodeError
from core.events import AlertChanged, Dwell, DwellChanged
from core.fixes import Fixes
from store import read
from store.archive import Archive
from store.read import AlertFilter, DwellFilter
from tests.running import run_pool
from tests.strategies import T0_US, dwell_of

pytestmark = pytest.mark.service
MINUTE_US = 60_000_000


async def stored(pool: AsyncConnectionPool, *rows: Dwell, configs: tuple[Config, ...] = ()) -> None:
    archive = Archive(pool)
    await archive.offsets()
    said = [DwellChanged(at_us=T0_US, cause="open", row=row) for row in rows]
    events = [("events.0", "1-0", said)] if said else []
    await archive.write({"in.0": "1-0"}, Fixes.empty(), events, [(f"{i}-0", c) for i, c in enumerate(configs)])


def at(dwell_id: str, minute: int, minutes: float | None = 10, **columns: Any) -> Dwell:
    """A dwell that starts so many minutes after T0; None: still open, last seen a minute after its start."""
    start_us = T0_US + minute * MINUTE_US
    last_us = start_us + int((1 if minutes is None else minutes) * MINUTE_US)
    life: dict[str, Any] = {"state": "open", "end_us": None} if minutes is None else {"end_us": last_us}
    return dwell_of(dwell_id, start_us=start_us, last_us=last_us, **(life | columns))


ROWS = (
    at("early", 0),
    at("long", 5, 90, device="d2", area="A", purpose="unexplained"),
    at("open", 30, None, purpose="unexplained", area="B"),
    at("late", 60, area="B"),
    at("gone", 61, state="retracted", merged_into="late"),
)


def minutes_us(minute: int) -> int:
    return T0_US + minute * MINUTE_US


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (DwellFilter(), "early long open late"),
        (DwellFilter(retracted=True), "early long open late gone"),
        (DwellFilter(from_us=minutes_us(20)), "long open late"),
        (DwellFilter(from_us=minutes_us(200)), "open"),
        (DwellFilter(to_us=minutes_us(5)), "early"),
        (DwellFilter(from_us=minutes_us(10), to_us=minutes_us(30)), "early long"),
        (DwellFilter(device="d2"), "long"),
        (DwellFilter(area="B"), "open late"),
        (DwellFilter(purpose="unexplained"), "long open"),
        (DwellFilter(open=True), "open"),
        (DwellFilter(open=False), "early long late"),
        (DwellFilter(min_s=600), "early long late"),
        (DwellFilter(min_s=601), "long"),
        (DwellFilter(min_s=601, now_us=minutes_us(41)), "long open"),
        (DwellFilter(device="nobody"), ""),
    ],
    ids=repr,
)
def test_dwells_are_filtered(postgres_url: str, where: DwellFilter, expected: str) -> None:
    """Each condition keeps what it says, in order of start; an open dwell lasts until it is closed."""

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await stored(pool, *ROWS)
        return [found.row.id for found in (await read.dwells(pool, where)).rows]

    assert run_pool(postgres_url, body) == expected.split()


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9])
def test_pages_of_dwells_are_the_whole(postgres_url: str, limit: int) -> None:
    """Pages of any size hold each row once, also rows with one start; the last page says that it is."""
    rows = [at(f"w{i}~{i}", i // 2) for i in range(4)]

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await stored(pool, *rows)
        page = await read.dwells(pool, DwellFilter(), limit=limit)
        found = page.rows
        while page.next is not None:
            page = await read.dwells(pool, DwellFilter(), after=page.next, limit=limit)
            assert page.rows
            found += page.rows
        return [row.row.id for row in found]

    assert run_pool(postgres_url, body) == ["w0~0", "w1~1", "w2~2", "w3~3"]


@pytest.mark.parametrize("after", ["nonsense", "~", "x~y", "99999999999999999999999~a", "1e5~a"])
def test_a_made_up_cursor_is_refused(postgres_url: str, after: str) -> None:
    """A cursor that no page gave is the asker's mistake, and is called so."""

    async def body(pool: AsyncConnectionPool) -> None:
        with pytest.raises(DecodeError, match="bad_cursor"):
            await read.dwells(pool, DwellFilter(), after=after)
        with pytest.raises(DecodeError):
            await read.rejects(pool, after=after)

    run_pool(postgres_url, body)


def test_an_impossible_value_is_refused(postgres_url: str) -> None:
    """A time beyond what Postgres can count is refused, not a failure."""

    async def body(pool: AsyncConnectionPool) -> None:
        with pytest.raises(DecodeError, match="bad_value"):
            await read.dwells(pool, DwellFilter(from_us=-(2**62)))

    run_pool(postgres_url, body)


def assignment(assignment_id: str, vehicle: str, from_minute: int, until_minute: int | None) -> dict[str, Any]:
    until_us = None if until_minute is None else minutes_us(until_minute)
    return {
        "id": assignment_id,
        "device": "d1",
        "vehicle": vehicle,
        "from_us": minutes_us(from_minute),
        "until_us": until_us,
    }


MOVED = Config(
    section="assignments",
    op="set",
    rows=(
        assignment("a", "truck-1", -60, 30),
        assignment("b", "truck-2", 30, None),
        {"id": "c", "person": "ani", "device": "d1", "from_us": minutes_us(30)},
        assignment("d", "truck-9", 59, 60),
    ),
)


def test_the_vehicle_is_the_one_of_the_start(postgres_url: str) -> None:
    """A tracker that moved gives each dwell to the vehicle that carried it then; from counts, until does not."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await stored(
            pool, at("w1", 0), at("w2", 29, 5), at("w3", 30), at("w4", 60), at("w5", 0, device="d2"), configs=(MOVED,)
        )
        one = await read.dwell(pool, "w2")
        assert one is not None
        of_two = await read.dwells(pool, DwellFilter(vehicle="truck-2"))
        all_of = await read.dwells(pool, DwellFilter())
        return [one.vehicle, [r.row.id for r in of_two.rows], {r.row.id: r.vehicle for r in all_of.rows}]

    assert run_pool(postgres_url, body) == [
        "truck-1",
        ["w3", "w4"],
        {"w1": "truck-1", "w2": "truck-1", "w3": "truck-2", "w4": "truck-2", "w5": None},
    ]


def test_vehicles_as_of_a_time(postgres_url: str) -> None:
    """The assignments of each moment, none before the first."""

    async def body(pool: AsyncConnectionPool) -> list[dict[str, str]]:
        await stored(pool, configs=(MOVED,))
        return [await read.vehicles_at(pool, minutes_us(minute)) for minute in (-61, 0, 30, 59, 60)]

    assert [found.get("d1") for found in run_pool(postgres_url, body)] == [
        None,
        "truck-1",
        "truck-2",
        "truck-9",
        "truck-2",
    ]


def test_alerts_are_filtered_and_paged(postgres_url: str) -> None:
    """Newest first, by time, device, vehicle and state, in pages."""
    base: dict[str, Any] = {"kind": "dwell_limit", "revision": 1, "lon": 1, "lat": 1}
    said = [
        AlertChanged(at_us=minutes_us(10 * i), id=f"a{i}", device=f"d{i % 2}", state=state, **base)  # type: ignore[arg-type]
        for i, state in enumerate(["raised", "raised", "cleared", "raised", "raised"])
    ]

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await stored(pool, configs=(MOVED,))
        archive = Archive(pool)
        await archive.offsets()
        await archive.write({"events.0": "1-0"}, Fixes.empty(), [("events.0", "1-0", said)])
        first = await read.alerts(pool, AlertFilter(state="raised"), limit=3)
        second = await read.alerts(pool, AlertFilter(state="raised"), limit=3, after=first.next)
        timed = await read.alerts(pool, AlertFilter(from_us=minutes_us(10), to_us=minutes_us(30)))
        vehicle = await read.alerts(pool, AlertFilter(vehicle="truck-2"))
        return [[row.alert.id for row in page.rows] for page in (first, second, timed, vehicle)] + [second.next]

    assert run_pool(postgres_url, body) == [["a4", "a3", "a1"], ["a0"], ["a2", "a1"], ["a3"], None]


def test_the_registry_is_paged_by_id(postgres_url: str) -> None:
    """Pages of one section, in order of id; other sections do not show."""
    devices = Config(section="devices", rows=tuple({"id": f"d{i}"} for i in range(5)))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await stored(pool, configs=(devices, Config(section="vehicles", rows=({"id": "d0"},))))
        first = await read.registry(pool, "devices", limit=3)
        second = await read.registry(pool, "devices", limit=3, after=first.next)
        return [[row["id"] for row in first.rows], [row["id"] for row in second.rows], second.next]

    assert run_pool(postgres_url, body) == [["d0", "d1", "d2"], ["d3", "d4"], None]


def test_an_empty_archive_answers_with_nothing(postgres_url: str) -> None:
    """Every question has an answer before the first fix."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        return [
            (await read.dwells(pool, DwellFilter())).rows,
            (await read.alerts(pool, AlertFilter())).rows,
            (await read.rejects(pool)).rows,
            (await read.incidents(pool)).rows,
            await read.events_after(pool, 0),
            await read.last_seq(pool),
            await read.vehicles_at(pool, T0_US),
            *[await ask(pool, "x") for ask in (read.dwell, read.alert, read.incident, read.plan, read.command)],
            (await read.ping(pool)).server.partition(".")[0] >= "16",
        ]

    assert run_pool(postgres_url, body) == [[], [], [], [], [], 0, {}, None, None, None, None, None, True]
