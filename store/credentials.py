"""Tokens, sign-in links, sessions, keys of payloads. A secret is 256 random bits, shown once; its hashes are kept."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import psycopg
from psycopg_pool import AsyncConnectionPool

from core.entities import Role
from core.errors import UnavailableError
from core.identity import Identity
from core.units import US_PER_S
from store.brokerhash import broker_hash
from store.pg import ask, queries, transaction

_ask: Final = partial(ask, "credentials.sql")
LINK_TTL_S: Final = 600
SESSION_TTL_S: Final = 12 * 3600
KEY_LIMIT: Final = 32  # bytes of a payload key: what a secretbox takes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token as it may be shown: never the secret. `used_us` is exact to a minute."""

    id: str
    role: Role
    subject: str
    device: str | None
    label: str
    created_us: int
    expires_us: int | None
    revoked_us: int | None
    used_us: int | None

    def state(self, now_us: int) -> str:
        """`live`, `expired` or `revoked`."""
        if self.revoked_us is not None:
            return "revoked"
        return "expired" if self.expires_us is not None and self.expires_us <= now_us else "live"


class NewToken(NamedTuple):
    """A token that is being given out: the only moment at which its secret is known."""

    id: str
    secret: str
    device: str | None
    subject: str


class BrokerUser(NamedTuple):
    """Who may enter a broker, and how its password file knows the secret. Without a device it is a gateway."""

    device: str | None
    subject: str
    hash: str


def new_token(device: str | None, subject: str) -> NewToken:
    """A token with a fresh secret, not yet stored."""
    return NewToken(secrets.token_hex(6), new_secret(), device, subject)


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
    made = new_token(device, subject)
    await store_tokens(pool, [made], role=role, label=label, expires_us=expires_us, now_us=now_us)
    return made.id, made.secret


async def store_tokens(
    pool: AsyncConnectionPool,
    tokens: Sequence[NewToken],
    *,
    label: str,
    expires_us: int | None,
    now_us: int,
    role: Role = "device",
) -> None:
    """Make these tokens good, all of them or none."""
    async with transaction(pool) as cursor:
        await _store(cursor, tokens, role, label, expires_us, now_us)


async def find_token(pool: AsyncConnectionPool, secret: str, now_us: int) -> Identity | None:
    """Whose token this is; None when unknown, expired or revoked. Once a minute the use is noted."""
    rows = await _ask(pool, "find_token", {"hash": hash_of(secret), "now_us": now_us})
    if rows and rows[0].untold:
        await _note_use(pool, rows[0].id, now_us)
    return _identity(rows)


async def list_tokens(pool: AsyncConnectionPool, *, device: str | None = None) -> list[TokenInfo]:
    """All tokens, or those of a device, newest first, revoked ones too."""
    return [TokenInfo(*row) for row in await _ask(pool, "list_tokens", {"device": device})]


async def revoke_token(pool: AsyncConnectionPool, token_id: str, now_us: int) -> bool:
    """Revoke; False when there is no such live token."""
    return bool(await _end(pool, now_us, ids=[token_id]))


async def revoke_devices(pool: AsyncConnectionPool, devices: Sequence[str], now_us: int) -> list[str]:
    """Revoke every live token of these devices; their ids."""
    return await _end(pool, now_us, devices=devices)


async def replace_tokens(
    pool: AsyncConnectionPool, token: NewToken, former: Sequence[str], *, label: str, now_us: int
) -> None:
    """Make this token good, and worthless what its device and the former devices had; both at once."""
    devices = [device for device in (*former, token.device) if device is not None]
    async with transaction(pool) as cursor:
        named = {"ids": [], "devices": devices, "at_us": now_us, "now_us": now_us}
        await cursor.execute(_query("end_tokens"), named)
        await _store(cursor, [token], "device", label, None, now_us)


async def rotate_tokens(
    pool: AsyncConnectionPool,
    *,
    overlap_s: int,
    now_us: int,
    token_id: str | None = None,
    device: str | None = None,
    expires_us: int | None = None,
) -> tuple[NewToken, list[str]] | None:
    """A new token in the place of one, or of all that a device has; None when there is no live one.

    The old ones end after `overlap_s`; their ids come second. The new one lives until `expires_us`, else as long as
    the newest of the old ones was meant to.
    """
    async with transaction(pool) as cursor:
        await cursor.execute(_query("live_tokens"), {"id": token_id, "device": device, "now_us": now_us})
        old = [TokenInfo(*row) for row in await cursor.fetchall()]
        if not old:
            return None
        model = old[0]
        if expires_us is None and model.expires_us is not None:
            expires_us = now_us + model.expires_us - model.created_us
        named = {"ids": [token.id for token in old], "devices": []}
        at_us = now_us + overlap_s * US_PER_S
        await cursor.execute(_query("end_tokens"), named | {"at_us": at_us, "now_us": now_us})
        made = new_token(model.device, model.subject)
        await _store(cursor, [made], model.role, model.label, expires_us, now_us)
    return made, [token.id for token in old]


async def devices_with_tokens(pool: AsyncConnectionPool, now_us: int) -> set[str]:
    """Devices that have a live token."""
    return {row.device for row in await _ask(pool, "devices_with_tokens", {"now_us": now_us})}


async def broker_users(pool: AsyncConnectionPool, now_us: int) -> list[BrokerUser]:
    """Who may enter a broker in front: each device and gateway once, by its newest live token."""
    return [BrokerUser(*row) for row in await _ask(pool, "broker_users", {"now_us": now_us})]


async def create_link(
    pool: AsyncConnectionPool, *, role: Role, subject: str, now_us: int, ttl_s: int = LINK_TTL_S
) -> str:
    """The secret of a single-use sign-in link."""
    secret = new_secret()
    named = {"hash": hash_of(secret), "role": role, "subject": subject, "now_us": now_us}
    await _ask(pool, "create_link", named | {"expires_us": now_us + ttl_s * US_PER_S})
    return secret


async def redeem_link(pool: AsyncConnectionPool, secret: str, now_us: int) -> Identity | None:
    """Use a link up; None when unknown, expired or used. Of two at once, one wins."""
    return _identity(await _ask(pool, "redeem_link", {"hash": hash_of(secret), "now_us": now_us}))


async def create_session(pool: AsyncConnectionPool, identity: Identity, now_us: int, ttl_s: int = SESSION_TTL_S) -> str:
    """The secret of a session cookie."""
    secret = new_secret()
    named = {"hash": hash_of(secret), "role": identity.role, "subject": identity.subject, "device": identity.device}
    await _ask(pool, "create_session", named | {"now_us": now_us, "expires_us": now_us + ttl_s * US_PER_S})
    return secret


async def find_session(pool: AsyncConnectionPool, secret: str, now_us: int) -> Identity | None:
    """Whose session this is; None when unknown or expired."""
    return _identity(await _ask(pool, "find_session", {"hash": hash_of(secret), "now_us": now_us}))


async def drop_session(pool: AsyncConnectionPool, secret: str) -> None:
    """Sign out; harmless when there is no such session."""
    await _ask(pool, "drop_session", {"hash": hash_of(secret)})


async def payload_keys(pool: AsyncConnectionPool) -> dict[str, bytes]:
    """The key of each device that seals its payloads."""
    return {row.device: bytes(row.key) for row in await _ask(pool, "payload_keys", {})}


async def set_payload_key(pool: AsyncConnectionPool, device: str, key: bytes | None, now_us: int) -> bool:
    """Store a device's key, 1 to `KEY_LIMIT` bytes; None removes it. False when there was none to remove."""
    if key is None:
        return bool(await _ask(pool, "drop_payload_key", {"device": device}))
    if not 0 < len(key) <= KEY_LIMIT:
        raise ValueError(f"a payload key has 1 to {KEY_LIMIT} bytes")
    await _ask(pool, "set_payload_key", {"device": device, "key": key, "now_us": now_us})
    return True


def new_secret() -> str:
    """256 random bits. It never begins with a dash: a spreadsheet or a command line would take that for something."""
    while (secret := secrets.token_urlsafe(32)).startswith(("-", "_")):
        pass
    return secret


def hash_of(secret: str) -> bytes:
    """A plain hash is enough: a secret of 256 random bits cannot be guessed, so nothing needs to be slow."""
    return sha256(secret.encode(errors="replace")).digest()


async def _store(
    cursor: psycopg.AsyncCursor[Any],
    tokens: Sequence[NewToken],
    role: Role,
    label: str,
    expires_us: int | None,
    now_us: int,
) -> None:
    columns = {
        "ids": [token.id for token in tokens],
        "hashes": [hash_of(token.secret) for token in tokens],
        "broker_hashes": [broker_hash(token.secret) if role == "device" else "" for token in tokens],
        "devices": [token.device for token in tokens],
        "subjects": [token.subject for token in tokens],
    }
    named = {"role": role, "label": label, "expires_us": expires_us, "now_us": now_us}
    await cursor.execute(_query("create_tokens"), columns | named)


async def _end(
    pool: AsyncConnectionPool, now_us: int, *, ids: Sequence[str] = (), devices: Sequence[str] = ()
) -> list[str]:
    named = {"ids": list(ids), "devices": list(devices), "at_us": now_us, "now_us": now_us}
    return [row.id for row in await _ask(pool, "end_tokens", named)]


async def _note_use(pool: AsyncConnectionPool, token_id: str, now_us: int) -> None:
    """Whoever may enter enters, also when a full disk keeps us from noting it."""
    try:
        async with transaction(pool) as cursor:
            await cursor.execute(_query("when_used_is_a_hint"))
            await cursor.execute(_query("use_token"), {"id": token_id, "now_us": now_us})
    except (UnavailableError, psycopg.Error) as error:
        _log.warning("last use not noted: %s", error, extra={"action": "credentials.use_unnoted"})


def _query(name: str) -> bytes:
    return queries("credentials.sql")[name]


def _identity(rows: list[Any]) -> Identity | None:
    return Identity(role=rows[0].role, subject=rows[0].subject, device=rows[0].device) if rows else None
