"""What the archive keeps of a batch, and that it keeps it once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.entries import Command, Config
from core.errors import ConflictError
from core.events import AlertChanged, Candidate, CommandDone, DwellChanged, FixFlagged, IncidentChanged, PlanMade
from core.fixes import Fixes
from core.rejects import Reject
from store import pg, read
from store.archive import Archive
from store.read import DwellFilter
from tests.running import run_pool
from tests.strategies import PLACE, T0_US, dwell_of, fixes_of

pytestmark = pytest.mark.service
NONE = Fixes.empty()


async def archive_of(pool: AsyncConnectionPool) -> Archive:
    archive = Archive(pool)
    await archive.offsets()
    return archive


def changed(revision: int = 1, **columns: Any) -> DwellChanged:
    return DwellChanged(at_us=T0_US + revision, cause="open", row=dwell_of(revision=revision, **columns))


def alert(revision: int = 1, state: str = "raised") -> AlertChanged:
    base: dict[str, Any] = {"id": "a1", "kind": "dwell_limit", "device": "d1", "lon": 123.6, "lat": -10.2}
    return AlertChanged(at_us=T0_US + revision, revision=revision, state=state, dwell="w1", **base)  # type: ignore[arg-type]


def test_a_new_archive_has_no_offsets(postgres_url: str) -> None:
    """Before the first write every stream is read from its start."""
    assert run_pool(postgres_url, lambda pool: Archive(pool).offsets()) == {}


def test_offsets_move_with_the_rows(postgres_url: str) -> None:
    """After a write another process finds its offsets, those of streams it did not touch included."""

    async def body(pool: AsyncConnectionPool) -> dict[str, str]:
        archive = await archive_of(pool)
        await archive.write({"in.0": "5-0", "events.0": "4-0"}, fixes_of("d1", (0, 1, 1)))
        await archive.write({"in.0": "6-2"}, NONE)
        return await Archive(pool).offsets()

    assert run_pool(postgres_url, body) == {"in.0": "6-2", "events.0": "4-0"}


def test_the_second_of_two_writers_is_refused(postgres_url: str) -> None:
    """A writer that does not know of the other's progress stores nothing; after `offsets` it goes on from there."""

    async def body(pool: AsyncConnectionPool) -> None:
        one, two = await archive_of(pool), await archive_of(pool)
        await one.write({"in.0": "5-0"}, NONE)
        with pytest.raises(ConflictError):
            await two.write({"in.0": "6-0"}, fixes_of("d1", (0, 1, 1)))
        assert len((await read.fixes(pool, "d1", T0_US, T0_US + 1))[0]) == 0
        assert await two.offsets() == {"in.0": "5-0"}
        await two.write({"in.0": "6-0"}, NONE)

    run_pool(postgres_url, body)


def test_two_writers_at_once_do_not_both_advance(postgres_url: str) -> None:
    """Of two writes from the same offset at the same moment exactly one is stored."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        writers = [await archive_of(pool) for _ in range(2)]
        writes = [w.write({"in.0": "5-0"}, NONE, [("events.0", "5-0", [changed()])]) for w in writers]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert len(await read.events_after(pool, 0)) == 1
        return outcomes

    assert sorted(type(o).__name__ for o in run_pool(postgres_url, body)) == ["ConflictError", "NoneType"]


def test_offsets_never_go_back(postgres_url: str) -> None:
    """A write that ends before the last one is refused."""

    async def body(pool: AsyncConnectionPool) -> None:
        archive = await archive_of(pool)
        await archive.write({"in.0": "10-0"}, NONE)
        with pytest.raises(ConflictError):
            await archive.write({"in.0": "9-5"}, NONE)

    run_pool(postgres_url, body)


def test_a_failed_write_leaves_nothing(postgres_url: str) -> None:
    """When the last part of a batch cannot be stored, neither fixes, offsets nor device numbers are."""

    async def body(pool: AsyncConnectionPool) -> None:
        archive, fix = await archive_of(pool), fixes_of("d1", (0, 1, 1))
        bad = Reject(received_us=-(2**62), reason="not_json", dialect="native", topic="t")
        with pytest.raises(Exception, match="timestamp"):
            await archive.write({"in.0": "1-0"}, fix, [("events.0", "1-0", [changed()])], rejects=[bad])
        assert await archive.offsets() == {}
        assert await read.last_seq(pool) == 0
        await archive.write({"in.0": "1-0"}, fix)
        assert len((await read.fixes(pool, "d1", T0_US, T0_US + 1))[0]) == 1

    run_pool(postgres_url, body)


def test_a_dwell_comes_back_equal(postgres_url: str) -> None:
    """Every field of a dwell survives, with a place and without, open and closed."""
    rows = [
        dwell_of("w1", place=PLACE, area="53.71.01.1001", purpose="planned", alert=True, merged_into="w0"),
        dwell_of("w2", state="open", end_us=None, last_us=T0_US + 7, radius_m=0.1 + 0.2),
        dwell_of("w3", start_us=T0_US + 9, why="place", reason="ban bocor", worked_s=14400.5),
    ]

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        events = [DwellChanged(at_us=T0_US, cause="open", row=row) for row in rows]
        await (await archive_of(pool)).write({"events.0": "1-0"}, NONE, [("events.0", "1-0", events)])
        return [row.row for row in (await read.dwells(pool, DwellFilter())).rows]

    assert run_pool(postgres_url, body) == rows


@given(revisions=st.lists(st.integers(1, 6), min_size=1, max_size=6), cut=st.integers(0, 6))
def test_the_newest_revision_wins_in_any_order(postgres_url: str, revisions: list[int], cut: int) -> None:
    """However versions of a row arrive, in one write or two, the table shows the highest."""

    async def body(pool: AsyncConnectionPool) -> int:
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE dwells, events, offsets")
        archive = await archive_of(pool)
        for i, part in enumerate((revisions[:cut], revisions[cut:])):
            said = [changed(r, fixes=r) for r in part]
            await archive.write({"events.0": f"{i}-1"}, NONE, [("events.0", f"{i}-1", said)] if said else [])
        found = await read.dwell(pool, "w1")
        assert found is not None
        assert found.row.fixes == found.row.revision
        return found.row.revision

    assert run_pool(postgres_url, body) == max(revisions)


def test_events_have_one_order_and_their_json(postgres_url: str) -> None:
    """Events get growing numbers in the order given; the body is the tagged event, the device is beside it."""
    flagged = FixFlagged(at_us=T0_US, device="d2", time_us=T0_US, reason="beyond_horizon")

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        said = [("events.0", "1-0", [changed(), flagged]), ("events.1", "1-0", [alert()])]
        await (await archive_of(pool)).write({"events.0": "1-0", "events.1": "1-0"}, NONE, said)
        return await read.events_after(pool, 0)

    events = run_pool(postgres_url, body)
    assert [(e.kind, e.device) for e in events] == [("dwell", "d1"), ("fix_flagged", "d2"), ("alert", "d1")]
    assert sorted({e.seq for e in events}) == [e.seq for e in events]
    assert msgspec.json.decode(events[1].body, type=FixFlagged) == flagged


def test_no_event_appears_behind_a_reader(postgres_url: str) -> None:
    """While writers commit at once, a reader that follows `seq` misses nothing."""

    async def body(pool: AsyncConnectionPool) -> tuple[int, int]:
        async def writer(p: int) -> None:
            archive = await archive_of(pool)
            for i in range(1, 16):
                await archive.write({f"events.{p}": f"{i}-0"}, NONE, [(f"events.{p}", f"{i}-0", [changed()] * 3)])

        heard, writing = [0], asyncio.gather(*(writer(p) for p in range(3)))
        while not writing.done() or await read.last_seq(pool) > heard[-1]:
            heard += [e.seq for e in await read.events_after(pool, heard[-1], 50)]
            await asyncio.sleep(0)
        return len(heard) - 1, len(await read.events_after(pool, 0, 1000))

    assert run_pool(postgres_url, body) == (135, 135)


def test_an_alert_keeps_when_it_was_raised(postgres_url: str) -> None:
    """Raised and acknowledged in one batch: the newest state, with the time of the first."""

    async def body(pool: AsyncConnectionPool) -> Any:
        said = [alert(1), alert(2, "acknowledged")]
        await (await archive_of(pool)).write({"events.0": "1-0"}, NONE, [("events.0", "1-0", said)])
        return await read.alert(pool, "a1")

    found = run_pool(postgres_url, body)
    assert found.alert == alert(2, "acknowledged")
    assert found.raised_us == T0_US + 1


def test_incident_and_plan_come_back_equal(postgres_url: str) -> None:
    """The newest version of an incident and of its plan."""
    incident = IncidentChanged(at_us=T0_US, id="i1", kind="flood", severity=3, status="verified", lon=123.6, lat=-10.2)
    later = msgspec.structs.replace(incident, status="dispatching", revision=2)
    who = Candidate(device="p1", lon=123.6, lat=-10.2, position_age_s=3, distance_m=40.5, eta_s=300.25)
    plan = PlanMade(at_us=T0_US + 1, incident="i1", chosen=(who,), others=(), method="dense")

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = await archive_of(pool)
        await archive.write({"dispatch.events": "1-0"}, NONE, [("dispatch.events", "1-0", [incident, later, plan])])
        return (await read.incidents(pool)).rows, await read.incident(pool, "i1"), await read.plan(pool, "i1")

    assert run_pool(postgres_url, body) == ([later], later, plan)


@pytest.mark.parametrize("effect_first", [False, True])
def test_a_command_is_done_when_its_effect_is(postgres_url: str, effect_first: bool) -> None:
    """Whichever of command and effect is archived first, both end in one row."""
    command = Command(id="c1", kind="alert.ack", actor="ani", at_us=T0_US, body={"id": "a1"})
    done = CommandDone(at_us=T0_US, id="c1", ok=False, reason="no such alert")

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = await archive_of(pool)
        writes = [{"commands": [command]}, {"events": [("events.0", "1-0", [done])]}]
        for i, part in enumerate(reversed(writes) if effect_first else writes):
            await archive.write({"in.0": f"{i}-1"}, NONE, **part)  # type: ignore[arg-type]
        return await read.command(pool, "c1")

    assert run_pool(postgres_url, body) == ("c1", "alert.ack", True, False, "no such alert")


def test_a_success_outweighs_other_refusals(postgres_url: str) -> None:
    """Partitions that do not hold the alert say no; the one that does says yes, before or after them."""
    no, yes = CommandDone(at_us=1, id="c1", ok=False, reason="not here"), CommandDone(at_us=1, id="c1", ok=True)

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = await archive_of(pool)
        for i, said in enumerate(([no], [no, yes, no], [no])):
            await archive.write({"events.0": f"{i}-1"}, NONE, [("events.0", f"{i}-1", said)])
        return await read.command(pool, "c1")

    assert run_pool(postgres_url, body)[2:] == (True, True, "")


def test_config_replaces_upserts_and_deletes(postgres_url: str) -> None:
    """The registry follows the operations of the log, defaults filled in and unknown keys kept."""
    steps = [
        Config(section="devices", op="set", rows=({"id": "a"}, {"id": "b", "cls": "phone"})),
        Config(section="devices", rows=({"id": "b", "name": "B"}, {"id": "c", "colour": "red"}), id="k1"),
        Config(section="devices", op="delete", rows=({"id": "a"},)),
        Config(section="profiles", rows=({"cls": "phone", "r_in_m": 50.0},)),
    ]

    async def body(pool: AsyncConnectionPool) -> Any:
        configs = [(f"{i}-0", step) for i, step in enumerate(steps, 1)]
        await (await archive_of(pool)).write({"in.0": "9-0"}, NONE, configs=configs)
        profile = await read.registry_row(pool, "profiles", "phone")
        done = [await read.config_done(pool, config_id) for config_id in ("k1", "k2", "")]
        return (await read.registry(pool, "devices")).rows, profile, done

    (b, c), profile, done = run_pool(postgres_url, body)
    assert b.items() >= {"id": "b", "cls": "truck", "name": "B"}.items()
    assert c.items() >= {"id": "c", "cls": "truck", "name": "", "colour": "red"}.items()
    assert (profile["r_in_m"], profile["exit_s"], done) == (50.0, 25.0, [True, False, False])


def test_a_bad_config_row_is_left_out(postgres_url: str) -> None:
    """A row that does not fit its section stops neither the archive nor its neighbours."""
    rows = ({"id": "a", "cls": "submarine"}, {"cls": "truck"}, {"id": 7}, {"id": "good"})

    async def body(pool: AsyncConnectionPool) -> Any:
        configs = [("1-0", Config(section="devices", rows=rows))]
        await (await archive_of(pool)).write({"in.0": "1-0"}, NONE, configs=configs)
        return [row["id"] for row in (await read.registry(pool, "devices")).rows]

    assert run_pool(postgres_url, body) == ["good"]


def test_rejects_come_back_newest_first(postgres_url: str) -> None:
    """Rejects keep their payload and are filtered and paged."""
    refused = [
        Reject(
            received_us=T0_US + i, reason="not_json", dialect="native", topic="t", device=f"d{i % 2}", payload=b"\0\xff"
        )
        for i in range(4)
    ]

    async def body(pool: AsyncConnectionPool) -> Any:
        await (await archive_of(pool)).write({"rejects": "1-0"}, NONE, rejects=refused)
        first = await read.rejects(pool, device="d1", limit=1)
        second = await read.rejects(pool, device="d1", limit=1, after=first.next)
        return [row.reject for row in first.rows + second.rows], second.next

    assert run_pool(postgres_url, body) == ([refused[3], refused[1]], None)


def test_rejects_are_bounded(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest rejects are kept."""
    monkeypatch.setattr("store.archive.REJECTS_KEPT", 3)
    refused = [Reject(received_us=T0_US, reason="not_json", dialect="n", topic=f"t{i}") for i in range(8)]

    async def body(pool: AsyncConnectionPool) -> list[str]:
        archive = await archive_of(pool)
        await archive.write({"rejects": "1-0"}, NONE, rejects=refused[:5])
        await archive.write({"rejects": "2-0"}, NONE, rejects=refused[5:])
        return [row.reject.topic for row in (await read.rejects(pool)).rows]

    assert run_pool(postgres_url, body) == ["t7", "t6", "t5"]


def test_nul_characters_stop_nothing(postgres_url: str) -> None:
    """Postgres has no NUL in text: it is archived as U+FFFD, wherever a device put it."""
    refused = Reject(received_us=T0_US, reason="not_json", dialect="n", topic="t\0", detail="\0")
    fix = fixes_of("d\0", (0, 1, 1))
    config = Config(section="devices", rows=({"id": "x\0", "name": "\0"},), actor="\0")

    async def body(pool: AsyncConnectionPool) -> Any:
        said = [("events.0", "1-0", [changed(device="d\0")])]
        archive = await archive_of(pool)
        await archive.write({"in.0": "1-0"}, fix, said, [("1-0", config)], rejects=[refused])
        await archive.write({"in.0": "2-0"}, fix)
        found = await read.dwells(pool, DwellFilter(device="d\0"))
        return len((await read.fixes(pool, "d\0", T0_US, T0_US + 1))[0]), [row.row.device for row in found.rows]

    assert run_pool(postgres_url, body) == (1, ["d\ufffd"])


def test_the_bell_rings_for_committed_events(postgres_url: str) -> None:
    """A listener hears of a write, and not of one without events."""

    async def body(pool: AsyncConnectionPool) -> list[int]:
        archive = await archive_of(pool)
        async with read.event_bell(postgres_url) as bell:
            await anext(bell)
            await archive.write({"in.0": "1-0"}, fixes_of("d1", (0, 1, 1)))
            waiting = asyncio.ensure_future(anext(bell))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            await archive.write({"events.0": "1-0"}, NONE, [("events.0", "1-0", [changed()])])
            await asyncio.wait_for(waiting, 2)
            return [len(done), len(await read.events_after(pool, 0))]

    assert run_pool(postgres_url, body) == [0, 1]


def test_the_bell_survives_a_lost_connection(postgres_url: str) -> None:
    """After its connection is dropped it listens anew, and rings once for what it may have missed."""

    async def body(pool: AsyncConnectionPool) -> None:
        async with read.event_bell(postgres_url) as bell:
            await anext(bell)
            waiting = asyncio.ensure_future(anext(bell))
            await asyncio.sleep(0.05)
            async with pg.transaction(pool) as cursor:
                await cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN ronda_events'"
                )
            await asyncio.wait_for(waiting, 5)

    run_pool(postgres_url, body)
