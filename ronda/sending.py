"""Where `publish` and `simulate` send to: a broker that the user names, or our own installation, made ready for it."""

from __future__ import annotations

import argparse
import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from core.entries import Config
from core.errors import RondaError
from core.units import US_PER_S
from ronda.runtime import Parts, Runtime
from ronda.settings import Settings
from ronda.up import located, opened
from store import credentials, read

_TOKEN_S: Final = 7 * 86400  # should we die before we revoke it
_EFFECT_S: Final = 30.0
_SETTLE_S: Final = 0.5  # every stage reads the configuration from the log; ingest may be a moment behind the archive


@dataclass(frozen=True, slots=True)
class Target:
    """An MQTT address and the secret to show there ("" where none is asked); the installation, if it is ours."""

    url: str
    secret: str = field(default="", repr=False)
    runtime: Runtime | None = None


@asynccontextmanager
async def target(
    args: argparse.Namespace, settings: Settings, configs: Sequence[Config], purpose: str
) -> AsyncIterator[Target]:
    """With --mqtt-url just that. Else the installation: what it lacks of `configs` is registered, and for the time
    of sending there is a token that may speak for any device.
    """
    if args.mqtt_url:
        yield Target(args.mqtt_url, args.token or "")
        return
    async with opened(settings, located(settings), Parts()) as runtime:
        await settle(runtime, [lacking async for lacking in _lacking(runtime, configs)])
        if args.token:
            yield Target(runtime.urls.mqtt, args.token, runtime)
            return
        now_us = runtime.clock.now_us()
        token, secret = await credentials.create_token(
            runtime.pool,
            role="device",
            subject=purpose,
            label=f"ronda {purpose}",
            expires_us=now_us + _TOKEN_S * US_PER_S,
            now_us=now_us,
        )
        try:
            yield Target(runtime.urls.mqtt, secret, runtime)
        finally:
            await credentials.revoke_token(runtime.pool, token, runtime.clock.now_us())


async def settle(runtime: Runtime, configs: Sequence[Config], patience_s: float = _EFFECT_S) -> None:
    """Append configuration and wait until the archive shows it."""
    last = ""
    for config in configs:
        last = config.id or secrets.token_hex(8)
        await runtime.configure(msgspec.structs.replace(config, id=last))
    if last:
        await _effect(runtime, last, patience_s)
        await asyncio.sleep(_SETTLE_S)


async def _effect(runtime: Runtime, config_id: str, patience_s: float) -> None:
    try:
        async with asyncio.timeout(patience_s):
            while not await read.config_done(runtime.pool, config_id):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise RondaError("The archive does not take the registry over; does the stage `archive` run?") from error


async def _lacking(runtime: Runtime, configs: Sequence[Config]) -> AsyncIterator[Config]:
    """The rows that the registry has none of under their id; what is there stays as it is, but for our own duty."""
    for config in configs:
        there = await _rows(runtime, config.section)
        rows = [row for row in config.rows if row["id"] not in there]
        rows += [again for row in config.rows if (again := _on_duty_again(there.get(row["id"]), row)) is not None]
        if rows:
            yield msgspec.structs.replace(config, rows=tuple(rows))


def _on_duty_again(there: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any] | None:
    """A pretended volunteer of an earlier run, on duty again; nobody else's consent is touched."""
    ours = there is not None and row.get("duty") and all(there.get(name) == row[name] for name in ("name", "kind"))
    return there | {name: row[name] for name in ("consent_us", "duty")} if there is not None and ours else None


async def _rows(runtime: Runtime, section: str) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): row async for row in read.registry_rows(runtime.pool, section)}
