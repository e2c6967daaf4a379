"""What a city tells of itself at a start."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.codec import decode
from core.entries import Config
from ronda.archiving import archive_for_ever
from ronda.configure import ensure_city
from ronda.runtime import DISPATCH_IN, Parts, Runtime
from ronda.settings import Settings
from ronda.up import located, opened
from store.archive import Archive
from store.read import config_done, registry_rows

pytestmark = pytest.mark.service
OLD = {"id": "city", "code": "53.71", "name": "Kota Kupang", "tz": "Asia/Makassar"}  # as it was told before clocks were
SUMMER = OLD | {"offsets": [[0, 28_800], [1_000_000, 32_400]]}  # a clock that the country has since changed


async def settled(runtime: Runtime, config: Config) -> None:
    """Tell it, and wait until the archive has it and all before."""
    await runtime.configure(config)
    while not await config_done(runtime.pool, config.id):  # noqa: ASYNC110  no bell in a test
        await asyncio.sleep(0.01)


def after_starts(clean_valkey_url: str, postgres_url: str, *configs: Config) -> dict[str, dict[str, Any]]:
    """The registry after these entries and two starts, rows by id."""

    async def main() -> dict[str, dict[str, Any]]:
        settings = Settings(data_dir=Path("/nowhere"), redis_url=clean_valkey_url, database_url=postgres_url)
        async with opened(settings, located(settings), Parts()) as runtime:
            partitions = await runtime.log.partitions(4)
            archive = asyncio.create_task(archive_for_ever(runtime.log, Archive(runtime.pool), partitions))
            for number, config in enumerate(configs):
                await settled(runtime, Config(section=config.section, rows=config.rows, id=f"c{number}"))
            for start in range(2):
                await ensure_city(runtime)
                await settled(runtime, Config(section="city", rows=({"id": "probe"},), id=f"start-{start}"))
            found = {
                section: {row["id"]: row async for row in registry_rows(runtime.pool, section)}
                for section in ("city", "calendar", "places", "shifts", "kinds")
            }
            said = [decode(e.body) for e in (await runtime.log.read({"in.0": "0-0"}, count=1000, block_ms=0))["in.0"]]
            heard = [
                decode(e.body)
                for e in (await runtime.log.read({DISPATCH_IN: "0-0"}, count=999, block_ms=0))[DISPATCH_IN]
            ]
            found["dispatch"] = Counter(value.section for value in heard)
            found["told"] = Counter(value.section for value in said if isinstance(value, Config))
            while not archive.done():  # a driver may swallow one cancellation
                archive.cancel()
                await asyncio.wait([archive], timeout=0.5)
        return found

    return asyncio.run(main())


def test_a_new_installation_hears_everything(clean_valkey_url: str, postgres_url: str) -> None:
    """Its clock, its holidays, its shifts, and of the places those that exist."""
    found = after_starts(clean_valkey_url, postgres_url)
    assert found["city"]["city"]["offsets"] == [[0, 28_800]]
    assert found["calendar"]["2026-12-25"]["kind"] == "holiday"
    assert (sorted(found["shifts"]), list(found["places"])) == (["malam", "pagi", "siang"], ["tpa-alak"])
    assert found["dispatch"] == {"areas": 1, "city": 3, "kinds": 1}  # and the probes
    assert found["kinds"]["longsor"]["aliases"] == ["tanah_longsor", "landslide"]


def test_an_older_installation_hears_of_clock_and_holidays(clean_valkey_url: str, postgres_url: str) -> None:
    """What people have made of it since stays as it is."""
    found = after_starts(clean_valkey_url, postgres_url, Config(section="city", rows=(OLD,)))
    assert found["city"]["city"]["offsets"] == [[0, 28_800]]
    assert "2026-12-25" in found["calendar"]
    assert (found["shifts"], found["places"]) == ({}, {})


def test_geo_hears_of_the_registries_that_it_did_not_read_before(clean_valkey_url: str, postgres_url: str) -> None:
    """Assignments from before geo kept any are told again, so that it knows who drives what."""
    join = {"id": "j", "from_us": 0, "device": "t1", "vehicle": "v1"}
    older = [Config(section="city", rows=(OLD,)), Config(section="assignments", rows=(join,))]
    found = after_starts(clean_valkey_url, postgres_url, *older)
    assert found["told"] == {"assignments": 2, "calendar": 1, "city": 4, "kinds": 1}


def test_a_clock_that_was_changed_is_told_anew(clean_valkey_url: str, postgres_url: str) -> None:
    """And the calendar, which people may have corrected, is left alone."""
    found = after_starts(clean_valkey_url, postgres_url, Config(section="city", rows=(SUMMER,)))
    assert (found["city"]["city"]["offsets"], found["calendar"]) == ([[0, 28_800]], {})


def test_kinds_of_incident_that_are_others_now_are_told_anew(clean_valkey_url: str, postgres_url: str) -> None:
    """A need that the city has corrected since; what was told of a kind that it has no more stays."""
    city = OLD | {"offsets": [[0, 28_800]]}
    kinds = ({"id": "longsor", "name": "Longsor"}, {"id": "hujan_meteor", "name": "Hujan meteor"})
    found = after_starts(
        clean_valkey_url, postgres_url, Config(section="city", rows=(city,)), Config(section="kinds", rows=kinds)
    )
    assert [need["role"] for need in found["kinds"]["longsor"]["needs"]] == ["evakuasi", "p3k"]
    assert (len(found["kinds"]), found["dispatch"]["kinds"]) == (47, 2)
