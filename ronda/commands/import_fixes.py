"""`ronda import fixes FILE…`: old trips straight into the archive, then the rows of their days anew."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from tqdm import tqdm

from core.entities import Device, DeviceId
from core.entries import Config
from core.errors import ConfigError, RondaError
from core.fixes import Fixes
from ingest.columns import FUTURE_S
from ingest.dialects import valid_device
from ingest.directory import kept_rows
from ingest.files import Trouble, parse_columns, read_trace
from ronda.adopt import registrar_of
from ronda.commands.common import ROWS_AN_ENTRY, WAIT_S, say_rows, settings_of
from ronda.installation import NotRunningError
from ronda.past import add, rebuild_all
from ronda.registry import Directory
from ronda.runtime import Parts, Runtime
from ronda.settings import Settings
from ronda.up import located, opened
from store.upkeep import kept_since_us

_SHOWN: Final = 20  # bad rows and strangers printed; the rest is counted


def run(args: argparse.Namespace) -> int:
    names = parse_names(args.device or [])
    fixes, troubles = _read(args, names)
    _report(fixes, troubles)
    if not len(fixes):
        raise RondaError("No usable fix in the file; see what is said of its rows above.")
    return asyncio.run(_import(args, settings_of(args), fixes))


def parse_names(given: Iterable[str]) -> dict[str, str]:
    """`--device truk-7` names all rows, `--device 4=truk-7` those of a device that the file calls 4."""
    names: dict[str, str] = {}
    for text in given:
        theirs, equals, ours = text.rpartition("=")
        if not valid_device(ours) or (equals and not theirs):
            raise ConfigError(f"--device {text}: write --device ID, or --device NAME_IN_FILE=ID for each of several.")
        names[theirs] = ours
    return names


def renamed(fixes: Fixes, names: dict[str, str]) -> Fixes:
    """The fixes under the names told; several old names may become one device."""
    told = [names.get(device, names.get("", device)) for device in fixes.ids]
    ids = list(dict.fromkeys(told))
    numbers = np.array([ids.index(name) for name in told], np.int32)
    return replace(fixes, ids=tuple(ids), device=numbers[fixes.device]) if told else fixes


def _read(args: argparse.Namespace, names: dict[str, str]) -> tuple[Fixes, list[tuple[str, Trouble]]]:
    """All files, each fix once; rows that cannot be used."""
    columns = parse_columns(args.columns) if args.columns else None
    parts, troubles = list[Fixes](), list[tuple[str, Trouble]]()
    for file in tqdm(args.files, unit=" files", disable=None if len(args.files) > 1 else True, leave=False):
        trace = read_trace(Path(file), columns)
        parts.append(renamed(trace.fixes, names))
        troubles += [(file, trouble) for trouble in trace.troubles]
    return Fixes.concat(parts), troubles


async def _import(args: argparse.Namespace, settings: Settings, fixes: Fixes) -> int:
    try:
        urls = located(settings)
    except NotRunningError:
        if not args.dry_run:
            raise
        sys.stdout.write("Nothing runs to compare with; nothing was changed.\n")
        return 0
    async with opened(settings, urls, Parts()) as runtime:
        directory = Directory()
        await directory.load(runtime.pool)
        strangers = [device for device in fixes.ids if not directory.known(device)]
        good = _believed(fixes, runtime.clock.now_us(), directory, settings.keep_fixes_days)
        if args.dry_run:
            _say_strangers(strangers, "would have to be registered (--register)")
            sys.stdout.write("Dry run: nothing was changed.\n")
            return 0
        await _register(runtime, strangers, args)
        await _write(runtime, good)
    return 0


def _believed(fixes: Fixes, now_us: int, directory: Directory, keep_days: int) -> Fixes:
    """What would have been taken in live: nothing from the future, of volunteers only what they agreed to.

    And nothing of forgotten days, whose dwells stand and cannot be computed from what is left.
    """
    past = fixes.take(fixes.time_us <= now_us + int(FUTURE_S * 1e6))
    there = past.take(past.time_us >= kept_since_us(now_us, keep_days))
    allowed = kept_rows(directory, there)
    kept = there if allowed is None else there.take(allowed)
    left_out = (
        (len(fixes) - len(past), "lie in the future"),
        (len(past) - len(there), "lie in days that are forgotten or soon will be (raise RONDA_KEEP_FIXES_DAYS first)"),
        (len(there) - len(kept), "were made off duty"),
    )
    for n, why in left_out:
        if n:
            sys.stdout.write(f"{n} fixes {why} and are left out.\n")
    return kept


async def _register(runtime: Runtime, strangers: list[str], args: argparse.Namespace) -> None:
    if not strangers:
        return
    if not args.register:
        _say_strangers(strangers, "not registered")
        raise RondaError("Register them first (`ronda import devices FILE`), or say --register. Nothing was imported.")
    rows = [msgspec.to_builtins(Device(id=DeviceId(device), cls=args.cls)) for device in strangers]
    registrar = registrar_of(runtime, WAIT_S)
    for at in range(0, len(rows), ROWS_AN_ENTRY):
        part = tuple(rows[at : at + ROWS_AN_ENTRY])
        await registrar([Config(section="devices", rows=part, actor="import")], [row["id"] for row in part])
    sys.stdout.write(f"{len(strangers)} devices registered as {args.cls}.\n")


async def _write(runtime: Runtime, fixes: Fixes) -> None:
    with tqdm(total=len(fixes), unit=" fixes", desc="archive", disable=None) as bar:
        new = await add(runtime.pool, fixes, bar.update)
    sys.stdout.write(f"{new} fixes are new, {len(fixes) - new} were there.\n")
    with tqdm(total=len(fixes), unit=" fixes", desc="rows", disable=None) as bar:
        counts = await rebuild_all(runtime, fixes, bar.update)
    say_rows(counts)


def _report(fixes: Fixes, troubles: list[tuple[str, Trouble]]) -> None:
    sys.stdout.write(f"{len(fixes)} fixes of {len(fixes.ids)} devices read, {len(troubles)} rows refused.\n")
    for file, trouble in troubles[:_SHOWN]:
        sys.stderr.write(f"{file}:{trouble.line}: {trouble.reason} {trouble.detail}\n")
    if len(troubles) > _SHOWN:
        sys.stderr.write(f"… and {len(troubles) - _SHOWN} more\n")


def _say_strangers(strangers: list[str], what: str) -> None:
    if strangers:
        more = f" and {len(strangers) - _SHOWN} more" if len(strangers) > _SHOWN else ""
        sys.stdout.write(f"{len(strangers)} devices {what}: {', '.join(strangers[:_SHOWN])}{more}.\n")
