"""The stage dispatch on a real log: what it is told, when it is told the time, and what a kill changes (nothing)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import ManualClock
from core.codec import decode, encode
from core.entries import Command, Config, Entry, Sightings, Tick
from core.events import IncidentChanged, NoticeAsked, OfferChanged
from core.live import Live
from dispatch.rows import restored
from dispatch.state import State
from ronda import stages
from ronda.adopt import registrar_of
from ronda.pump import Pump
from ronda.runtime import DISPATCH_IN, Parts, Runtime
from ronda.settings import Settings
from ronda.steps import DispatchStep
from ronda.up import located, opened
from store import read
from store.cancel import ended
from store.log import Commit, Log
from tests.ronda.pipeline import FragileLog, KillError, until
from tests.running import run_with

NOW = 1_769_000_000_000_000
SECOND = 1_000_000
CITY = Config(section="city", rows=({"id": "city", "offsets": [[0, 28_800]]},), id="city")
PERSON = {"id": "ana", "kind": "volunteer", "consent_us": 0, "duty": [[0, NOW + 10**12]]}
HELD = {"id": "a", "from_us": 0, "device": "hp", "person": "ana"}
REGISTER = [Config(section="people", rows=(PERSON,)), Config(section="assignments", rows=(HELD,))]


def seen(at_s: float, away: float = 0.003) -> Sightings:
    at_us = NOW + round(at_s * SECOND)
    return Sightings(now_us=at_us, rows=(("hp", 123.6, -10.17 + away, at_us),))


def command(act: str, at_s: float, name: str, /, **body: Any) -> Command:
    return Command(id=name, kind=act, actor="desk", at_us=NOW + round(at_s * SECOND), body=body)


def fire(at_s: float = 0.0) -> list[Entry]:
    body = {"kind": "kebakaran", "lon": 123.6, "lat": -10.17, "needs": [{"count": 1}]}
    return [command("incident.open", at_s, "i", **body), command("incident.dispatch", at_s, "go", id="i")]


async def put(log: Log, *entries: Entry) -> None:
    await log.append([(DISPATCH_IN, encode(entry)) for entry in entries])


async def said(log: Log) -> list[Any]:
    """Everything that dispatch said so far."""
    found = (await log.read({"dispatch.events": "0-0"}, count=10_000, block_ms=0)).get("dispatch.events", [])
    return [event for entry in found for event in decode(entry.body)]


async def told(log: Log) -> list[Any]:
    """Everything that dispatch was told so far."""
    return [
        decode(entry.body) for entry in (await log.read({DISPATCH_IN: "0-0"}, count=10_000, block_ms=0))[DISPATCH_IN]
    ]


async def offers(log: Log) -> list[tuple[str, str]]:
    return [(event.person, event.state) for event in await said(log) if isinstance(event, OfferChanged)]


async def state_of(log: Log) -> State:
    return restored(await log.state("dispatch", DISPATCH_IN))[0]


@asynccontextmanager
async def working(redis: str, database: str, *names: str) -> AsyncIterator[tuple[Runtime, ManualClock]]:
    """These stages at work under a clock that can be set."""
    settings, clock = Settings(data_dir=Path("/nowhere"), redis_url=redis, database_url=database), ManualClock(NOW)
    async with opened(settings, located(settings), Parts()) as found:
        runtime = replace(found, clock=clock)
        tasks = [asyncio.ensure_future(stages.STAGES[name](runtime)) for name in names]
        try:
            yield runtime, clock
        finally:
            await ended(set(tasks))


async def so(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110 - other tasks and servers do it
            await asyncio.sleep(0.02)


@pytest.mark.service
def test_who_is_registered_is_asked_and_an_offer_ends_by_the_clock(clean_valkey_url: str, postgres_url: str) -> None:
    """From the register to the offer, told once each; five minutes later a tick ends it; then nobody ticks."""

    async def main() -> None:
        async with working(clean_valkey_url, postgres_url, "dispatch", "archive") as (runtime, clock):
            log = runtime.log
            await registrar_of(runtime, 20)(REGISTER)
            await put(log, seen(0), *fire())
            await so(lambda: has(log, ("ana", "offered")))
            clock.advance(300 * SECOND)
            await so(lambda: has(log, ("ana", "expired")))
            assert [type(entry) for entry in await told(log)] == [Config, Config, Sightings, Command, Command, Tick]
            await put(log, command("incident.close", 300, "end", id="i"))
            await so(lambda: read_all(log))
            clock.advance(300 * SECOND)
            await asyncio.sleep(0.6)
            assert (await log.offset("dispatch", DISPATCH_IN), len(await told(log))) == (
                await log.last_id(DISPATCH_IN),
                7,
            )

    asyncio.run(main())


@pytest.mark.service
def test_after_downtime_no_offer_past_its_life_is_sent(clean_valkey_url: str, postgres_url: str) -> None:
    """Nobody was at work for an hour: the offer ends with the first tick, and nobody is told of it."""

    async def main() -> None:
        async with working(clean_valkey_url, postgres_url, "dispatch") as (runtime, _):
            await put(runtime.log, *REGISTER, seen(0), *fire())
            await so(lambda: has(runtime.log, ("ana", "offered")))
        async with working(clean_valkey_url, postgres_url) as (runtime, clock):
            clock.advance(3600 * SECOND)
            before = len(await said(runtime.log))
            task = asyncio.ensure_future(stages.dispatch(runtime))
            await so(lambda: has(runtime.log, ("ana", "expired")))
            await ended({task})
            later = (await said(runtime.log))[before:]
            assert [event for event in later if isinstance(event, NoticeAsked)] == []

    asyncio.run(main())


@pytest.mark.service
def test_an_installation_of_before_tells_dispatch_its_register(clean_valkey_url: str, postgres_url: str) -> None:
    """What only the partitions were told then, once; an incident of the old state is still there."""

    async def main() -> None:
        async with working(clean_valkey_url, postgres_url, "archive") as (runtime, _):
            log = runtime.log
            opened_then = IncidentChanged(at_us=1, id="i", kind="fire", severity=2, status="reported", lon=1.0, lat=2.0)
            old = msgspec.structs.replace(State(), version=1, incidents={"i": opened_then})
            step = Pump(log, "dispatch", DISPATCH_IN, "old", lambda _: Written(old), ())
            await put(log, Tick(now_us=NOW - SECOND))
            await until(step.run(), lambda: read_all(log))
            for config in (*REGISTER, CITY):
                await runtime.tell(config)
            await so(lambda: read.config_done(runtime.pool, "city"))
            for _ in range(2):
                task = asyncio.ensure_future(stages.dispatch(runtime))
                await so(lambda: knows(log))
                await ended({task})
            state = await state_of(log)
            assert ([*state.people], [*state.holds], [*state.incidents]) == (["ana"], ["a"], ["i"])
            sections = [entry.section for entry in await told(log) if isinstance(entry, Config)]
            assert sections == ["assignments", "people", "city"]

    asyncio.run(main())


@pytest.mark.service
def test_the_last_word_of_a_second_is_told_too(clean_valkey_url: str, postgres_url: str) -> None:
    """Two phones move within a second, then nobody: dispatch hears of both."""

    async def main() -> None:
        async with working(clean_valkey_url, postgres_url, "dispatch") as (runtime, _):
            lease = await runtime.log.acquire("geo:in.0", "me", 60_000)
            assert lease is not None
            await asyncio.sleep(0.5)  # listening
            for number, device in enumerate(("hp-1", "hp-2", "hp-3"), 1):
                row = Live(device=device, cls="phone", time_us=NOW, received_us=NOW, lon=123.6, lat=-10.17)
                live, frame = {device: msgspec.msgpack.encode(row)}, msgspec.msgpack.encode([row])
                await runtime.log.commit(
                    lease, Commit(reader="geo", stream="in.0", offset=f"{number}-0", live=live, frame=frame)
                )
                await asyncio.sleep(0.3)
            await so(lambda: all_seen(runtime.log))

    asyncio.run(main())


async def all_seen(log: Log) -> bool:
    return {*(await state_of(log)).seen} == {"hp-1", "hp-2", "hp-3"}


class Written:
    """A dispatch of before: one row."""

    def __init__(self, state: State) -> None:
        self.rows = {"state": msgspec.msgpack.encode(state), "volunteers": msgspec.msgpack.encode({})}

    def __call__(self, entries: Sequence[Any]) -> Any:
        return Commit(reader="dispatch", stream=DISPATCH_IN, offset=entries[-1].id, state=self.rows)


async def has(log: Log, offer: tuple[str, str]) -> bool:
    return offer in await offers(log)


async def knows(log: Log) -> bool:
    return (await state_of(log)).offsets == ((0, 28_800),) and await read_all(log)


async def read_all(log: Log) -> bool:
    return await log.offset("dispatch", DISPATCH_IN) == await log.last_id(DISPATCH_IN)


STORY = [
    *REGISTER, seen(0), *fire(), seen(1, 0.0028), command("offer.answer_for", 4, "yes", offer="i.1", answer="accept"),
    seen(5, 0.002), Tick(now_us=NOW + 40 * SECOND), seen(60, 0.0005), seen(61, 0.0002), seen(62, 0.0001),
    command("incident.close", 90, "end", id="i"),
]  # fmt: skip
_DEATHS = [(n, after) for n in range(1, len(STORY) + 1) for after in (False, True)]


async def lived(log: Log, deaths: Sequence[tuple[int, bool]]) -> tuple[list[bytes], State]:
    """What was said of the story, entry by entry, by a dispatch that dies at these commits; and what it ends with."""
    fragile = FragileLog(log, deaths)
    for number, entry in enumerate(STORY):
        await put(log, entry)
        pump = Pump(fragile, "dispatch", DISPATCH_IN, f"life-{number}", DispatchStep, (KillError,))  # type: ignore[arg-type]
        await until(pump.run(), lambda: read_all(log))
    return [encode([event]) for event in await said(log)], await state_of(log)


@pytest.mark.parametrize("deaths", [[death] for death in _DEATHS[6:14]] + [_DEATHS[::3]])
def test_a_kill_in_mid_offer_changes_nothing(new_log: Callable[[], Log], deaths: list[tuple[int, bool]]) -> None:
    """Before or after any commit: no offer twice, no answer lost, the same plan, the same state."""
    calm = run_with(new_log(), lambda log: lived(log, []))
    assert run_with(new_log(), lambda log: lived(log, deaths)) == calm


def test_the_story_is_one() -> None:
    """It goes from the offer to the scene: else the law above would be of nothing."""
    from store.memory import MemoryLog

    async def main(log: Log) -> list[tuple[str, str]]:
        await lived(log, [])
        return await offers(log)

    assert [state for _, state in run_with(MemoryLog(), main)] == [
        "offered", "accepted", "committed", "en_route", "arrived", "released"
    ]  # fmt: skip
