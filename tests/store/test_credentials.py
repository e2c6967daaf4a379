"""Tokens, links and sessions: who gets in, and for how long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.identity import Identity
from store import credentials
from tests.running import run_pool
from tests.strategies import T0_US

pytestmark = pytest.mark.service
SECOND_US = 1_000_000
ANI = Identity(role="supervisor", subject="ani")


async def token(pool: AsyncConnectionPool, expires_us: int | None = None, **more: Any) -> tuple[str, str]:
    named: dict[str, Any] = {"role": "device", "subject": "tracker 7", "label": "depot", "device": "d7"}
    return await credentials.create_token(pool, expires_us=expires_us, now_us=T0_US, **(named | more))


def test_a_token_tells_who_speaks(postgres_url: str) -> None:
    """A token's identity has the role, the name and the device that it was made for."""

    async def body(pool: AsyncConnectionPool) -> Any:
        _, secret = await token(pool)
        return await credentials.find_token(pool, secret, T0_US)

    assert run_pool(postgres_url, body) == Identity(role="device", subject="tracker 7", device="d7")


def test_a_token_ends(postgres_url: str) -> None:
    """A token is good until its expiry and not at it."""

    async def body(pool: AsyncConnectionPool) -> list[bool]:
        _, secret = await token(pool, expires_us=T0_US + 5)
        return [await credentials.find_token(pool, secret, T0_US + us) is not None for us in (0, 4, 5)]

    assert run_pool(postgres_url, body) == [True, True, False]


def test_a_revoked_token_is_dead_at_once(postgres_url: str) -> None:
    """Revoking works once, and says whether it did."""

    async def body(pool: AsyncConnectionPool) -> Any:
        token_id, secret = await token(pool)
        revoked = [await credentials.revoke_token(pool, which, T0_US) for which in (token_id, token_id, "nothing")]
        return revoked, await credentials.find_token(pool, secret, T0_US)

    assert run_pool(postgres_url, body) == ([True, False, False], None)


@pytest.mark.parametrize("secret", ["", "guess", "\0", "\udcff", "x" * 100_000])
def test_a_wrong_secret_is_nobody(postgres_url: str, secret: str) -> None:
    """Whatever is sent instead of a secret, nobody gets in and nothing breaks."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await token(pool)
        asks = (credentials.find_token, credentials.redeem_link, credentials.find_session)
        return [await ask(pool, secret, T0_US) for ask in asks]

    assert run_pool(postgres_url, body) == [None, None, None]


def test_no_secret_is_stored(postgres_url: str) -> None:
    """Neither the lists nor the tables hold a secret, only its hash."""

    async def body(pool: AsyncConnectionPool) -> Any:
        secrets = [(await token(pool))[1]]
        secrets.append(await credentials.create_link(pool, role="admin", subject="a", now_us=T0_US))
        secrets.append(await credentials.create_session(pool, ANI, T0_US))
        async with pool.connection() as connection:
            parts = [await connection.execute(f"SELECT t::text FROM {t} AS t") for t in ("tokens", "links", "sessions")]
            dump = "".join([row[0] for part in parts for row in await part.fetchall()])
        return [secret in dump for secret in secrets], [len(secret) for secret in secrets]

    assert run_pool(postgres_url, body) == ([False] * 3, [43] * 3)


def test_tokens_are_listed_newest_first(postgres_url: str) -> None:
    """The list shows what a token is for and what became of it."""

    async def body(pool: AsyncConnectionPool) -> Any:
        first, _ = await token(pool)
        named: dict[str, Any] = {"role": "auditor", "subject": "b", "label": ""}
        await credentials.create_token(pool, expires_us=T0_US + 9, now_us=T0_US + 1, **named)
        await credentials.revoke_token(pool, first, T0_US + 2)
        found = await credentials.list_tokens(pool)
        return [(t.role, t.device, t.created_us, t.expires_us, t.revoked_us) for t in found]

    assert run_pool(postgres_url, body) == [
        ("auditor", None, T0_US + 1, T0_US + 9, None),
        ("device", "d7", T0_US, None, T0_US + 2),
    ]


def test_a_link_works_once(postgres_url: str) -> None:
    """Of many redemptions at the same moment one gets in."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        secret = await credentials.create_link(pool, role="supervisor", subject="ani", now_us=T0_US)
        return await asyncio.gather(*(credentials.redeem_link(pool, secret, T0_US) for _ in range(6)))

    found = run_pool(postgres_url, body)
    assert [identity for identity in found if identity] == [ANI]


def test_a_link_ends_after_ten_minutes(postgres_url: str) -> None:
    """A link that was not used in time is dead."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        links = [await credentials.create_link(pool, role="supervisor", subject="ani", now_us=T0_US) for _ in range(2)]
        times = (T0_US + 599 * SECOND_US, T0_US + 600 * SECOND_US)
        return [await credentials.redeem_link(pool, link, now_us) for link, now_us in zip(links, times, strict=True)]

    assert run_pool(postgres_url, body) == [ANI, None]


def test_a_session_lasts_until_it_ends_or_is_dropped(postgres_url: str) -> None:
    """A session knows its identity, ends by time, and by signing out, which may be done twice."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        secret = await credentials.create_session(pool, ANI, T0_US, ttl_s=60)
        found = [await credentials.find_session(pool, secret, T0_US + s * SECOND_US) for s in (0, 59, 60)]
        await credentials.drop_session(pool, secret)
        await credentials.drop_session(pool, secret)
        return [*found, await credentials.find_session(pool, secret, T0_US)]

    assert run_pool(postgres_url, body) == [ANI, ANI, None, None]


def test_old_links_and_sessions_are_forgotten(postgres_url: str) -> None:
    """Making new ones clears away those that ended, so that the tables stay small."""

    async def body(pool: AsyncConnectionPool) -> list[int]:
        for day in range(4):
            now_us = T0_US + day * 86_400 * SECOND_US
            await credentials.create_link(pool, role="admin", subject="a", now_us=now_us)
            await credentials.create_session(pool, ANI, now_us)
        async with pool.connection() as connection:
            counts = [await connection.execute(f"SELECT count(*) FROM {t}") for t in ("links", "sessions")]
            return [(await count.fetchone())[0] for count in counts]  # type: ignore[index]

    assert run_pool(postgres_url, body) == [2, 1]
