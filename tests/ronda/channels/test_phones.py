"""Offers to phones through the door, and their answers back: dispatch, log and archive are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from core.clock import ManualClock
from core.entries import Config
from core.events import CommandDone, IncidentChanged
from core.identity import Identity
from core.units import US_PER_S
from ingest.service import Ingest
from ronda.notifying import notify_phones
from store.log import Log
from tests.ingest.house import eventually, port_of, running
from tests.ronda.channels.letters import T0_US
from tests.ronda.channels.town import Town, at_work, beside
from tests.running import run_with

pytestmark = pytest.mark.service
NAMES = ("ana", "budi")


def check(_client: str, _user: str, password: str) -> Identity | None:
    """Each phone shows the name of its person."""
    return Identity(role="device", subject=password, device=f"hp-{password}") if password in NAMES else None


@asynccontextmanager
async def phone(ingest: Ingest, name: str, *, lasting: bool = False) -> AsyncIterator[aiomqtt.Client]:
    """A phone that listens for what its person is asked and told."""
    async with aiomqtt.Client(
        "127.0.0.1", port_of(ingest), username=name, password=name, identifier=name, clean_session=not lasting
    ) as client:
        await client.subscribe([(f"ronda/v1/hp-{name}/{kind}", 1) for kind in ("offer", "notice", "reject")])
        yield client


async def heard(client: aiomqtt.Client, timeout_s: float = 5.0) -> tuple[str, dict[str, Any]]:
    """The next message: the last part of its topic, and what it says."""
    async with asyncio.timeout(timeout_s):
        message = await anext(client.messages)
    assert isinstance(message.payload, bytes)
    return str(message.topic).rpartition("/")[2], msgspec.json.decode(message.payload)


async def say(client: aiomqtt.Client, name: str, what: str, **words: Any) -> None:
    await client.publish(f"ronda/v1/hp-{name}/{what}", msgspec.json.encode(words), qos=1)


def at_the_door(
    log: Log, url: str, folder: Path, body: Callable[[Town, Ingest], Awaitable[None]], *, tell: bool = True
) -> None:
    """Run a body with dispatch, the archive, the door and the phones' channel at work."""

    async def main(log: Log) -> None:
        clock = ManualClock(T0_US)
        async with (
            at_work(log, url, folder, clock) as town,
            running(log, clock, known=[f"hp-{n}" for n in NAMES], authenticate=check, anonymous=False) as ingest,
        ):
            if not tell:
                await body(town, ingest)
                return
            async with beside(notify_phones(town.runtime, ingest)):
                await body(town, ingest)

    run_with(log, main)


def test_an_offer_reaches_its_own_phone_and_comes_back_accepted(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """Nobody else's; delivered by its PUBACK, accepted by its answer, in the volunteer's name."""

    async def body(town: Town, ingest: Ingest) -> None:
        await town.register(*NAMES)
        async with phone(ingest, "ana") as ana, phone(ingest, "budi") as budi:
            await town.fire(count=2)
            told = {name: await heard(client) for name, client in (("ana", ana), ("budi", budi))}
            assert {name: (topic, said["volunteer"]) for name, (topic, said) in told.items()} == {
                "ana": ("offer", "ana"), "budi": ("offer", "budi"),
            }  # fmt: skip
            offer = told["ana"][1]["offer"]
            await town.until(lambda: states(town, offer, "offered", "delivered"))
            await say(ana, "ana", "answer", offer=offer, answer="accept")
            await town.until(lambda: states(town, offer, "offered", "delivered", "accepted"))

    at_the_door(log, postgres_url, tmp_path, body)


async def states(town: Town, offer: str, *expected: str) -> bool:
    return (await town.offers(offer))[: len(expected)] == list(expected)


def test_what_expired_while_the_phone_was_away_is_never_sent(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """Its session waits at the door, the offer in it does not outlive its time."""

    async def body(town: Town, ingest: Ingest) -> None:
        await town.register("ana")
        async with phone(ingest, "ana", lasting=True):
            pass
        await town.fire("old")
        await town.until(lambda: noticed(town, "old"))
        clock = town.runtime.clock
        assert isinstance(clock, ManualClock)
        clock.advance(299 * US_PER_S + 500_000)
        async with beside(notify_phones(town.runtime, ingest)):
            await eventually(lambda: ingest.counters.notices == 1)
            await asyncio.sleep(0.6)
            clock.advance(US_PER_S)
            await town.tick()
            await town.until(lambda: has(town, "expired"))
            async with phone(ingest, "ana", lasting=True) as ana:
                await town.register("ana")
                await town.fire("new")
                assert (await heard(ana))[1]["incident"] == "new"

    at_the_door(log, postgres_url, tmp_path, body, tell=False)


async def has(town: Town, state: str) -> bool:
    return state in await town.offers()


async def noticed(town: Town, incident: str) -> bool:
    return any(notice.incident == incident for notice in await town.notices())


def test_a_phone_that_comes_back_in_time_is_asked(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """It was not connected when the offer was made."""

    async def body(town: Town, ingest: Ingest) -> None:
        await town.register("ana")
        await town.fire()
        await town.until(lambda: noticed(town, "i"))
        await asyncio.sleep(0.2)
        async with phone(ingest, "ana") as ana:
            assert (await heard(ana))[0] == "offer"

    at_the_door(log, postgres_url, tmp_path, body)


def test_a_yes_that_comes_too_late_is_answered(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """No network for five minutes: the offer has expired, and the phone is told so; nothing is lost in silence."""

    async def body(town: Town, ingest: Ingest) -> None:
        await town.register("ana")
        async with phone(ingest, "ana") as ana:
            await town.fire()
            offer = (await heard(ana))[1]["offer"]
            await town.until(lambda: has(town, "delivered"))
            clock = town.runtime.clock
            assert isinstance(clock, ManualClock)
            clock.advance(301 * US_PER_S)
            await say(ana, "ana", "answer", offer=offer, answer="accept")
            topic, told = await heard(ana)
            assert (topic, told["reason"]) == ("reject", "conflict")
            assert "expired cannot accept" in told["detail"]

    at_the_door(log, postgres_url, tmp_path, body)


def test_nobody_answers_for_somebody_else(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """The offer of another is refused by dispatch, another's topic by the door; nothing moves."""

    async def body(town: Town, ingest: Ingest) -> None:
        await town.register("ana")
        async with phone(ingest, "ana") as ana, phone(ingest, "budi") as budi:
            await town.fire()
            offer = (await heard(ana))[1]["offer"]
            await town.until(lambda: has(town, "delivered"))
            await say(budi, "budi", "answer", offer=offer, answer="accept")
            await town.until(lambda: refused(town, "another volunteer's offer"))
            topic, told = await heard(budi)
            assert (topic, told["reason"], told["detail"]) == (
                "reject",
                "conflict",
                "that is another volunteer's offer",
            )
            await say(budi, "ana", "answer", offer=offer, answer="accept")
            assert await town.offers(offer) == ["offered", "delivered"]

    at_the_door(log, postgres_url, tmp_path, body)


async def refused(town: Town, reason: str) -> bool:
    return any(isinstance(e, CommandDone) and not e.ok and reason in e.reason for e in await town.said())


def test_a_report_opens_an_incident_once(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """However often the phone repeats it because it heard no PUBACK."""

    async def body(town: Town, ingest: Ingest) -> None:
        async with phone(ingest, "ana") as ana:
            for _ in range(2):
                await say(ana, "ana", "report", kind="banjir_rob", lat=-10.15, lon=123.6, text="air naik")
        await town.command("dispatch.resume", "end")
        await town.until(lambda: done(town, "end"))
        found = [event for event in await town.said() if isinstance(event, IncidentChanged)]
        assert [(i.kind, i.status, i.source, i.text) for i in found] == [
            ("banjir_rob", "reported", "volunteer", "air naik")
        ]

    at_the_door(log, postgres_url, tmp_path, body)


def test_a_report_is_answered_where_something_is_wrong_with_it(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """One outside the city opens nothing and says so; an unknown kind is opened, and what is known is told."""

    async def body(town: Town, ingest: Ingest) -> None:
        city = {
            "id": "city",
            "offsets": [[0, 28_800]],
            "bounds": [123.5, -10.3, 123.7, -10.1],
            "origin": [123.6, -10.2],
        }
        kinds = ({"id": "banjir", "needs": [{"role": "evakuasi", "count": 2}]},)
        await town.put(Config(section="city", rows=(city,)), Config(section="kinds", rows=kinds))
        async with phone(ingest, "ana") as ana:
            await say(ana, "ana", "report", kind="banjir", lat=-8.6, lon=116.1)
            topic, told = await heard(ana)
            assert (topic, told["reason"]) == ("reject", "conflict")
            assert "outside the city" in told["detail"]
            await say(ana, "ana", "report", kind="ufo", lat=-10.15, lon=123.6)
            topic, told = await heard(ana)
            assert (topic, told["type"], told["detail"].split(":")[0]) == ("notice", "remark", "unknown kind 'ufo'")
            await say(ana, "ana", "report", kind="banjir", lat=-10.15, lon=123.6)
            await town.until(lambda: opened_are(town, ["ufo", "banjir"]))

    at_the_door(log, postgres_url, tmp_path, body)


async def opened_are(town: Town, kinds: list[str]) -> bool:
    return [event.kind for event in await town.said() if isinstance(event, IncidentChanged)] == kinds


async def done(town: Town, command: str) -> bool:
    return any(isinstance(event, CommandDone) and event.id == command for event in await town.said())


def test_who_stands_down_is_told(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """On the topic of notices, with a title to be shown."""

    async def body(town: Town, ingest: Ingest) -> None:
        await town.register("ana")
        async with phone(ingest, "ana") as ana:
            await town.fire()
            offer = (await heard(ana))[1]["offer"]
            await say(ana, "ana", "answer", offer=offer, answer="accept")
            await town.until(lambda: has(town, "accepted"))
            await town.command("incident.cancel", id="i")
            topic, said = await heard(ana)
            assert (topic, said["type"], said["title"]) == ("notice", "stood_down", "Silakan kembali")

    at_the_door(log, postgres_url, tmp_path, body)
