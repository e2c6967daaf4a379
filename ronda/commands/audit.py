"""`ronda audit`: the archive against its hash chain, and decisions against those that would be made again."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
from typing import Final
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool
from tqdm import tqdm

import cities
from core.errors import ConfigError
from core.units import US_PER_S
from ronda.commands.common import database, settings_of
from ronda.deciding import decider
from ronda.replaying import Replayed, Span, replay, span_between, span_of
from ronda.settings import Settings
from store.inputs import anchor, block_at, ends
from store.proving import prove, view

SHOWN: Final = 20  # sentences printed; the rest is counted
ENDLESS_US: Final = 1 << 60
_DIGEST: Final = 64  # characters


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    return asyncio.run(_verify(args, settings) if args.verb == "verify" else _replay(args, settings))


async def _verify(args: argparse.Namespace, settings: Settings) -> int:
    noted = _anchor(args.anchor)
    async with database(settings) as pool:
        from_no, to_no = await _blocks(pool, *_times(args, settings))
        wrong, compared, erased = await _prove(pool, from_no, to_no)
        newest = await anchor(pool)
        there = await anchor(pool, noted[0]) if noted else None
    if noted and (there is None or there.digest.hex() != noted[1]):
        wrong.append(f"block {noted[0]} is not the one that was noted down: the chain was made anew")
    for sentence in wrong[:SHOWN]:
        sys.stdout.write(f"{sentence}.\n")
    if len(wrong) > SHOWN:
        sys.stdout.write(f"… and {len(wrong) - SHOWN} more.\n")
    sys.stdout.write(f"Blocks {from_no} to {to_no}: {compared} entries compared, of them {erased} erased in part.\n")
    if newest is not None:
        sys.stdout.write(f"Note down and keep elsewhere: {newest.no}:{newest.digest.hex()}\n")
    sys.stdout.write(f"{len(wrong)} things are wrong.\n" if wrong else "All of it is as it was written.\n")
    return 1 if wrong else 0


async def _prove(pool: AsyncConnectionPool, from_no: int, to_no: int) -> tuple[list[str], int, int]:
    wrong, compared, erased = list[str](), 0, 0
    with tqdm(unit=" blocks", total=to_no - from_no + 1, disable=None, file=sys.stderr, leave=False) as bar:
        async with view(pool) as cursor:
            async for found in prove(cursor, from_no, to_no):
                wrong += found.wrong
                compared, erased = compared + found.compared, erased + found.erased
                bar.update(found.no - from_no + 1 - bar.n)
    return wrong, compared, erased


async def _blocks(pool: AsyncConnectionPool, from_us: int, to_us: int) -> tuple[int, int]:
    """Numbers of the blocks in which the span lies."""
    first, last = await ends(pool)
    if last == 0:
        raise ConfigError("There is no chain yet: it begins with the first entry that the stage `archive` stores.")
    begin, end = await block_at(pool, from_us), await block_at(pool, to_us)
    if end is None:
        raise ConfigError("The chain begins behind --to; leave it out, or name a later time.")
    return begin or first, end


async def _replay(args: argparse.Namespace, settings: Settings) -> int:
    if bool(args.incident) == bool(args.from_ or args.to):
        raise ConfigError("Say what to decide again: --incident ID, or --from T and --to T.")
    async with database(settings) as pool:
        span = await span_of(pool, args.incident) if args.incident else None
        span = span or await span_between(pool, *_times(args, settings))
        found = await _decide(pool, span)
    sys.stdout.write(f"{_told(found)}\n")
    return 0 if found.verdict == "same" else 1


async def _decide(pool: AsyncConnectionPool, span: Span) -> Replayed:
    with tqdm(unit="%", total=100, disable=None, file=sys.stderr, leave=False) as bar:

        def progress(done: int, of: int) -> None:
            bar.update(100 * done // max(of, 1) - bar.n)

        return await replay(pool, span, progress)


def _told(found: Replayed) -> str:
    """What came of it, in sentences."""
    begun = f"Begun with the state after entry {found.since}, {found.entries} entries decided again"
    deciders = ", ".join(sorted(found.versions))
    match found.verdict:
        case "same":
            states = f" and {found.states} states on the way" if found.states else ""
            other = "" if found.versions <= {decider()} else f" Decided then by {deciders}, now by {decider()}."
            what = f"what followed from {found.compared} of them, {found.said} events{states}, is the same"
            return f"{begun}: {what}.{other}"
        case "forgotten":
            return f"{begun}. {found.difference} (RONDA_KEEP_VOLUNTEERS_DAYS)."
        case "erased":
            why = f"{found.erased} of them were erased in part, at the wish of a person, and were other entries then"
            return f"{begun}. {found.difference}.\nThat proves nothing: {why}."
        case "other version":
            why = f"it was decided by {deciders}, and this is {decider()}. Replay it with the Ronda of then"
            return f"{begun}. {found.difference}.\nThat proves nothing: {why}."
        case "different":
            return f"{begun}. The first difference: {found.difference}."


def _anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    no, _, digest = text.partition(":")
    if not no.isdecimal() or len(digest) != _DIGEST or set(digest) - set("0123456789abcdef"):
        raise ConfigError("--anchor: write it as `ronda audit verify` and GET /api/v1/chain tell it, NO:DIGEST.")
    return int(no), digest


def _times(args: argparse.Namespace, settings: Settings) -> tuple[int, int]:
    zone = ZoneInfo(cities.load(settings.city).tz)
    from_us = 0 if args.from_ is None else _instant_us(args.from_, zone, "--from")
    to_us = ENDLESS_US if args.to is None else _instant_us(args.to, zone, "--to", end=True)
    if from_us > to_us:
        raise ConfigError("--from lies behind --to; change them round.")
    return max(from_us, 0), max(to_us, 0)


def _instant_us(text: str, zone: ZoneInfo, name: str, *, end: bool = False) -> int:
    """A time, in the city's zone unless it has an offset; or a day, for its beginning or its end."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{name} {text}: write 2026-11-24T06:30+08:00 or 2026-11-24.") from error
    if end and len(text) == len("2026-11-24"):
        moment += dt.timedelta(days=1, microseconds=-1)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * US_PER_S)
