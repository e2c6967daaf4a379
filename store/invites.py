"""Invitations: a link that sets up a person's phone, once. Only the hash of its secret is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from core.units import US_PER_S
from store.credentials import hash_of, new_secret
from store.pg import ask, queries, transaction

_ask: Final = partial(ask, "credentials.sql")
TTL_S: Final = 3 * 24 * 3600
PREFIX_LIMIT: Final = 100  # characters of a device's id that come from the person's
_NUMBERED: Final = re.compile(r"(.*)hp(\d{1,6})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation as it stands. `device` is the phone that answered it."""

    person: str
    actor: str
    device: str | None
    expires_us: int
    used_us: int | None

    def open(self, now_us: int) -> bool:
        """Whether it can still be answered."""
        return self.used_us is None and now_us < self.expires_us


async def create_invite(
    pool: AsyncConnectionPool, *, person: str, actor: str, now_us: int, ttl_s: int = TTL_S
) -> tuple[str, int]:
    """The secret of a new invitation and when it ends (us). Earlier ones of the person that wait are void."""
    secret, expires_us = new_secret(), now_us + ttl_s * US_PER_S
    named = {"hash": hash_of(secret), "person": person, "actor": actor, "now_us": now_us, "expires_us": expires_us}
    await _ask(pool, "create_invite", named)
    return secret, expires_us


async def find_invite(pool: AsyncConnectionPool, secret: str) -> Invite | None:
    """An invitation, used and old ones too; looking uses nothing up."""
    rows = await _ask(pool, "find_invite", {"hash": hash_of(secret)})
    return Invite(*rows[0]) if rows else None


async def claim_invite(pool: AsyncConnectionPool, secret: str, now_us: int) -> Invite | None:
    """Use it up and give its phone an id that no other has; of two at once one wins, the other gets None.

    The id is the person's with `-hp` and a number. One that was released keeps the id it had.
    """
    named: dict[str, Any] = {"hash": hash_of(secret), "now_us": now_us}
    async with transaction(pool) as cursor:
        await cursor.execute(_query("lock_phones"))
        await cursor.execute(_query("find_invite"), named)
        found = [Invite(*row) for row in await cursor.fetchall()]
        if not found:
            return None
        prefix = f"{prefix_of(found[0].person)}-"
        await cursor.execute(_query("phones"), {"prefix": prefix})
        taken = [row.id for row in await cursor.fetchall()]
        device = found[0].device or next_id(prefix, taken)
        await cursor.execute(_query("claim_invite"), named | {"device": device})
        claimed = await cursor.fetchall()
        return Invite(*claimed[0]) if claimed else None


async def release_invite(pool: AsyncConnectionPool, secret: str) -> None:
    """What it should have set up could not be set up: it may be answered again."""
    await _ask(pool, "release_invite", {"hash": hash_of(secret)})


async def phones_of(pool: AsyncConnectionPool, person: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Assignments of a person to devices, each with the device's row ({} when it is not registered)."""
    rows = await _ask(pool, "assignments_of", {"person": person})
    return [(row.body, row.device or {}) for row in rows]


def prefix_of(person: str) -> str:
    """What of a person's id may stand in a topic, a header and a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", person)[:PREFIX_LIMIT].strip("-") or "hp"


def next_id(prefix: str, taken: list[str]) -> str:
    """The first free id after all that were ever given out."""
    numbers = [int(found[2]) for device in taken if (found := _NUMBERED.fullmatch(device)) and found[1] == prefix]
    return f"{prefix}hp{max(numbers, default=0) + 1}"


def _query(name: str) -> bytes:
    return queries("credentials.sql")[name]
