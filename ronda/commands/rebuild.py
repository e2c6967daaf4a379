"""`ronda rebuild --day D`: compute the rows of an archived day anew, by the engine that runs."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
from collections import Counter

from tqdm import tqdm

from core.errors import ConfigError
from ronda.commands.common import say_rows, settings_of
from ronda.days import rebuild_day
from ronda.runtime import Parts
from ronda.settings import Settings
from ronda.up import located, opened


def run(args: argparse.Namespace) -> int:
    try:
        day = dt.date.fromisoformat(args.day)
    except ValueError as error:
        raise ConfigError(f"--day {args.day}: write a day of the city, such as 2026-11-24.") from error
    say_rows(asyncio.run(_rebuild(settings_of(args), day, args.device)))
    return 0


async def _rebuild(settings: Settings, day: dt.date, device: str | None) -> Counter[str]:
    async with opened(settings, located(settings), Parts()) as runtime:
        with tqdm(unit=" devices", disable=None, file=sys.stderr) as bar:

            def progress(done: int, of: int) -> None:
                bar.total = of
                bar.update(done - bar.n)

            return await rebuild_day(runtime, day, device, progress)
