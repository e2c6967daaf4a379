"""Tokens, links and sessions: who gets in, and for how long."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
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
    return await credentials.create_token(pool, expires_us=expires_us, **(named | {"now_us": T0_US} | more))


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


def test_the_use_of_a_token_is_noted_once_a_minute(postgres_url: str) -> None:
    """The list says when a token last opened something, to the minute; looking more often writes nothing."""

    async def body(pool: AsyncConnectionPool) -> Any:
        _, secret = await token(pool)
        seen = []
        for s in (0, 59, 60, 61):
            await credentials.find_token(pool, secret, T0_US + s * SECOND_US)
            seen.append((await credentials.list_tokens(pool))[0].used_us)
        return seen

    assert run_pool(postgres_url, body) == [T0_US, T0_US, T0_US, T0_US + 61 * SECOND_US]


def test_a_token_opens_also_where_nothing_can_be_written(postgres_url: str) -> None:
    """A full disk must not lock everybody out."""

    async def body(pool: AsyncConnectionPool) -> Any:
        _, secret = await token(pool)
        async with pool.connection() as connection:
            await connection.execute("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                                     "$$BEGIN RAISE disk_full; END$$")  # fmt: skip
            await connection.execute("CREATE TRIGGER t BEFORE UPDATE ON tokens EXECUTE FUNCTION full_disk()")
        return await credentials.find_token(pool, secret, T0_US)

    assert run_pool(postgres_url, body) == Identity(role="device", subject="tracker 7", device="d7")


async def opens(pool: AsyncConnectionPool, secret: str, *after_s: int) -> list[bool]:
    found = [await credentials.find_token(pool, secret, T0_US + s * SECOND_US) for s in after_s]
    return [identity is not None for identity in found]


def test_a_rotated_token_goes_on_for_the_overlap(postgres_url: str) -> None:
    """Old and new both open until the overlap is over; then the new one alone."""

    async def body(pool: AsyncConnectionPool) -> Any:
        token_id, secret = await token(pool)
        done = await credentials.rotate_tokens(pool, token_id=token_id, overlap_s=3600, now_us=T0_US)
        assert done is not None
        made, old = done
        both = [await opens(pool, each, 0, 3599, 3600) for each in (secret, made.secret)]
        return old == [token_id], (made.device, made.subject), both

    assert run_pool(postgres_url, body) == (True, ("d7", "tracker 7"), [[True, True, False], [True, True, True]])


def test_rotating_a_device_ends_all_that_it_has(postgres_url: str) -> None:
    """Without an overlap at once; what had ended before stays as it was, and nothing live is nothing to rotate."""

    async def body(pool: AsyncConnectionPool) -> Any:
        secrets = [(await token(pool))[1] for _ in range(2)]
        _, other = await token(pool, device="d8")
        done = await credentials.rotate_tokens(pool, device="d7", overlap_s=0, now_us=T0_US)
        none = await credentials.rotate_tokens(pool, device="d9", overlap_s=0, now_us=T0_US)
        return len(done[1]) if done else 0, none, [await opens(pool, each, 0) for each in (*secrets, other)]

    assert run_pool(postgres_url, body) == (2, None, [[False], [False], [True]])


def test_an_overlap_does_not_lengthen_a_life(postgres_url: str) -> None:
    """A token that would have ended sooner still does, and its successor gets as long a life as it had."""

    async def body(pool: AsyncConnectionPool) -> Any:
        token_id, _ = await token(pool, expires_us=T0_US + 100 * SECOND_US)
        await credentials.rotate_tokens(pool, token_id=token_id, overlap_s=3600, now_us=T0_US + 10 * SECOND_US)
        return sorted((t.expires_us or 0) - T0_US for t in await credentials.list_tokens(pool))

    assert run_pool(postgres_url, body) == [100 * SECOND_US, 110 * SECOND_US]


def test_of_two_rotations_at_once_one_secret_remains(postgres_url: str) -> None:
    """The second waits for the first and ends what that one made."""

    async def body(pool: AsyncConnectionPool) -> Any:
        await token(pool)
        rotations = (credentials.rotate_tokens(pool, device="d7", overlap_s=0, now_us=T0_US) for _ in range(4))
        await asyncio.gather(*rotations)
        return [t.state(T0_US) for t in await credentials.list_tokens(pool)].count("live")

    assert run_pool(postgres_url, body) == 1


def test_a_bulk_of_tokens_is_made_whole_or_not_at_all(postgres_url: str) -> None:
    """A twin among them spoils all."""

    async def body(pool: AsyncConnectionPool) -> Any:
        one = credentials.new_token("d1", "d1")
        bulk = [credentials.new_token("d2", "d2"), one, one]
        with pytest.raises(psycopg.errors.UniqueViolation):
            await credentials.store_tokens(pool, bulk, label="", expires_us=None, now_us=T0_US)
        return await credentials.devices_with_tokens(pool, T0_US)

    assert run_pool(postgres_url, body) == set()


def test_a_broker_learns_the_newest_live_secret_of_each_name(postgres_url: str) -> None:
    """Devices and gateways, each once; people, the revoked and the expired are not there."""

    async def body(pool: AsyncConnectionPool) -> Any:
        await token(pool)
        newest, _ = await token(pool, now_us=T0_US + 1)
        await token(pool, device=None, subject="traccar")
        await token(pool, device="late", expires_us=T0_US + 1)
        await token(pool, device=None, role="admin")
        gone, _ = await token(pool, device="gone")
        await credentials.revoke_token(pool, gone, T0_US)
        async with pool.connection() as connection:
            found = await connection.execute("SELECT broker_hash FROM tokens WHERE id = %s", [newest])
            (kept,) = await found.fetchone() or ("",)
        users = await credentials.broker_users(pool, T0_US + 2)
        return [(user.device, user.subject) for user in users], users[0].hash == kept

    assert run_pool(postgres_url, body) == ([("d7", "tracker 7"), (None, "traccar")], True)


def test_a_secret_begins_with_a_letter_or_a_digit() -> None:
    """A spreadsheet would take a leading dash for a formula, a command line for an option."""
    assert all(credentials.new_secret()[0].isalnum() for _ in range(500))


def test_a_payload_key_is_kept_changed_and_forgotten(postgres_url: str) -> None:
    """By device; a key that no box takes is refused."""

    async def body(pool: AsyncConnectionPool) -> Any:
        put = credentials.set_payload_key
        done = [
            await put(pool, "a", None, T0_US),
            await put(pool, "a", b"k1", T0_US),
            await put(pool, "b", b"k", T0_US),
        ]
        done += [await put(pool, "a", b"k2", T0_US), await put(pool, "b", None, T0_US)]
        for key in (b"", b"x" * 33):
            with pytest.raises(ValueError, match="1 to 32 bytes"):
                await put(pool, "a", key, T0_US)
        return done, await credentials.payload_keys(pool)

    assert run_pool(postgres_url, body) == ([False, True, True, True, True], {"a": b"k2"})


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
