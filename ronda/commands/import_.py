"""`ronda import WHAT FILE`: read, compare, append to the log, wait for the effect, report."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.errors import ConfigError, RondaError
from ronda.adopt import Registrar, registrar_of
from ronda.commands.common import ROWS_AN_ENTRY, WAIT_S, settings_of
from ronda.installation import NotRunningError
from ronda.intake.merge import Change, compare
from ronda.intake.registry import take
from ronda.intake.rules import read_rules, rules
from ronda.intake.table import parse_columns, read
from ronda.intake.taken import Taken
from ronda.runtime import Parts
from ronda.settings import Settings
from ronda.up import located, opened
from store import credentials
from store.held import held_devices

_SHOWN: Final = 20  # remarks and refusals printed; the rest is counted
_HELD: Final = 2_000  # strangers looked through for the report


def run(args: argparse.Namespace) -> int:
    if args.section == "fixes":
        from ronda.commands import import_fixes

        return import_fixes.run(args)
    if args.section == "roads":
        from ronda.commands import import_roads

        return import_roads.run(args)
    if args.section == "alerts":
        from ronda.commands import import_alerts

        return import_alerts.run(args)
    if len(args.files) != 1:
        raise ConfigError("Give one FILE; only `ronda import fixes` and `ronda import alerts` take several.")
    return asyncio.run(_import(args, settings_of(args)))


async def _import(args: argparse.Namespace, settings: Settings) -> int:
    import cities

    read_rows, taken = _taken(args, ZoneInfo(cities.load(settings.city).tz))
    _report_file(args.section, read_rows, taken)
    if not taken.rows:
        raise RondaError(f"Nothing of {args.files[0]} can be used.")
    if args.dry_run:
        return await _preview(args, settings, taken)
    async with opened(settings, located(settings), Parts()) as runtime:
        registrar = registrar_of(runtime, WAIT_S)
        async with registrar.alone():
            change = await compare(runtime.pool, args.section, taken, replace=args.replace, close=args.close)
            _report_change(change, "")
            held = await _report_held(runtime.pool, args.section, change, "are")
            if args.section == "devices":
                await _silence(runtime.pool, change.gone, runtime.clock.now_us())
            await _apply(registrar, args.section, change, held, replace=args.replace)
    return 0


def _taken(args: argparse.Namespace, zone: ZoneInfo) -> tuple[int, Taken]:
    """How many rows the file has, and what they are."""
    path = Path(args.files[0])
    if args.section == "rules":
        bodies = read_rules(path)
        return len(bodies), rules(bodies, zone)
    raw = read(path, parse_columns(args.columns), args.sheet)
    return len(raw), take(args.section, raw, zone, args.set_version)


async def _silence(pool: AsyncConnectionPool, gone: Sequence[str], now_us: int) -> None:
    """A device that goes takes its credentials with it; they end first, so that none outlives it."""
    for device in gone:
        await credentials.set_payload_key(pool, device, None, now_us)
    ended = await credentials.revoke_devices(pool, gone, now_us)
    if ended:
        sys.stdout.write(f"{len(ended)} credentials of removed devices are worthless now.\n")


async def _preview(args: argparse.Namespace, settings: Settings, taken: Taken) -> int:
    try:
        urls = located(settings)
    except NotRunningError:
        sys.stdout.write("Nothing runs to compare with; nothing was changed.\n")
        return 0
    async with opened(settings, urls, Parts()) as runtime:
        change = await compare(runtime.pool, args.section, taken, replace=args.replace, close=args.close)
        _report_change(change, "would be ")
        await _report_held(runtime.pool, args.section, change, "would be")
    sys.stdout.write("Dry run: nothing was changed.\n")
    return 0


async def _apply(registrar: Registrar, section: Any, change: Change, held: set[str], *, replace: bool) -> None:
    if change.empty:
        sys.stdout.write("Nothing to change.\n")
        return
    for config in _entries(section, change, replace=replace):
        await registrar([config], [row["id"] for row in config.rows if row["id"] in held])
    sys.stdout.write("Done.\n")


def _entries(section: Any, change: Change, *, replace: bool) -> Iterator[Config]:
    """One `set` of everything, or `upsert`s of what is new or changed, a bounded number of rows each."""
    actor, wanted = f"import:{getpass.getuser()}", change.new + change.changed
    if replace:
        yield Config(section=section, op="set", rows=(*wanted, *change.same), actor=actor)
        return
    for start in range(0, len(wanted), ROWS_AN_ENTRY):
        yield Config(section=section, rows=tuple(wanted[start : start + ROWS_AN_ENTRY]), actor=actor)


def _report_file(section: str, read_rows: int, taken: Taken) -> None:
    sys.stdout.write(f"{read_rows} rows read, {len(taken.rows)} {section} understood, {len(taken.refused)} refused.\n")
    _list("Repaired or remarkable", taken.remarks)
    _list("Refused", taken.refused)


def _report_change(change: Change, mood: str) -> None:
    _list("Remarkable", change.remarks)
    _list("Refused", change.refused)
    _list("Changes", change.differences)
    counts = f"{len(change.new)} {mood}new, {len(change.changed)} {mood}changed, {len(change.same)} {mood}unchanged"
    gone = f", {len(change.gone)} {mood}removed" if change.gone else ""
    sys.stdout.write(f"{counts}{gone}.\n")


async def _report_held(pool: AsyncConnectionPool, section: str, change: Change, mood: str) -> set[str]:
    """What was heard of new devices before anybody knew them; which devices these are."""
    if section != "devices":
        return set()
    new = {row["id"] for row in change.new}
    held = {found.device: found.fixes for found in await held_devices(pool, limit=_HELD) if found.device in new}
    if held:
        sys.stdout.write(f"Heard already: {sum(held.values())} fixes of {len(held)} devices {mood} adopted.\n")
    return set(held)


def _list(title: str, lines: Sequence[str]) -> None:
    if lines:
        sys.stdout.write(f"{title}:\n" + "".join(f"  {line}\n" for line in lines[:_SHOWN]))
    if len(lines) > _SHOWN:
        sys.stdout.write(f"  … and {len(lines) - _SHOWN} more\n")
