"""`ronda invite PERSON`: a link that sets up a person's phone, once; alone on the last line of stdout."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import segno

from core.clock import Clock
from core.errors import RondaError
from core.units import US_PER_S
from ronda.commands.common import database, link_base, settings_of
from ronda.settings import Settings
from ronda.system import SystemClock
from store import invites, read

_HERE: Final = ("127.0.0.1", "::1", "localhost")


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_invite(args, settings_of(args), SystemClock()))


async def _invite(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    import cities

    base = link_base(settings)
    async with database(settings) as pool:
        if await read.registry_row(pool, "people", args.person) is None:
            raise RondaError(
                f"There is no person {args.person}: `ronda import people`, or the console, registers them."
            )
        secret, expires_us = await invites.create_invite(
            pool, person=args.person, actor="ronda invite", now_us=clock.now_us(), ttl_s=round(args.hours * 3600)
        )
    url = f"{base}/i/{secret}"
    until = datetime.fromtimestamp(expires_us / US_PER_S, ZoneInfo(cities.load(settings.city).tz))
    sys.stderr.write(f"For {args.person}, once, until {until:%Y-%m-%d %H:%M}; earlier invitations are void.\n")
    if urlsplit(base).hostname in _HERE:
        sys.stderr.write("A phone cannot open this address: set RONDA_PUBLIC_URL to the one that it can.\n")
    if sys.stdout.isatty():
        segno.make_qr(url).terminal(sys.stderr, compact=True)
    sys.stdout.write(f"{url}\n")
    return 0
