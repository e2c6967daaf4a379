"""Invitations in the database: used up once, released, void, and numbers that are never given twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from store import invites
from tests.running import run_pool
from tests.strategies import T0_US

pytestmark = pytest.mark.service
DAY_US = 86_400_000_000


async def made(pool: AsyncConnectionPool, person: str = "ana", now_us: int = T0_US) -> str:
    secret, _ = await invites.create_invite(pool, person=person, actor="desk", now_us=now_us)
    return secret


def test_of_many_claims_one_wins(postgres_url: str) -> None:
    """At the same moment too."""

    async def body(pool: AsyncConnectionPool) -> Any:
        secret = await made(pool)
        return await asyncio.gather(*(invites.claim_invite(pool, secret, T0_US) for _ in range(6)))

    found = [invite for invite in run_pool(postgres_url, body) if invite]
    assert [(invite.person, invite.device) for invite in found] == [("ana", "ana-hp1")]


def test_a_released_one_keeps_its_phone(postgres_url: str) -> None:
    """Whoever comes next gets another number."""

    async def body(pool: AsyncConnectionPool) -> Any:
        first = await made(pool)
        await invites.claim_invite(pool, first, T0_US)
        await invites.release_invite(pool, first)
        other = await made(pool, "ana hp1")  # its prefix begins as ana's ids do
        claims = [await invites.claim_invite(pool, secret, T0_US) for secret in (first, other)]
        return [claim and claim.device for claim in claims]

    assert run_pool(postgres_url, body) == ["ana-hp1", "ana-hp1-hp1"]


def test_it_ends_and_a_newer_one_voids_it(postgres_url: str) -> None:
    """At three days, and at once."""

    async def body(pool: AsyncConnectionPool) -> Any:
        late, old = await made(pool, "budi"), await made(pool)
        new = await made(pool)
        claims = [
            await invites.claim_invite(pool, late, T0_US + 3 * DAY_US),
            await invites.claim_invite(pool, old, T0_US),
            await invites.claim_invite(pool, new, T0_US + 3 * DAY_US - 1),
            await invites.claim_invite(pool, "guess", T0_US),
        ]
        return [claim is not None for claim in claims]

    assert run_pool(postgres_url, body) == [False, False, True, False]


def test_no_secret_is_stored(postgres_url: str) -> None:
    """Only its hash."""

    async def body(pool: AsyncConnectionPool) -> Any:
        secret = await made(pool)
        async with pool.connection() as connection:
            rows = await (await connection.execute("SELECT t::text FROM invites AS t")).fetchall()
        return secret in str(rows), len(rows)

    assert run_pool(postgres_url, body) == (False, 1)


@pytest.mark.parametrize(
    ("person", "prefix"),
    [("V-012", "V-012"), ("Ibu Sari", "Ibu-Sari"), ("a/b+c#", "a-b-c"), ("é", "hp"), ("x" * 200, "x" * 100)],
)
def test_what_of_an_id_may_stand_in_a_topic(person: str, prefix: str) -> None:
    """Letters, digits, dot, dash and underscore."""
    assert invites.prefix_of(person) == prefix


@pytest.mark.parametrize(
    ("taken", "device"),
    [([], "ana-hp1"), (["ana-hp1", "ana-hp10", "ana-hpx", "ana-x-hp77"], "ana-hp11"), (["ana-hp3"], "ana-hp4")],
)
def test_the_next_number(taken: list[str], device: str) -> None:
    """After the largest that was ever given out, never in a gap."""
    assert invites.next_id("ana-", taken) == device
