"""`ronda token create|link|list|revoke`."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.errors import ConfigError, RondaError
from core.units import US_PER_S
from ronda.commands.common import database, settings_of
from ronda.installation import find
from ronda.intake.registry import time_us
from ronda.settings import Settings
from ronda.system import SystemClock
from store import credentials

_UNITS_S: Final = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def run(args: argparse.Namespace) -> int:
    verb = {"create": _create, "link": _link, "list": _list, "revoke": _revoke}[args.verb]
    return asyncio.run(verb(args, settings_of(args), SystemClock()))


async def _create(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    if bool(args.device) != (args.role == "device"):
        raise ConfigError("--device ID goes with --role device, and only with it.")
    expires_us = expiry_us(args.expires, clock.now_us(), settings.city)
    async with database(settings) as pool:
        token_id, secret = await credentials.create_token(
            pool,
            role=args.role,
            subject=args.device or args.label or args.role,
            device=args.device,
            label=args.label,
            expires_us=expires_us,
            now_us=clock.now_us(),
        )
    sys.stderr.write(f"Token {token_id} made; its secret is shown only now.\n")
    sys.stdout.write(f"{secret}\n")
    return 0


async def _link(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    base = settings.public_url.rstrip("/") or (
        settings.link_base if settings.database_url else find(settings.data_dir).http_url
    )
    async with database(settings) as pool:
        secret = await credentials.create_link(pool, role=args.role, subject=f"link:{args.role}", now_us=clock.now_us())
    sys.stdout.write(f"{base}/?token={secret}\n")
    return 0


async def _list(_args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    async with database(settings) as pool:
        tokens = await credentials.list_tokens(pool)
    now_us = clock.now_us()
    sys.stdout.write("id\trole\tdevice\tlabel\tcreated\texpires\tstate\n")
    for token in tokens:
        dead = token.expires_us is not None and token.expires_us <= now_us
        state = "revoked" if token.revoked_us else "expired" if dead else "live"
        times = [_shown(token.created_us), _shown(token.expires_us)]
        fields = [token.id, token.role, token.device or "", token.label, *times, state]
        sys.stdout.write("\t".join(fields) + "\n")
    return 0


async def _revoke(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    async with database(settings) as pool:
        if not await credentials.revoke_token(pool, args.id, clock.now_us()):
            raise RondaError(f"There is no live token {args.id}; see `ronda token list`.")
    sys.stderr.write(f"Token {args.id} revoked.\n")
    return 0


def expiry_us(text: str | None, now_us: int, city: str) -> int | None:
    """`30d`, `12h`, a date or a time in the city, or None for never."""
    if text is None:
        return None
    length = re.fullmatch(r"(\d+)([mhdw])", text)
    if length:
        return now_us + int(length[1]) * _UNITS_S[length[2]] * US_PER_S
    import cities

    try:
        expires_us = time_us(text, ZoneInfo(cities.load(city).tz))
    except ValueError as error:
        raise ConfigError("--expires takes 30d, 12h, 2026-12-31 or a time in RFC 3339.") from error
    if expires_us <= now_us:
        raise ConfigError("--expires lies in the past.")
    return expires_us


def _shown(us: int | None) -> str:
    return "" if us is None else datetime.fromtimestamp(us / US_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
