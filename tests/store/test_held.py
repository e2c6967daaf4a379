"""Fixes of unknown devices: kept as heard, listed, read to be adopted, dropped, expired."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes, Flag
from store import archive as archive_module
from store.archive import Archive
from store.held import HeldDevice, drop_held, expire_held, held_devices, held_fixes
from tests.running import run_pool
from tests.strategies import T0_US, fixes, fixes_of

pytestmark = pytest.mark.service
S_US = 1_000_000


async def hold(pool: AsyncConnectionPool, *held: Fixes) -> None:
    archive = Archive(pool)
    at = int((await archive.offsets()).get("held", "0-0").partition("-")[0])
    await archive.write({"held": f"{at + 1}-0"}, Fixes.empty(), held=Fixes.concat(held))


@given(batch=fixes())
def test_held_fixes_come_back_as_heard(postgres_url: str, batch: Fixes) -> None:
    """Every column survives; each device's fixes are in order of time and content, each once."""

    async def body(pool: AsyncConnectionPool) -> dict[str, Fixes]:
        await expire_held(pool, T0_US + 90_000 * S_US)
        await hold(pool, batch, batch)
        return {name: await held_fixes(pool, name) for name in batch.ids if "\0" not in name}

    for name, found in run_pool(postgres_url, body).items():
        rows = [i for i, owner in enumerate(batch.names()) if owner == name]
        first = {(batch.time_us[i], batch.content[i]): i for i in reversed(rows)}
        assert found == batch.take([first[key] for key in sorted(first)])  # type: ignore[arg-type]


def test_held_devices_are_listed(postgres_url: str) -> None:
    """One row a device, the one heard last first, with its newest position."""
    one = fixes_of("a", (0, 123.0, -10.0), (60, 123.5, -10.5), dialect=[2, 2])
    other = fixes_of("b", (10, 124.0, -11.0), dialect=[4])

    async def body(pool: AsyncConnectionPool) -> list[HeldDevice]:
        await hold(pool, one, other)
        return await held_devices(pool)

    assert run_pool(postgres_url, body) == [
        HeldDevice("a", 2, 2, T0_US + 1 * S_US, T0_US + 61 * S_US, 123.5, -10.5),
        HeldDevice("b", 4, 1, T0_US + 11 * S_US, T0_US + 11 * S_US, 124.0, -11.0),
    ]


def test_only_what_was_read_is_dropped(postgres_url: str) -> None:
    """A fix that arrives between reading and dropping waits for the next adoption; other devices keep theirs."""
    flagged = fixes_of("a", (5, 1, 1), flags=[int(Flag.SOS)])

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await hold(pool, fixes_of("a", (0, 1, 1), (9, 2, 2)), fixes_of("b", (0, 1, 1)))
        read = await held_fixes(pool, "a")
        await hold(pool, flagged)
        await drop_held(pool, "a", read)
        await drop_held(pool, "a", read)
        return [await held_fixes(pool, "a"), len(await held_fixes(pool, "b"))]

    assert run_pool(postgres_url, body) == [flagged, 1]


def test_reading_is_bounded_to_the_oldest(postgres_url: str) -> None:
    """A device with a day of fixes is adopted in pieces, the oldest first."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await hold(pool, fixes_of("a", (3, 1, 1), (1, 1, 1), (2, 1, 1)))
        return list((await held_fixes(pool, "a", limit=2)).time_us)

    assert run_pool(postgres_url, body) == [T0_US + S_US, T0_US + 2 * S_US]


def test_held_fixes_expire_by_when_they_were_heard(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was received before the instant goes, in batches; a fix with an old time that was heard now stays."""
    monkeypatch.setattr("store.held.BATCH", 2)
    old_time = fixes_of("b", (-3600, 1, 1), received_us=[T0_US + 100 * S_US])

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await hold(pool, fixes_of("a", *((i, 1, 1) for i in range(5))), old_time)
        gone = await expire_held(pool, T0_US + 50 * S_US)
        return [gone, [row.device for row in await held_devices(pool)], await expire_held(pool, T0_US)]

    assert run_pool(postgres_url, body) == [5, ["b"], 0]


def test_strangers_do_not_fill_the_disk(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the room for strangers nothing more is held until some of it is gone; the archive goes on."""
    monkeypatch.setattr(archive_module, "HELD_KEPT", 3)

    async def body(pool: AsyncConnectionPool) -> list[int]:
        await hold(pool, fixes_of("a", (0, 1, 1), (1, 1, 1)))
        await hold(pool, fixes_of("b", (0, 1, 1), (1, 1, 1)))
        before = len(await held_devices(pool))
        await expire_held(pool, T0_US + 60 * S_US)
        await hold(pool, fixes_of("b", (0, 1, 1), (1, 1, 1)))
        return [before, len(await held_fixes(pool, "b"))]

    assert run_pool(postgres_url, body) == [1, 2]
