"""`ronda token create|issue|rotate|link|list|revoke`."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.errors import ConfigError, RondaError
from core.naming import storable
from core.units import TIMES_US, US_PER_S
from ronda import issuing
from ronda.commands.common import database, link_base, settings_of
from ronda.intake.registry import time_us
from ronda.settings import Settings
from ronda.system import SystemClock
from store import credentials

_UNITS_S: Final = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def run(args: argparse.Namespace) -> int:
    if not storable(getattr(args, "label", None) or ""):
        raise ConfigError("--label holds what is no text in UTF-8.")
    return asyncio.run(_VERBS[args.verb](args, settings_of(args), SystemClock()))


async def _create(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    if bool(args.device or args.gateway) != (args.role == "device"):
        raise ConfigError("--device ID, or --gateway for a server that speaks for all, goes with --role device only.")
    if args.device and args.gateway:
        raise ConfigError("A gateway speaks for every device: leave out --device or --gateway.")
    expires_us = expiry_us(args.expires, clock.now_us(), settings.city)
    async with database(settings) as pool:
        if args.device:
            await issuing.warn_of_stranger(settings, pool, args.device, register=args.register)
        token_id, secret = await credentials.create_token(
            pool,
            role=args.role,
            subject=args.device or args.label or ("gateway" if args.gateway else args.role),
            device=args.device,
            label=args.label,
            expires_us=expires_us,
            now_us=clock.now_us(),
        )
    sys.stderr.write(f"Token {token_id} made; its secret is shown only now.\n{_broker_too(settings)}")
    sys.stdout.write(f"{secret}\n")
    return 0


async def _issue(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    expires_us = expiry_us(args.expires, clock.now_us(), settings.city)
    named = issuing.ids_of(Path(args.file)) if args.file else []
    async with database(settings) as pool:
        if named:
            await issuing.demand_registered(settings, pool, named, register=args.register)
        else:
            known = await issuing.classes(pool)
            named = [device for device, cls in known.items() if args.all or cls == args.cls]
        wanted = named if args.again else await issuing.without_token(pool, named, clock.now_us())
        output = Path(args.output) if args.output else None
        if wanted:
            now_us = clock.now_us()
            await issuing.give(pool, wanted, output, label=args.label, expires_us=expires_us, now_us=now_us)
    skipped = len(named) - len(wanted)
    had = f" {skipped} had one already (--again makes another)." if skipped else ""
    sys.stderr.write(f"Tokens for {len(wanted)} devices made.{had}\n{_broker_too(settings) if wanted else ''}")
    return 0


async def _rotate(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    overlap_s = seconds(args.overlap, "--overlap")
    expires_us = expiry_us(args.expires, clock.now_us(), settings.city)
    async with database(settings) as pool:
        done = await credentials.rotate_tokens(
            pool,
            token_id=args.id,
            device=args.device,
            overlap_s=overlap_s,
            expires_us=expires_us,
            now_us=clock.now_us(),
        )
    if done is None:
        raise RondaError(f"There is no live token of {args.id or args.device}; see `ronda token list`.")
    made, old = done
    ends = f"ends in {args.overlap}" if overlap_s else "is worthless now"
    sys.stderr.write(f"Token {made.id} made; {' and '.join(old)} {ends}.\n{_broker_too(settings)}")
    sys.stdout.write(f"{made.secret}\n")
    return 0


async def _link(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    base = link_base(settings)
    async with database(settings) as pool:
        secret = await credentials.create_link(pool, role=args.role, subject=f"link:{args.role}", now_us=clock.now_us())
    sys.stdout.write(f"{base}/?token={secret}\n")
    return 0


async def _list(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    async with database(settings) as pool:
        tokens = await credentials.list_tokens(pool, device=args.device)
    sys.stdout.write("id\trole\tdevice\tlabel\tcreated\texpires\tused\tstate\n")
    for token in tokens:
        times = [_shown(token.created_us), _shown(token.expires_us), _shown(token.used_us)]
        fields = [token.id, token.role, token.device or "", token.label, *times, token.state(clock.now_us())]
        sys.stdout.write("\t".join(fields) + "\n")
    return 0


async def _revoke(args: argparse.Namespace, settings: Settings, clock: Clock) -> int:
    async with database(settings) as pool:
        if args.device:
            ended = await credentials.revoke_devices(pool, [args.device], clock.now_us())
        else:
            ended = [args.id] if await credentials.revoke_token(pool, args.id, clock.now_us()) else []
    if not ended:
        raise RondaError(f"There is no live token of {args.id or args.device}; see `ronda token list`.")
    sys.stderr.write(f"Token {' and '.join(ended)} revoked.\n{_broker_too(settings)}")
    return 0


def _broker_too(settings: Settings) -> str:
    return "The broker in front learns of it by `ronda broker DIR` and a reload.\n" if settings.mqtt_url else ""


def seconds(text: str, option: str) -> int:
    """`24h`, `7d`, `0`."""
    length = re.fullmatch(r"(\d{1,9})([mhdw])", text)
    if not length and text != "0":
        raise ConfigError(f"{option} takes a length such as 30m, 24h or 7d, or 0.")
    return int(length[1]) * _UNITS_S[length[2]] if length else 0


def expiry_us(text: str | None, now_us: int, city: str) -> int | None:
    """`30d`, `12h`, a date or a time in the city, or None for never."""
    if text is None:
        return None
    length = re.fullmatch(r"(\d{1,9})([mhdw])", text)
    expires_us = now_us + int(length[1]) * _UNITS_S[length[2]] * US_PER_S if length else _moment_us(text, city)
    if expires_us <= now_us:
        raise ConfigError("--expires lies in the past.")
    if expires_us >= TIMES_US[1]:
        raise ConfigError("--expires lies after 2105; leave it out for a token without an end.")
    return expires_us


def _moment_us(text: str, city: str) -> int:
    import cities

    try:
        return time_us(text, ZoneInfo(cities.load(city).tz))
    except (ValueError, OverflowError) as error:
        raise ConfigError("--expires takes 30d, 12h, 2026-12-31 or a time in RFC 3339.") from error


def _shown(us: int | None) -> str:
    return "" if us is None else datetime.fromtimestamp(us / US_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_VERBS: Final = {
    "create": _create,
    "issue": _issue,
    "rotate": _rotate,
    "link": _link,
    "list": _list,
    "revoke": _revoke,
}
