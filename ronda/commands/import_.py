"""`ronda import WHAT FILE`: read, compare, append to the log, wait for the effect, report."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import getpass
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.entities import Area
from core.entries import Config
from core.errors import RondaError
from ronda.commands.common import settings_of
from ronda.installation import NotRunningError
from ronda.intake.areas import Taken
from ronda.intake.registry import ENTITIES, take
from ronda.intake.table import parse_columns, read
from ronda.runtime import Parts, Runtime
from ronda.settings import Settings
from ronda.up import located, opened
from store.read import config_done, registry

ROWS_AN_ENTRY: Final = 500
_WAIT_S: Final = 30.0
_SHOWN: Final = 20  # remarks and refusals printed; the rest is counted


@dataclass(frozen=True, slots=True)
class Change:
    """What the file would change of what is there."""

    new: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    same: int
    gone: list[str]


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_import(args, settings_of(args)))


async def _import(args: argparse.Namespace, settings: Settings) -> int:
    import cities

    raw = read(Path(args.file), parse_columns(args.columns))
    taken = take(args.section, raw, ZoneInfo(cities.load(settings.city).tz))
    _report_file(args.section, len(raw), taken)
    if not taken.rows:
        raise RondaError(f"Nothing of {args.file} can be used.")
    if args.dry_run:
        return await _preview(args, settings, taken)
    async with opened(settings, located(settings), Parts()) as runtime:
        change = await compare(runtime.pool, args.section, taken.rows, replace=args.replace)
        _report_change(change, "")
        await _apply(runtime, args.section, taken.rows, change, replace=args.replace)
    return 0


async def _preview(args: argparse.Namespace, settings: Settings, taken: Taken) -> int:
    try:
        urls = located(settings)
    except NotRunningError:
        sys.stdout.write("Nothing runs to compare with; nothing was changed.\n")
        return 0
    async with opened(settings, urls, Parts()) as runtime:
        change = await compare(runtime.pool, args.section, taken.rows, replace=args.replace)
    _report_change(change, "would be ")
    sys.stdout.write("Dry run: nothing was changed.\n")
    return 0


async def compare(pool: AsyncConnectionPool, section: str, rows: list[Any], *, replace: bool) -> Change:
    """New, changed and equal rows against the archive; `gone` only when the file replaces the set."""
    there = {str(row["id"]): row async for row in _all_rows(pool, section)}
    kind = Area if section == "areas" else ENTITIES[section]
    new, changed, same = [], [], 0
    for entity in rows:
        row = msgspec.to_builtins(entity)
        if row["id"] not in there:
            new.append(row)
        elif _as_entity(there[row["id"]], kind) != entity:
            changed.append(row)
        else:
            same += 1
    named = {entity.id for entity in rows}
    return Change(new, changed, same, sorted(set(there) - named) if replace else [])


def _as_entity(row: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct | None:
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(row, kind)
    return None


async def _all_rows(pool: AsyncConnectionPool, section: str) -> Any:
    after: str | None = None
    while True:
        page = await registry(pool, section, after=after, limit=1000)
        for row in page.rows:
            yield row
        after = page.next
        if after is None:
            return


async def _apply(runtime: Runtime, section: str, rows: list[Any], change: Change, *, replace: bool) -> None:
    last = ""
    for config in _entries(runtime, section, rows, change, replace=replace):
        await runtime.configure(config)
        last = config.id
    if not last:
        sys.stdout.write("Nothing to change.\n")
        return
    for _ in range(int(_WAIT_S / 0.1)):
        if await config_done(runtime.pool, last):
            sys.stdout.write("Done.\n")
            return
        await asyncio.sleep(0.1)
    sys.stdout.write("It is in the log, but the archive has not taken it yet: does the stage `archive` run?\n")


def _entries(runtime: Runtime, section: Any, rows: list[Any], change: Change, *, replace: bool) -> Iterator[Config]:
    """One `set` of everything, or `upsert`s of what is new or changed, a bounded number of rows each."""
    actor, at_us = f"import:{getpass.getuser()}", runtime.clock.now_us()
    if replace:
        if change.new or change.changed or change.gone:
            whole = tuple(msgspec.to_builtins(row) for row in rows)
            yield Config(section=section, op="set", rows=whole, at_us=at_us, actor=actor, id=secrets.token_hex(8))
        return
    wanted = change.new + change.changed
    for start in range(0, len(wanted), ROWS_AN_ENTRY):
        part = tuple(wanted[start : start + ROWS_AN_ENTRY])
        yield Config(section=section, op="upsert", rows=part, at_us=at_us, actor=actor, id=secrets.token_hex(8))


def _report_file(section: str, read_rows: int, taken: Taken) -> None:
    sys.stdout.write(f"{read_rows} rows read, {len(taken.rows)} {section} understood, {len(taken.refused)} refused.\n")
    for title, lines in (("Repaired or remarkable", taken.remarks), ("Refused", taken.refused)):
        if lines:
            sys.stdout.write(f"{title}:\n" + "".join(f"  {line}\n" for line in lines[:_SHOWN]))
        if len(lines) > _SHOWN:
            sys.stdout.write(f"  … and {len(lines) - _SHOWN} more\n")


def _report_change(change: Change, mood: str) -> None:
    counts = f"{len(change.new)} {mood}new, {len(change.changed)} {mood}changed, {change.same} {mood}unchanged"
    gone = f", {len(change.gone)} {mood}removed" if change.gone else ""
    sys.stdout.write(f"{counts}{gone}.\n")
