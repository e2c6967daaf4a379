"""Tokens, sign-in links and sessions. A secret is 256 random bits, shown once; only its sha256 is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from core.entities import Role
from core.identity import Identity
from core.units import US_PER_S
from store.pg import query, transaction

LINK_TTL_S: Final = 600
SESSION_TTL_S: Final = 12 * 3600


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token as it may be shown: never the secret."""

    id: str
    role: Role
    subject: str
    device: str | None
    label: str
    created_us: int
    expires_us: int | None
    revoked_us: int | None


async def create_token(
    pool: AsyncConnectionPool,
    *,
    role: Role,
    subject: str,
    label: str,
    expires_us: int | None,
    now_us: int,
    device: str | None = None,
) -> tuple[str, str]:
    """Make a token; returns (id, secret). The secret is not readable again."""
    token_id, secret = secrets.token_hex(6), _new_secret()
    named = {"id": token_id, "role": role, "subject": subject, "device": device, "label": label}
    times = {"now_us": now_us, "expires_us": expires_us}
    await _run(pool, "create_token", named | times | {"hash": _hash(secret)})
    return token_id, secret


async def find_token(pool: AsyncConnectionPool, secret: str, now_us: int) -> Identity | None:
    """Whose token this is; None when unknown, expired or revoked."""
    return await _identity(pool, "find_token", secret, now_us)


async def list_tokens(pool: AsyncConnectionPool) -> list[TokenInfo]:
    """All tokens, newest first, revoked ones too."""
    return [TokenInfo(*row) for row in await _run(pool, "list_tokens", {})]


async def revoke_token(pool: AsyncConnectionPool, token_id: str, now_us: int) -> bool:
    """Revoke; False when there is no such live token."""
    return bool(await _run(pool, "revoke_token", {"id": token_id, "now_us": now_us}))


async def create_link(
    pool: AsyncConnectionPool, *, role: Role, subject: str, now_us: int, ttl_s: int = LINK_TTL_S
) -> str:
    """The secret of a single-use sign-in link."""
    secret = _new_secret()
    named = {"hash": _hash(secret), "role": role, "subject": subject, "now_us": now_us}
    await _run(pool, "create_link", named | {"expires_us": now_us + ttl_s * US_PER_S})
    return secret


async def redeem_link(pool: AsyncConnectionPool, secret: str, now_us: int) -> Identity | None:
    """Use a link up; None when unknown, expired or used. Of two at once, one wins."""
    return await _identity(pool, "redeem_link", secret, now_us)


async def create_session(pool: AsyncConnectionPool, identity: Identity, now_us: int, ttl_s: int = SESSION_TTL_S) -> str:
    """The secret of a session cookie."""
    secret = _new_secret()
    named = {"hash": _hash(secret), "role": identity.role, "subject": identity.subject, "device": identity.device}
    await _run(pool, "create_session", named | {"now_us": now_us, "expires_us": now_us + ttl_s * US_PER_S})
    return secret


async def find_session(pool: AsyncConnectionPool, secret: str, now_us: int) -> Identity | None:
    """Whose session this is; None when unknown or expired."""
    return await _identity(pool, "find_session", secret, now_us)


async def drop_session(pool: AsyncConnectionPool, secret: str) -> None:
    """Sign out; harmless when there is no such session."""
    await _run(pool, "drop_session", {"hash": _hash(secret)})


async def _run(pool: AsyncConnectionPool, name: str, named: dict[str, Any]) -> list[Any]:
    async with transaction(pool) as cursor:
        await cursor.execute(query(name), named)
        return await cursor.fetchall() if cursor.description else []


async def _identity(pool: AsyncConnectionPool, name: str, secret: str, now_us: int) -> Identity | None:
    rows = await _run(pool, name, {"hash": _hash(secret), "now_us": now_us})
    return Identity(role=rows[0].role, subject=rows[0].subject, device=rows[0].device) if rows else None


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _hash(secret: str) -> bytes:
    """A plain hash is enough: a secret of 256 random bits cannot be guessed, so nothing needs to be slow."""
    return sha256(secret.encode(errors="replace")).digest()
