"""Credentials lent to pretended phones: each hears its own topics, and nothing is left when they are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from core.units import US_PER_S
from ronda.runtime import Runtime
from store import credentials

_TOKEN_S: Final = 86_400  # should we die before we revoke them


@asynccontextmanager
async def tokens(runtime: Runtime, devices: Sequence[str], purpose: str) -> AsyncIterator[dict[str, str]]:
    """A secret for each device, for as long as the block lasts."""
    now_us = runtime.clock.now_us()
    made = [credentials.new_token(device, purpose) for device in devices]
    expires_us = now_us + _TOKEN_S * US_PER_S
    await credentials.store_tokens(runtime.pool, made, label=f"ronda {purpose}", expires_us=expires_us, now_us=now_us)
    try:
        yield {device: token.secret for device, token in zip(devices, made, strict=True)}
    finally:
        for token in made:
            await credentials.revoke_token(runtime.pool, token.id, runtime.clock.now_us())
