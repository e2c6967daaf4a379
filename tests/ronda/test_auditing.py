"""The chain over a flood: it proves itself, and whatever is done to the archive behind its back is found and named."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.codec import decode, encode
from core.entries import Sightings
from ronda.archiving import write
from ronda.deciding import decider
from ronda.replaying import Span, replay, span_between, span_of
from store import chain
from store.archive import Archive
from store.erasure import Carried, forget
from store.inputs import blocks, forget_inputs
from store.memory import MemoryLog
from store.proving import prove
from tests.ronda.floods import archived, decided, flood, items, proved, wrong
from tests.ronda.pipeline import NOW_US, clear
from tests.running import run_pool

pytestmark = pytest.mark.service


def test_an_untouched_flood_is_proved(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every entry of dispatch is compared, over several blocks, and nothing is wrong."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> Any:
        await archived(pool)
        found = await proved(pool)
        return [one.wrong for one in found if one.wrong], len(found), sum(one.compared for one in found)

    bad, many, compared = run_pool(postgres_url, body)
    assert bad == []
    assert many > 3
    assert compared > len(flood()) + 30


_FIRST = "UPDATE events SET body = body || '{}' WHERE seq = (SELECT min(seq) FROM events WHERE kind = 'plan')"
_NEW = "INSERT INTO events (stream, entry_id, ordinal, kind, at, body) "
_NEW += "VALUES ('dispatch.events', '9-9', 0, 'x', now(), '{}')"
_SWAP = "UPDATE events SET ordinal = 1 - (ordinal - 100) WHERE entry_id = '5-0' AND ordinal < 102"
_RENAME = "UPDATE events SET entry_id = '{}' WHERE entry_id = '{}'"
_OTHER = "UPDATE events SET ordinal = ordinal + 100 WHERE entry_id = '{}-0'"
TAMPERED = {
    _FIRST.replace("{}", '{"severity": 1}'): "entry 4-0 of dispatch.events was changed",
    "DELETE FROM events WHERE seq = (SELECT min(seq) FROM events WHERE kind = 'offer')": ": event 1 was removed",
    "DELETE FROM events WHERE entry_id = '4-0'": "entry 4-0 of dispatch.events was removed",
    f"{_OTHER.format(5)}; {_SWAP}": "order of its events",
    _OTHER.format(4): "event 0 was removed",
    "; ".join(_RENAME.format(*names) for names in (("x", "4-0"), ("4-0", "5-0"), ("5-0", "x"))): "order was changed",
    _NEW: "entry 9-9 of dispatch.events is on no block",
    "UPDATE blocks SET version = 'mine' WHERE no = 1": "block 1 was changed",
    "UPDATE blocks SET prev = digest WHERE no = 2": "block 2 does not follow block 1",
    "DELETE FROM blocks WHERE no = 1": "block 1 is missing",
    "UPDATE blocks SET leaves = '' WHERE no = 2": "dispatch.in: digests of",
    "UPDATE blocks SET leaves = substr(leaves, 9) WHERE no = 2": "cannot be read",
    "DELETE FROM block_parts": ": digests of",
    "UPDATE blocks SET kept = NULL WHERE no = 2": "were removed before their time",
    "UPDATE blocks SET kept = overlay(kept PLACING '\\x41' FROM 40) WHERE no = 2": "in block 2",
    "UPDATE snapshots SET body = body || '\\x00' WHERE at > from_us(0)": "the state after entry",
    "DELETE FROM snapshots WHERE at > from_us(0)": "was removed",
    "UPDATE incidents SET body = body || '{\"severity\": 3}' WHERE id = 'i0'": "incident i0 is not what was said of it",
    'UPDATE offers SET body = body || \'{"state": "declined"}\'': "is not what was said of it",
    "INSERT INTO erased VALUES (9, 'events.0', '4-0', 0, '\\x00', NULL, 'erased', now())": "somebody put it there",
}


def test_whatever_is_changed_behind_its_back_is_found(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed row, a removed one, one put there, another order, a changed block: each is named."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> dict[str, list[str]]:
        await archived(pool)
        return {sql: await _tampered(pool, sql) for sql in TAMPERED}

    for sql, found in run_pool(postgres_url, body).items():
        assert any(TAMPERED[sql] in sentence for sentence in found), (sql, found)


async def _tampered(pool: AsyncConnectionPool, sql: str) -> list[str]:
    """What is found within a transaction that is not kept."""
    async with pool.connection() as connection:
        from psycopg.rows import namedtuple_row

        cursor = connection.cursor(binary=True, row_factory=namedtuple_row)
        for statement in sql.split(";"):
            await cursor.execute(statement)  # type: ignore[arg-type]
            assert cursor.rowcount, statement
        await cursor.execute("SELECT max(no) AS last FROM blocks")
        last = (await cursor.fetchone())[0]  # type: ignore[index]
        found = [sentence async for one in prove(cursor, 0, last) for sentence in one.wrong]
        await connection.rollback()
        return found


@given(cuts=st.lists(st.integers(0, 90), max_size=8))
@settings(max_examples=8)
def test_any_cut_into_batches_gives_the_same_heads(postgres_url: str, cuts: list[int]) -> None:
    """What the chain says of the log does not depend on how the archive came to read it."""

    async def body(pool: AsyncConnectionPool) -> Any:
        log = MemoryLog()
        await decided(log, flood())
        whole = await items(log)
        ends = []
        for parts in ([0, len(whole)], sorted({0, *cuts, len(whole)})):
            await clear(pool)
            archive = Archive(pool)
            await archive.offsets()
            for start, end in pairwise(parts):
                part = whole[start:end]
                await write(archive, part, {item.stream: item.id for item in part})
            assert await wrong(pool) == []
            ends.append([block.heads async for block in blocks(pool, 0, 1 << 40)][-1])
        return ends

    once, cut = run_pool(postgres_url, body)
    assert once == cut


def test_a_flood_is_decided_again_bit_for_bit(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first kept state and from one in the middle, over several blocks; states on the way are equal too."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> Any:
        await archived(pool)
        whole = await replay(pool, Span("1-0", await span_end(pool)))
        late = await replay(pool, await span_of(pool, "i5"))
        return whole, late

    whole, late = run_pool(postgres_url, body)
    assert (whole.difference, whole.since, whole.entries, whole.compared) == ("", "0-0", *[len(flood())] * 2)
    assert (whole.states, whole.versions) == (2, {decider()})
    assert whole.said > 100
    assert (late.difference, late.since) == ("", "20-0")


async def span_end(pool: AsyncConnectionPool) -> str:
    return (await span_between(pool, 0, 1 << 60)).last


def test_a_replay_names_the_first_difference(postgres_url: str) -> None:
    """A phone that was elsewhere gives another plan; what was said then and now stands side by side."""

    async def body(pool: AsyncConnectionPool) -> str:
        await archived(pool)
        async with pool.connection() as connection:
            rows = await (await connection.execute("SELECT part, kept FROM block_parts WHERE kept <> ''")).fetchall()
            for part, kept in rows:
                other = chain.packed([(s, id_, moved(body)) for s, id_, body in chain.unpacked(kept)])
                await connection.execute("UPDATE block_parts SET kept = %s WHERE part = %s", [other, part])
        return (await replay(pool, Span("1-0", await span_end(pool)))).difference

    words = "entry 4-0, event 1.chosen[0].lat: then -10.168201357974729, now -10.168201356974729"
    assert run_pool(postgres_url, body) == words


def moved(body: bytes) -> bytes:
    """The entry with every position a little to the north."""
    value = decode(body)
    if not isinstance(value, Sightings):
        return body
    rows = tuple((device, lon, lat + 1e-9, at_us) for device, lon, lat, at_us in value.rows)
    return encode(msgspec.structs.replace(value, rows=rows))


def test_what_another_version_decided_is_no_lie_of_ours(postgres_url: str) -> None:
    """Equal is equal, whoever decided; a difference then proves nothing. A field that did not exist then is none."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, "0.0.9+abc")
        found = [await replay(pool, await span_between(pool, 0, 1 << 60))]
        async with pool.connection() as connection:
            await _said_then(connection, "body - 'merged_into'")
            found.append(await replay(pool, await span_between(pool, 0, 1 << 60)))
            await _said_then(connection, "body || '{\"severity\": 3}'")
        return [*found, await replay(pool, await span_between(pool, 0, 1 << 60))]

    same, less, other = run_pool(postgres_url, body)
    assert (same.verdict, same.versions) == ("same", {"0.0.9+abc"})
    assert less.verdict == "same"
    assert (other.verdict, other.difference) == ("other version", "entry 4-0, event 0.severity: then 3, now 1")


async def _said_then(connection: Any, body: str) -> None:
    """As if incidents had been said so, rows and chain."""
    await connection.execute(f"UPDATE events SET body = {body} WHERE kind = 'incident'")
    rows = await (await connection.execute("SELECT entry_id, body::text FROM events ORDER BY seq")).fetchall()
    digests: dict[str, list[bytes]] = {}
    for entry_id, text in rows:
        digests.setdefault(entry_id, []).append(chain.text_digest(text))
    for table, key in (("blocks", "no"), ("block_parts", "part")):
        for number, leaves in await (await connection.execute(f"SELECT {key}, leaves FROM {table}")).fetchall():
            other = [
                (s, id_, chain.said_digest(digests[id_]) if s == "dispatch.events" else digest)
                for s, id_, digest in chain.unpacked(leaves)
            ]
            await connection.execute(f"UPDATE {table} SET leaves = %s WHERE {key} = %s", [chain.packed(other), number])
    await connection.commit()


ALL_KEPT = """
SELECT kept FROM blocks UNION SELECT kept FROM block_parts UNION SELECT body FROM snapshots
UNION SELECT body::text::bytea FROM events
"""


def test_an_erased_volunteer_leaves_a_chain_that_holds(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their name and ways are in nothing that was kept; the rest is proved; a replay says why not."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> Any:
        await archived(pool)
        for number in (3, 4):
            await forget(pool, f"p{number}", [Carried(f"d{number}", 0, 1 << 60)], NOW_US)
        async with pool.connection() as connection:
            kept = [row[0] for row in await (await connection.execute(ALL_KEPT)).fetchall() if row[0]]
            sql = "SELECT DISTINCT stream, entry_id FROM erased"
            named = len(await (await connection.execute(sql)).fetchall())
        again = await replay(pool, Span("1-0", await span_end(pool)))
        erased = sum(one.erased for one in await proved(pool))
        return await wrong(pool), (erased, named), kept, again.verdict

    bad, (erased, named), kept, verdict = run_pool(postgres_url, body)
    assert bad == []
    assert erased == named > 20
    names = [form % name for name in (b"p3", b"d3", b"p4", b"d4") for form in (b'"%s"', b"\xa2%s")]  # JSON, msgpack
    assert [name for name in names if any(name in text for text in kept)] == []
    assert verdict == "erased"


def test_a_name_within_another_erases_nothing(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`p` is in every name of the flood, and nobody's."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> Any:
        await archived(pool)
        await forget(pool, "p", [], NOW_US)
        async with pool.connection() as connection:
            (many,) = (await (await connection.execute("SELECT count(*) FROM erased")).fetchall())[0]
        return many, await wrong(pool)

    assert run_pool(postgres_url, body) == (0, [])


OLD_KEPT = """
SELECT count(*) FROM blocks
WHERE position('d3'::bytea IN kept) > 0 AND no < (SELECT max(no) FROM blocks WHERE kept IS NOT NULL)
"""


def test_old_blocks_are_scrubbed_each_by_itself(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive waits for one at a time: they are done while the last part of an erasure has still to wait."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await archived(pool)
        async with pool.connection() as connection, pool.connection() as other:
            await connection.execute("LOCK TABLE pushes")
            forgetting = asyncio.ensure_future(forget(pool, "p3", [Carried("d3", 0, 1 << 60)], NOW_US))
            async with asyncio.timeout(20):
                while (await (await other.execute(OLD_KEPT)).fetchall())[0][0]:
                    await asyncio.sleep(0.05)
                    await other.commit()
            await connection.rollback()
        await forgetting
        return await wrong(pool)

    assert run_pool(postgres_url, body) == []


def test_what_is_forgotten_in_time_is_no_gap(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its days the text of what dispatch decided from goes, the digests stay; a replay says that it is gone."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(pool: AsyncConnectionPool) -> Any:
        await archived(pool)
        gone = [await forget_inputs(pool, NOW_US, before_us) for before_us in (0, 1 << 50)]
        return gone, await wrong(pool), (await replay(pool, await span_of(pool, "i5"))).verdict

    gone, bad, verdict = run_pool(postgres_url, body)
    assert (gone[0], gone[1] > 2) == (0, True)
    assert (bad, verdict) == ([], "forgotten")
