"""`ronda import fixes`: old trips into a running installation, and what it says."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.errors import ConfigError, RondaError
from core.fixes import Fixes
from core.units import DAY_US
from ronda.archiving import archive_for_ever
from ronda.arguments import parser
from ronda.commands import rebuild
from ronda.commands.import_fixes import _believed, _import, _read, parse_names
from ronda.commands.rebuild import _rebuild
from ronda.pump import Pump
from ronda.registry import Directory
from ronda.settings import Settings
from ronda.steps import GeoStep
from store import read
from store.archive import Archive
from store.log import START, Log
from store.pg import connect
from store.read import DwellFilter
from store.valkey import ValkeyLog
from tests.ronda.pipeline import PARTITIONS, tell
from tests.ronda.test_rebuild import CONFIG, DAY, plain
from tests.running import run_pool
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service


def written(path: Path, fixes: Fixes, device: str = "d1") -> Path:
    """A CSV of the fixes, as somebody else's system might give it."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(["unit", "t", "lat", "lon"])
        for time_us, lat, lon in zip(fixes.time_us.tolist(), fixes.lat.tolist(), fixes.lon.tolist(), strict=True):
            lines.writerow([device, dt.datetime.fromtimestamp(time_us / 1e6, dt.UTC).isoformat(), lat, lon])
    return path


def run(
    redis_url: str, postgres_url: str, *lines: list[str], before: tuple[Any, ...] = CONFIG
) -> tuple[list[Any], dict[str, Any]]:
    """Run imports one after another while geo and the archive work; how each ended, and what is then there."""
    settings = Settings(data_dir=Path("/nowhere"), redis_url=redis_url, database_url=postgres_url)

    async def main() -> tuple[list[Any], dict[str, Any]]:
        log, ends = ValkeyLog(redis_url), list[Any]()
        await tell(log, before)
        async with await connect(postgres_url) as pool, asyncio.TaskGroup() as group:
            tasks = [group.create_task(archive_for_ever(log, Archive(pool), PARTITIONS))]
            for p in range(PARTITIONS):
                pump = Pump(log, "geo", f"in.{p}", uuid4().hex, partial(GeoStep, p), ())
                tasks.append(group.create_task(pump.run()))
            await _until(lambda: _at_end(log, pool))
            for line in lines:
                ends.append(await _ended(line, settings))
            found = {"dwells": [r.row for r in (await read.dwells(pool, DwellFilter())).rows]}
            for device in ("d1", "truk-7"):
                found[device] = len((await read.fixes(pool, device, 0, 1 << 62))[0])
            for task in tasks:
                while not task.done():  # a driver may swallow one cancellation
                    task.cancel()
                    await asyncio.wait([task], timeout=0.5)
            await log.close()
        return ends, found

    return asyncio.run(main())


async def _ended(line: list[str], settings: Settings) -> Any:
    if line[0] == "rebuild":
        args = parser().parse_args(line)
        return await _rebuild(settings, dt.date.fromisoformat(args.day), args.device)
    args = parser().parse_args(["import", "fixes", *line])
    fixes, _ = _read(args, parse_names(args.device or []))
    try:
        return await _import(args, settings, fixes)
    except RondaError as error:
        return str(error)


async def _at_end(log: Log, pool: AsyncConnectionPool) -> bool:
    archived = await Archive(pool).offsets()
    ends = {f"{kind}.{p}": await log.last_id(f"{kind}.{p}") for kind in ("in", "events") for p in range(PARTITIONS)}
    pumped = [await log.offset("geo", f"in.{p}") == ends[f"in.{p}"] for p in range(PARTITIONS)]
    return all(pumped) and all(archived.get(stream, START) == end for stream, end in ends.items())


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110  other tasks do it
            await asyncio.sleep(0.01)


COLUMNS = ["--columns", "device=unit,time=t"]


def test_old_trips_are_there_as_if_heard(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fixes and dwells are in the archive; a second import finds all of it there."""
    line = [str(written(tmp_path / "a.csv", DAY)), *COLUMNS]
    ends, found = run(clean_valkey_url, postgres_url, line, line)

    assert (ends, found["d1"], len(found["dwells"])) == ([0, 0], len(DAY), 4)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "fixes" in line] == [
        f"{len(DAY)} fixes are new, 0 were there.",
        f"0 fixes are new, {len(DAY)} were there.",
    ]
    first, second = (line for line in said if line.startswith("Rows: "))
    assert first.endswith(" new, 0 revised, 0 retracted, 0 same.")
    assert second.startswith("Rows: 0 new, 0 revised, 0 retracted, ")


def test_a_day_is_computed_anew_from_the_command_line(clean_valkey_url: str, postgres_url: str) -> None:
    """All devices of it, or one; of one that was not heard there is nothing to say."""
    lines = [["rebuild", "--day", "2026-01-05", *rest] for rest in ([], ["--device", "d1"], ["--device", "d2"])]
    ends, _ = run(clean_valkey_url, postgres_url, *lines, before=(*CONFIG, DAY))
    assert ends[0] == ends[1]
    assert [{what for what, n in counts.items() if n} for counts in ends] == [{"same"}, {"same"}, set()]
    with pytest.raises(ConfigError, match="write a day of the city"):
        rebuild.run(parser().parse_args(["rebuild", "--day", "yesterday"]))


def test_what_was_heard_live_is_left_alone(clean_valkey_url: str, postgres_url: str, tmp_path: Path) -> None:
    """The export of a day that was heard live changes no row, the running end of it least of all."""
    other = fixes_of("d2", (0, 1, 1))
    line = [str(written(tmp_path / "a.csv", DAY)), *COLUMNS]
    _, heard = run(clean_valkey_url, postgres_url, before=(*CONFIG, DAY, other))
    _, found = run(clean_valkey_url, postgres_url, line, before=())
    assert found["d1"] == len(DAY)
    assert plain(found["dwells"]) == plain(heard["dwells"])


def test_strangers_are_refused_or_registered(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A device nobody registered stops the import before anything is written; --register takes it in."""
    file = str(written(tmp_path / "a.csv", DAY))
    named = [file, *COLUMNS, "--device", "truk-7"]
    ends, found = run(clean_valkey_url, postgres_url, [*named, "--dry-run"], named, [*named, "--register"])

    assert (ends[0], ends[2], found["truk-7"], found["d1"]) == (0, 0, len(DAY), 0)
    assert ends[1].startswith("Register them first (`ronda import devices FILE`), or say --register.")
    assert len(found["dwells"]) == 4
    said = capsys.readouterr().out
    assert "1 devices would have to be registered (--register): truk-7.\nDry run: nothing was changed.\n" in said
    assert "1 devices registered as truck.\n" in said


def test_the_future_and_off_duty_hours_are_left_out(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What would have been refused live is refused here, and counted."""
    join = {"id": "j", "device": "d1", "person": "ani", "from_us": T0_US}
    volunteer = (
        Config(section="people", rows=({"id": "ani", "kind": "volunteer"},)),
        Config(section="assignments", rows=(join,)),
    )
    ahead = fixes_of("d1", (0, 1, 1), (3e9, 1, 1))
    line = [str(written(tmp_path / "a.csv", ahead)), *COLUMNS]
    _, found = run(clean_valkey_url, postgres_url, line, before=(*CONFIG, *volunteer))

    assert found["d1"] == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "1 fixes lie in the future and are left out.",
        "1 fixes were made off duty and are left out.",
    ]


def test_devices_get_their_names(tmp_path: Path) -> None:
    """All rows one name, or each of the file's names its own."""
    args = parser().parse_args(["import", "fixes", str(written(tmp_path / "a.csv", DAY, "4")), *COLUMNS])
    assert _read(args, parse_names(["truk-7"]))[0].ids == ("truk-7",)
    assert _read(args, parse_names(["4=truk-7", "5=truk-8"]))[0].ids == ("truk-7",)
    assert _read(args, {})[0].ids == ("4",)
    with pytest.raises(ConfigError, match="write --device ID"):
        parse_names(["=x"])


def test_several_files_of_a_traccar_server(clean_valkey_url: str, postgres_url: str, tmp_path: Path) -> None:
    """Positions as its API gives them, one file a device, speeds in knots; each named like its device."""
    position = {
        "deviceId": 4, "protocol": "gt06", "fixTime": "2026-01-05T00:00:00.000+00:00", "latitude": -10.17,
        "longitude": 123.6, "speed": 10.0, "valid": True, "attributes": {},
    }  # fmt: skip
    files = []
    for name in ("d1", "truk-7"):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps([position]))
    run(clean_valkey_url, postgres_url, [*map(str, files), "--register"])

    async def body(pool: AsyncConnectionPool) -> list[float]:
        return [float((await read.fixes(pool, name, 0, 1 << 62))[0].speed_mps[0]) for name in ("d1", "truk-7")]

    assert run_pool(postgres_url, body) == [pytest.approx(5.14444)] * 2


def test_a_forgotten_day_is_not_computed_from_scraps() -> None:
    """Its dwells stand, so its fixes are left out, and it is said which setting forgot them."""
    now_us = T0_US + 40 * DAY_US
    fixes = fixes_of("d1", (0, 1, 1), (39 * 86_400, 1, 1))
    assert len(_believed(fixes, now_us, Directory(), 30)) == 1
    assert len(_believed(fixes, now_us, Directory(), 0)) == 2
