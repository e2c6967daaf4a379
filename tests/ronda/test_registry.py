"""What ingest knows of the registry: as the archive has it, then as the log says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.entries import Config
from core.fixes import Fixes
from ronda.registry import Directory
from store.archive import Archive
from store.memory import MemoryLog
from tests.ronda.pipeline import until
from tests.running import run_pool

H_US = 3600 * 1_000_000
TR1 = {"id": "tr-1", "kind": "volunteer", "consent_us": 0, "duty": [[10 * H_US, 18 * H_US]]}


def directory(*changes: Config) -> Directory:
    there = Directory()
    for change in changes:
        there.apply(change)
    return there


def devices(*ids: str, op: Any = "upsert") -> Config:
    return Config(section="devices", op=op, rows=tuple({"id": name, "cls": "phone"} for name in ids))


def people(*rows: dict[str, Any]) -> Config:
    return Config(section="people", rows=rows)


def joined(device: str, person: str, from_h: int, until_h: int | None = None) -> Config:
    until_us = None if until_h is None else until_h * H_US
    row = {"id": f"{device}:{person}", "device": device, "person": person, "from_us": from_h * H_US}
    return Config(section="assignments", rows=({**row, "until_us": until_us},))


def test_a_set_replaces_and_a_delete_removes() -> None:
    """The three ways a section changes."""
    there = directory(devices("a", "b"), devices("c", "d", op="set"), devices("d", op="delete"))

    assert [there.known(name) for name in "abcd"] == [False, False, True, False]
    assert (there.cls("c"), there.cls("a")) == ("phone", "")


def test_a_row_that_does_not_fit_is_passed_over() -> None:
    """As in the archive: what was there before stays, other rows count."""
    bad = Config(section="devices", rows=({"id": "a", "cls": 7}, {"id": 5}, {"id": "b"}))

    there = directory(devices("a"), bad)

    assert (there.cls("a"), there.cls("b")) == ("phone", "truck")


def test_a_volunteers_phone_is_heard_only_on_duty() -> None:
    """Judged by the time of the fix; the same phone in a driver's hands is heard always."""
    there = directory(people(TR1), joined("hp", "tr-1", 0))

    assert [there.keeps("hp", h * H_US) for h in (9, 10, 17, 18)] == [False, True, True, False]
    there.apply(people({**TR1, "kind": "driver"}))
    assert there.keeps("hp", 9 * H_US)


def test_nothing_from_before_the_first_carrier_agreed() -> None:
    """Fixes of a phone from before its assignment are judged by whoever got it first."""
    there = directory(people(TR1), joined("hp", "tr-1", 12))

    assert [there.keeps("hp", h * H_US) for h in (9, 11, 12)] == [False, True, True]


def test_the_carrier_of_the_time_decides() -> None:
    """A phone that changed hands: each time is judged by who had it then, the time after a return by the last."""
    off = {"id": "tr-2", "kind": "volunteer"}
    there = directory(people(TR1, off), joined("hp", "tr-1", 0, 14), joined("hp", "tr-2", 14, 16))

    assert [there.keeps("hp", h * H_US) for h in (13, 14, 15, 16)] == [True, False, False, False]
    there.apply(Config(section="assignments", op="delete", rows=({"id": "hp:tr-2"},)))
    assert there.keeps("hp", 15 * H_US)


def test_a_volunteer_who_left_is_not_followed() -> None:
    """After the join ended nothing is kept, nor when the person is deleted, until the phone is joined to a truck."""
    there = directory(people(TR1), devices("hp"), joined("hp", "tr-1", 0, 14))
    late = 20 * H_US

    assert (there.keeps("hp", 13 * H_US), there.keeps("hp", late)) == (True, False)
    there.apply(Config(section="people", op="delete", rows=({"id": "tr-1"},)))
    assert (there.keeps("hp", 13 * H_US), there.keeps("hp", late)) == (False, False)
    truck = {"id": "j", "device": "hp", "vehicle": "t1", "from_us": 19 * H_US}
    there.apply(Config(section="assignments", rows=(truck,)))
    assert there.keeps("hp", late)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["upsert", "set", "delete"]), st.integers(0, 20))))
def test_changes_end_as_the_newest_rows_do(changes: list[tuple[str, str, int]]) -> None:
    """However assignments came about, who carries the phone follows from the rows that are left."""
    there, rows = Directory(), {}
    for name, op, hour in changes:
        row = {"id": name, "device": "hp", "person": "tr-1", "from_us": hour * H_US, "until_us": (hour + 1) * H_US}
        there.apply(Config(section="assignments", op=op, rows=(row,)))  # type: ignore[arg-type]
        rows = {} if op == "set" else rows
        rows.pop(name, None) if op == "delete" else rows.update({name: row})
    fresh = directory(Config(section="assignments", rows=tuple(rows.values())))
    assert there._carried == fresh._carried


@pytest.mark.service
def test_it_follows_from_where_the_archive_is(postgres_url: str) -> None:
    """Loaded from Postgres, then one new entry of the log, whatever stands between."""
    log = MemoryLog()

    async def body(pool: AsyncConnectionPool) -> list[bool]:
        archive, there = Archive(pool), Directory()
        (first,) = await log.append([("in.0", encode(devices("a")))])
        await archive.offsets()
        await archive.write({"in.0": first}, Fixes.empty(), configs=[(first, devices("a")), ("0-1", people(TR1))])
        await there.load(pool)
        await log.append([("in.0", body) for body in (b"R1G\0nonsense", b"no entry", encode(devices("b")))])
        await until(there.follow(log), lambda: asyncio.sleep(0, there.known("b")))
        return [there.known(name) for name in "abc"]

    assert run_pool(postgres_url, body) == [True, True, False]


def test_payload_keys_are_renewed_and_outlive_an_outage() -> None:
    """A key that was read stays while the database is away."""
    answers: list[Any] = [{"hp": b"k1"}, OSError("away")]

    async def read() -> dict[str, bytes]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    async def main() -> bytes | None:
        there = Directory()
        await until(there.follow_keys(read, every_s=0.001), lambda: asyncio.sleep(0, not answers))
        return there.key_of("hp")

    assert asyncio.run(main()) == b"k1"


@pytest.mark.service
def test_who_could_not_read_for_long_reads_the_archive_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was trimmed meanwhile is known all the same, what was deleted is not."""
    monkeypatch.setattr("ronda.registry.STALLED_S", -1.0)
    log = MemoryLog()

    async def body(pool: AsyncConnectionPool) -> list[bool]:
        archive, there = Archive(pool), Directory()
        there.apply(devices("gone"))
        await archive.offsets()
        await archive.write({"in.0": "9-1"}, Fixes.empty(), configs=[("9-1", devices("a"))])
        await until(there.follow(log, pool), lambda: asyncio.sleep(0, there.known("a")))
        return [there.known(name) for name in ("a", "gone")]

    assert run_pool(postgres_url, body) == [True, False]


@pytest.mark.service
def test_a_stall_is_not_forgotten_while_the_archive_is_away(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read again as soon as the archive answers: the log alone may have a gap."""
    monkeypatch.setattr("ronda.registry.STALLED_S", -1.0)
    monkeypatch.setattr("ronda.registry.RETRY_S", 0.0)
    tries: list[int] = []

    class Flaky(Directory):
        async def load(self, pool: Any) -> None:
            tries.append(1)
            monkeypatch.setattr("ronda.registry.STALLED_S", 1e9 if len(tries) > 1 else 0.0)
            if len(tries) == 1:
                raise OSError("away")
            await super().load(pool)

    async def body(pool: AsyncConnectionPool) -> bool:
        archive, there = Archive(pool), Flaky()
        await archive.offsets()
        await archive.write({"in.0": "9-1"}, Fixes.empty(), configs=[("9-1", devices("a"))])
        await until(there.follow(MemoryLog(), pool), lambda: asyncio.sleep(0, there.known("a")))
        return there.known("a")

    assert run_pool(postgres_url, body)
    assert len(tries) == 2
