"""What reports are made from: rows of a window, the fixes at its edges, flags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.errors import DecodeError
from core.events import DwellChanged, Event, SpellChanged
from core.fixes import Fixes, Flag
from store import reports
from store.archive import Archive
from store.reports import Edges, Place
from store.upkeep import roll_up
from tests.running import run_pool
from tests.strategies import PLACE, T0_US, dwell_of, spell_of

pytestmark = pytest.mark.service
MINUTE_US = 60_000_000


def fixes_at(device: str, *minutes: float, flags: tuple[int, ...] = (), late_s: float = 2.0) -> Fixes:
    """Fixes of a device at these minutes after T0, one degree of longitude a minute."""
    times = T0_US + np.array([int(minute * MINUTE_US) for minute in minutes], np.int64)
    n = len(minutes)
    return Fixes.of(
        (device,),
        device=np.zeros(n, np.int32),
        time_us=times,
        received_us=times + int(late_s * 1e6) + np.arange(n),
        lon=np.array(minutes, np.float64),
        lat=np.full(n, -10.0),
        flags=np.array(flags or (0,) * n, np.uint32),
    )


async def stored(
    pool: AsyncConnectionPool, *events: Event, fixes: Fixes | None = None, configs: tuple[Config, ...] = ()
) -> None:
    archive = Archive(pool)
    await archive.offsets()
    said = [("events.0", "1-0", list(events))] if events else []
    await archive.write({"in.0": "1-0"}, fixes or Fixes.empty(), said, [(f"{i}-0", c) for i, c in enumerate(configs)])


def test_rows_of_a_window_are_those_that_overlap_it_and_stand(postgres_url: str) -> None:
    """Equal to what was told; retracted ones and visits of areas are left out."""
    long = dwell_of("w1", place=PLACE, why="place", worked_s=7.5)
    trip = spell_of("s1", distance_m=0.1 + 0.2)
    visit = spell_of("s2", kind="visit", subject="place:tpa")
    others = [
        spell_of("s3", kind="visit", subject="area:a"),
        spell_of("s4", state="retracted"),
        spell_of("s5", start_us=T0_US + 3_600_000_000, end_us=T0_US + 3_700_000_000, last_us=T0_US + 3_700_000_000),
    ]

    async def body(pool: AsyncConnectionPool) -> Any:
        told: list[Event] = [SpellChanged(at_us=1, cause="close", row=row) for row in (trip, visit, *others)]
        told += [DwellChanged(at_us=1, cause="close", row=row) for row in (long, dwell_of("w2", state="retracted"))]
        await stored(pool, *told)
        window = T0_US + 60_000_000, T0_US + 120_000_000
        found = await reports.spells(pool, *window)
        return await reports.dwells(pool, *window), sorted(found, key=lambda row: row.id)

    assert run_pool(postgres_url, body) == ([long], [trip, visit])


def test_unexplained_stops_by_their_start(postgres_url: str) -> None:
    """Those that began in the window."""
    rows = [
        dwell_of("w1", purpose="unexplained"),
        dwell_of("w2", purpose="allowed"),
        dwell_of("w3", purpose="unexplained", state="retracted"),
        dwell_of("w4", purpose="unexplained", start_us=T0_US - 1),
    ]

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await stored(pool, *[DwellChanged(at_us=1, cause="close", row=row) for row in rows])
        return [row.id for row in await reports.unexplained(pool, T0_US, T0_US + MINUTE_US)]

    assert run_pool(postgres_url, body) == ["w1"]


def test_too_many_rows_are_refused(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a day's rows would be a wrong report."""
    monkeypatch.setattr(reports, "ROWS_MAX", 1)

    async def body(pool: AsyncConnectionPool) -> None:
        await stored(pool, *[DwellChanged(at_us=1, cause="close", row=dwell_of(f"w{i}")) for i in range(2)])
        with pytest.raises(DecodeError, match="ask for a shorter time"):
            await reports.dwells(pool, T0_US, T0_US + MINUTE_US)

    run_pool(postgres_url, body)


def place(minute: float) -> Place:
    return Place(T0_US + int(minute * MINUTE_US), minute, -10.0)


def test_the_fixes_at_the_edges_of_a_window(postgres_url: str) -> None:
    """Before it, its first and last, after it; not its end; what no detector uses is no sign of life."""
    flags = (0, 0, int(Flag.MOCK), 0, 0, int(Flag.HEARTBEAT), 0, 0)

    async def body(pool: AsyncConnectionPool) -> list[Edges]:
        fixes = fixes_at("d1", 1, 5, 10, 12, 15, 19, 20, 30, flags=flags)
        await stored(pool, fixes=Fixes.concat([fixes, fixes_at("d2", 3), fixes_at("d3", 3)]))
        found = await reports.heard(pool, ["d1", "d2", "nobody"], place(10).at_us, place(20).at_us)
        return sorted(found)

    assert run_pool(postgres_url, body) == [
        Edges("d1", place(5), place(12), place(15), place(20)),
        Edges("d2", place(3), None, None, None),
    ]


def test_the_newest_fix_by_a_moment(postgres_url: str) -> None:
    """That moment included."""

    async def body(pool: AsyncConnectionPool) -> dict[str, Place]:
        await stored(pool, fixes=Fixes.concat([fixes_at("d1", 1, 5, 9), fixes_at("d2", 6)]))
        return await reports.seen(pool, ["d1", "d2"], place(5).at_us)

    assert run_pool(postgres_url, body) == {"d1": place(5)}


def test_flags_and_the_promptest_fix_of_each_device(postgres_url: str) -> None:
    """Counted by flag in the hours that were summed up."""
    flags = (int(Flag.JUMP), int(Flag.JUMP | Flag.STUCK), 0)

    async def body(pool: AsyncConnectionPool) -> Any:
        fixes = [fixes_at("d1", 1, 5, 70, flags=flags, late_s=3), fixes_at("d2", 6, late_s=-1.5)]
        await stored(pool, fixes=Fixes.concat(fixes))
        await roll_up(pool)
        return await reports.flagged(pool, T0_US, T0_US + 120 * MINUTE_US)

    first, second = run_pool(postgres_url, body)
    assert (first.device, first.fixes, first.prompt_s) == ("d1", 3, 3.0)
    assert {name: n for name, n in first.flags.items() if n} == {"jump": 2, "stuck": 1}
    assert (second.device, second.prompt_s, sum(second.flags.values())) == ("d2", -1.5, 0)


def test_sections_of_the_registry(postgres_url: str) -> None:
    """The rows of those that are asked for; a section without rows is there, empty."""

    async def body(pool: AsyncConnectionPool) -> Any:
        await stored(pool, configs=(Config(section="vehicles", rows=({"id": "v1"},)),))
        return await reports.sections(pool, ("vehicles", "routes"))

    found = run_pool(postgres_url, body)
    assert ([row["id"] for row in found["vehicles"]], found["routes"]) == (["v1"], [])


def test_what_is_known_is_what_the_slowest_input_has_brought(postgres_url: str) -> None:
    """Events say nothing about it, and ids that are no times neither."""

    async def body(pool: AsyncConnectionPool) -> list[int | None]:
        archive, found = Archive(pool), [await reports.known_us(pool)]
        await archive.offsets()
        reached = {"in.0": "1767571200500-3", "in.1": "1767571200007-0", "in.2": "12-0", "events.0": "5-0"}
        await archive.write(reached, Fixes.empty())
        return [*found, await reports.known_us(pool)]

    assert run_pool(postgres_url, body) == [None, 1_767_571_200_007_000]
