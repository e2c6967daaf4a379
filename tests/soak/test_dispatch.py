"""A flood while processes die: nobody is asked twice, no word is lost, and what was decided can be decided again.

`make soak` plays an hour of it at four times its speed; RONDA_TEST_SOAK_FLOOD_S chooses otherwise (seconds of the
flood), RONDA_TEST_SOAK_REPORT names a file for the figures.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

import cities
from core.codec import decode
from core.entries import Command
from core.events import CommandDone, IncidentChanged, NoticeAsked, OfferChanged
from dispatch import offers
from ronda.commands.simulate_flood import coordinated
from ronda.lending import tokens
from ronda.pump import READ_COUNT
from ronda.runtime import AWAY, DISPATCH_IN, Parts, Runtime, Urls
from ronda.sending import settle
from ronda.settings import Settings
from ronda.steps import DispatchStep
from ronda.system import SystemClock
from ronda.up import opened
from simulators import phones, registry, streets
from simulators.flood import Flood
from simulators.phones import Phone, Watch
from simulators.rescuer import Said, World, crew
from store.log import Entry, id_key
from tests.soak.city import City, city
from tests.soak.figures import parameter, report
from tests.soak.services import until

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.timeout(0)]
EVENTS = "dispatch.events"
VOLUNTEERS, SPEEDUP, SEED = 65, 4.0, 4
STAGES = ("dispatch", "ingest", "notify", "archive", "api", "geo")
SERVERS = ("valkey", "postgres")
PAUSE_S = (0.1, 3.0)  # from its going on to the next death
SETTLE_S = 120.0
LATE_S = 1.0  # after its end an offer may still be on its way to the phone


class Ear(Phone):
    """A phone that remembers what it heard and said."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given, patience_s=300.0)
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.late: list[str] = []
        self.answered: list[tuple[str, str]] = []

    def _heard(self, topic: str, payload: bytes) -> None:
        told = msgspec.json.decode(payload)
        if topic.endswith("/offer"):
            self.asked[told["offer"]].add(told["notice"])
            if time.time() > dt.datetime.fromisoformat(told["expires"]).timestamp() + LATE_S:
                self.late.append(told["notice"])
        super()._heard(topic, payload)

    def _message(self, said: Said) -> tuple[str, bytes]:
        if said.topic == "answer":
            self.answered.append((said.body["offer"], said.body["answer"]))
        return super()._message(said)


@pytest.mark.parametrize(
    ("flood_s", "reports_h", "victims"),
    [(240.0, 400.0, STAGES), pytest.param(3600.0, 60.0, STAGES + SERVERS, marks=pytest.mark.soak)],
    ids=["short", "long"],
)
def test_a_flood_while_processes_die(folder: Path, flood_s: float, reports_h: float, victims: tuple[str, ...]) -> None:
    """kill -9 at random moments, dispatch every other time: no double offer, no lost answer, the same decisions."""
    if flood_s > 600:
        flood_s = parameter("FLOOD_S", flood_s)
    figures = asyncio.run(run(folder, flood_s, reports_h, victims))
    report("flood", figures)
    assert figures["offers"] > 10
    assert figures["kills"]["dispatch"] >= 2
    wrong = ("two offers at once", "asked twice", "asked too late", "answers lost", "decided otherwise")
    assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert figures["archived"] == figures["events"]


async def run(folder: Path, flood_s: float, reports_h: float, victims: tuple[str, ...]) -> dict[str, Any]:
    """Play it among deaths; then compare."""
    async with city(folder, 0, broker=False) as made:
        settings = Settings(
            data_dir=folder, redis_url=made.redis_url, database_url=made.database_url, mqtt_port=made.door_port
        )
        urls = Urls(redis=made.redis_url, database=made.database_url, mqtt=f"mqtt://127.0.0.1:{made.door_port}")
        async with opened(settings, urls, Parts()) as runtime:
            kills: Counter[str] = Counter()
            ears = await play(made, runtime, flood_s, reports_h, victims, kills)
            await until(lambda: behind(runtime), SETTLE_S, "dispatch has read everything")
            await made.services["dispatch"].stop()
            await until(lambda: archived(runtime), SETTLE_S, "the archive has everything")
            told, said = await whole(runtime, DISPATCH_IN), await whole(runtime, EVENTS)
        return figures_of(told, said, ears) | {
            "kills": dict(kills),
            "starts": {name: service.starts for name, service in made.services.items()},
            "archived": count(made.database_url),
            "peak_mb": made.peaks_mb(),
        }


async def play(
    made: City, runtime: Runtime, flood_s: float, reports_h: float, victims: tuple[str, ...], kills: Counter[str]
) -> list[Ear]:
    here, clock = cities.load("kupang"), SystemClock()
    devices = [registry.crew_device(i) for i in range(VOLUNTEERS)]
    graph = streets.build(here, SEED)
    flood = Flood(here, graph, devices, SEED, flood_s, reports_h)
    rescuers = list(crew(World(graph, SEED, flood_s + 3600.0, ways=flood.ways(), real=flood.real), devices))
    for each in flood.reports:
        rescuers[devices.index(each.device)].report(each.at_s, each.body())
    now_us = clock.now_us()
    duty_us = (now_us, now_us + 6 * 3_600_000_000)
    await settle(runtime, registry.crew_configs(devices, from_us=now_us, at_us=now_us, actor="soak", duty_us=duty_us))
    async with tokens(runtime, devices, "soak") as secrets:
        watch = Watch(clock, clock.now_us(), SPEEDUP)
        ears = [Ear(rescuer, watch, runtime.urls.mqtt, secrets[rescuer.device]) for rescuer in rescuers]
        async with coordinated(runtime, flood, watch):
            striking = asyncio.create_task(strike(made, runtime, flood_s / SPEEDUP, victims, kills))
            await phones.live(ears, flood_s)
            await striking
            await until(made.ready, SETTLE_S, "all of it runs again")
    return ears


async def strike(made: City, runtime: Runtime, seconds: float, victims: tuple[str, ...], kills: Counter[str]) -> None:
    """Every other death is dispatch's. Each comes at any moment after dispatch has decided something again."""
    drawn, end_s = random.Random(SEED), time.monotonic() + seconds
    while time.monotonic() < end_s:
        before = await runtime.log.offset("dispatch", DISPATCH_IN)
        name = "dispatch" if sum(kills.values()) % 2 == 0 else drawn.choice(victims)
        made.services[name].kill()
        kills[name] += 1
        await until(partial(moved, runtime, before), SETTLE_S, "dispatch goes on")
        await asyncio.sleep(drawn.uniform(*PAUSE_S))


async def moved(runtime: Runtime, before: str) -> bool:
    try:
        return await runtime.log.offset("dispatch", DISPATCH_IN) != before
    except AWAY:
        return False


async def behind(runtime: Runtime) -> bool:
    return await runtime.log.offset("dispatch", DISPATCH_IN) == await runtime.log.last_id(DISPATCH_IN)


async def archived(runtime: Runtime) -> bool:
    async with runtime.pool.connection() as connection:
        found = await (
            await connection.execute("SELECT last_id FROM offsets WHERE reader = 'archive' AND stream = %s", [EVENTS])
        ).fetchone()
    return found is not None and found[0] == await runtime.log.last_id(EVENTS)


async def whole(runtime: Runtime, stream: str) -> list[Entry]:
    """Every entry of a stream."""
    entries: list[Entry] = []
    while more := (await runtime.log.read({stream: entries[-1].id if entries else "0-0"}, count=5_000, block_ms=0)).get(
        stream
    ):
        entries += more
    return sorted(entries, key=lambda entry: id_key(entry.id))


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM events WHERE stream = %s", [EVENTS]).fetchone()
    return int(row[0]) if row else 0


def figures_of(told: list[Entry], said: list[Entry], ears: list[Ear]) -> dict[str, Any]:
    """What was asked and answered, and what is wrong with it (all of that should be 0)."""
    events = [event for entry in said for event in decode(entry.body)]
    commands = [value for entry in told if isinstance(value := decode(entry.body), Command)]
    done = {event.id for event in events if isinstance(event, CommandDone)}
    taken = {(c.body["offer"], c.body["answer"]) for c in commands if c.kind == "offer.answer" and c.id in done}
    taken |= {(c.body["offer"], "looked") for c in commands if c.kind == "offer.looked" and c.id in done}
    notices = [event.id for event in events if isinstance(event, NoticeAsked)]
    answers = [answer for ear in ears for answer in ear.answered]
    return {
        "entries": len(told),
        "events": len(events),
        "incidents": len({event.id for event in events if isinstance(event, IncidentChanged)}),
        "offers": len({event.id for event in events if isinstance(event, OfferChanged)}),
        "answers": len(answers),
        "states": dict(Counter({e.id: e.state for e in events if isinstance(e, OfferChanged)}.values())),
        "two offers at once": doubled(events),
        "asked twice": sum(len(asked) > 1 for ear in ears for asked in ear.asked.values())
        + len(notices)
        - len({*notices}),
        "asked too late": sum(len(ear.late) for ear in ears),
        "answers lost": sum(answer not in taken for answer in answers),
        "decided otherwise": differing(told, said),
    }


def doubled(events: list[Any]) -> int:
    """How often somebody got an offer while another of theirs was live, or an offer skipped a version."""
    live: dict[str, str] = {}
    revisions: dict[str, int] = {}
    wrong = 0
    for event in events:
        if not isinstance(event, OfferChanged):
            continue
        wrong += event.revision != revisions.get(event.id, 0) + 1
        revisions[event.id] = event.revision
        wrong += event.state in offers.LIVE and live.get(event.person, event.id) != event.id
        if event.state in offers.LIVE:
            live[event.person] = event.id
        elif live.get(event.person) == event.id:
            del live[event.person]
    return wrong


def differing(told: list[Entry], said: list[Entry]) -> int:
    """Entries that are decided otherwise when all of them are read again by one dispatch that nobody kills."""
    step, again = DispatchStep({}), dict[str, bytes]()
    for first in range(0, len(told), READ_COUNT):
        again |= {output.id: output.body for output in step(told[first : first + READ_COUNT]).outputs}
    then = {entry.id: entry.body for entry in said}
    return sum(then.get(id_) != again.get(id_) for id_ in then.keys() | again.keys())
