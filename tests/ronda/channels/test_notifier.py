"""From dispatch's events to channels, on the real log and archive."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

import cities
from core.clock import ManualClock
from core.entries import Config
from core.units import US_PER_S
from ronda.channels.channel import LaterError, Letter, NeverError, Outcome
from ronda.channels.facts import Facts, Writing
from ronda.channels.notifier import Notifier
from ronda.notifying import notify_others
from store.log import Log
from tests.ronda.channels.endpoint import listening
from tests.ronda.channels.letters import T0_US
from tests.ronda.channels.town import Town, at_work, beside
from tests.ronda.pipeline import FragileLog, KillError
from tests.running import run_with

pytestmark = pytest.mark.service
SECRET = "a secret of at least 24 bytes"


class Recorder:
    """A channel to nowhere that answers as it is told, and remembers whom it was given."""

    def __init__(self, *answers: Outcome | Exception, wait_s: float = 0.0, name: str = "test") -> None:
        self.answers: list[Outcome | Exception] = list(answers)
        self.letters: list[Letter] = []
        self.wait_s = wait_s
        self.name = name

    async def send(self, letter: Letter) -> Outcome:
        self.letters.append(letter)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def carrying(town: Town, *channels: Recorder, owner: str = "test", log: Any = None) -> Notifier:
    runtime = town.runtime
    writing = Writing(cities.load("kupang"), "https://ronda", bytes(32))
    facts = lambda: Facts(runtime.pool, runtime.clock, writing)  # noqa: E731
    return Notifier("notify", channels, log=log or runtime.log, clock=runtime.clock, facts=facts, owner=owner)


def in_town(log: Log, url: str, folder: Path, body: Any, clock: ManualClock | None = None, **settings: Any) -> Any:
    async def main(log: Log) -> Any:
        async with at_work(log, url, folder, clock or ManualClock(T0_US), **settings) as town:
            return await body(town)

    return run_with(log, main)


def test_an_offer_is_told_in_words_and_its_delivery_to_dispatch(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """With a link to answer; dispatch knows that it is on the phone."""
    channel = Recorder("delivered")

    async def body(town: Town) -> list[str]:
        async with beside(carrying(town, channel).run()):
            await town.register("ana")
            await town.fire()
            await town.until(lambda: seen(town, "delivered"))
            return await town.offers()

    assert in_town(log, postgres_url, tmp_path, body) == ["offered", "delivered"]
    (letter,) = channel.letters
    assert letter.said.title == "Kebakaran: bisa datang?"
    assert letter.link.startswith("https://ronda/o/")
    assert (letter.notice.person, letter.notice.device) == ("ana", "hp-ana")


async def seen(town: Town, state: str) -> bool:
    return state in await town.offers()


def test_sent_is_not_delivered(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """A gateway that has it does not know whether the phone does."""
    channel = Recorder("sent")

    async def body(town: Town) -> list[str]:
        notifier = carrying(town, channel)
        async with beside(notifier.run()):
            await town.register("ana")
            await town.fire()
            await town.until(lambda: is_true(notifier.counters.sent == 1))
            await asyncio.sleep(0.1)
            return await town.offers()

    assert in_town(log, postgres_url, tmp_path, body) == ["offered"]


async def is_true(condition: bool) -> bool:
    return condition


def test_what_expired_while_nobody_sent_is_never_sent(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """Ten minutes of downtime: the old offer is passed over, the new one goes out."""
    channel, clock = Recorder("sent"), ManualClock(T0_US)

    async def body(town: Town) -> set[str]:
        await town.register("ana", "budi")
        await town.fire("old")
        await town.until(lambda: has_notices(town, 1))
        clock.advance(600 * US_PER_S)
        notifier = carrying(town, channel)
        async with beside(notifier.run()):
            await town.register("ana", "budi")
            await town.command("incident.close", id="old")
            await town.fire("new")
            await town.until(lambda: is_true(bool(channel.letters)))
        return {letter.notice.incident for letter in channel.letters}

    assert in_town(log, postgres_url, tmp_path, body, clock) == {"new"}


async def has_notices(town: Town, count: int) -> bool:
    return len(await town.notices()) >= count


def test_a_restart_sends_nothing_again_that_was_acknowledged(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """But what was still on its way."""
    first = Recorder("sent")
    stuck = Recorder(LaterError("busy", 60.0), name="stuck")
    later, again = Recorder("sent"), Recorder("sent", name="stuck")

    async def body(town: Town) -> None:
        await town.register("ana")
        notifier = carrying(town, first, stuck)
        async with beside(notifier.run()):
            await town.fire()
            await town.until(lambda: is_true(notifier.counters.sent == 1 and notifier.counters.retries == 1))
            await town.until(lambda: acknowledged(town, 1))
        async with beside(carrying(town, later, again).run()):
            await town.until(lambda: is_true(bool(again.letters)))
            await asyncio.sleep(0.1)

    in_town(log, postgres_url, tmp_path, body)
    assert [len(channel.letters) for channel in (first, stuck, later, again)] == [1, 1, 0, 1]
    assert stuck.letters[0].notice == again.letters[0].notice


async def written(town: Town) -> bool:
    """Whether the cursor is at the end, past a notice."""
    at = await town.log.offset("notify", "dispatch.events")
    return bool(await town.notices()) and at == await town.log.last_id("dispatch.events")


async def acknowledged(town: Town, count: int) -> bool:
    return len(await town.log.state("notify", "dispatch.events")) == count


def test_an_answered_offer_is_not_sent_any_more(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """The volunteer said yes by another way while a channel was busy."""
    channel = Recorder(LaterError("busy", 0.2), "sent")

    async def body(town: Town) -> int:
        await town.register("ana")
        notifier = carrying(town, channel)
        async with beside(notifier.run()):
            await town.fire()
            await town.until(lambda: is_true(bool(channel.letters)))
            await town.command("offer.answer_for", offer=channel.letters[0].notice.offer, answer="accept")
            await town.until(lambda: is_true(notifier.counters.waiting == 0))
        return notifier.counters.refused

    assert in_town(log, postgres_url, tmp_path, body) == 1
    assert len(channel.letters) == 1


def test_a_question_is_not_put_to_a_phone_in_other_hands(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """It was handed over while the channel was busy: the letter to it is dropped, one to the new phone goes out."""
    channel = Recorder(LaterError("busy", 0.2), "sent")

    async def body(town: Town) -> int:
        await town.register("ana")
        notifier = carrying(town, channel)
        async with beside(notifier.run()):
            await town.fire()
            await town.until(lambda: is_true(bool(channel.letters)))
            ended_us, new = (
                {"until_us": town.now_us() - 1},
                {"id": "new", "from_us": 0, "device": "hp-2", "person": "ana"},
            )
            old = {"id": "a-ana", "from_us": 0, "device": "hp-ana", "person": "ana", **ended_us}
            await town.put(Config(section="assignments", rows=(old, new), at_us=town.now_us()))
            await town.until(lambda: is_true(notifier.counters.sent == 1 and notifier.counters.waiting == 0))
        return notifier.counters.refused

    assert in_town(log, postgres_url, tmp_path, body) == 1
    assert [letter.notice.device for letter in channel.letters] == ["hp-ana", "hp-2"]


@pytest.mark.parametrize(("fate", "expected"), [("delivered", 0), ("sent", 1)])
def test_the_last_resort_waits_for_the_others(
    log: Log, postgres_url: str, tmp_path: Path, fate: Outcome, expected: int
) -> None:
    """An SMS goes out only where nothing else delivered."""
    phone, sms = Recorder(fate, name="phone"), Recorder("sent", wait_s=0.3, name="sms")

    async def body(town: Town) -> None:
        await town.register("ana")
        notifier = carrying(town, phone, sms)
        async with beside(notifier.run()):
            await town.fire()
            await town.until(lambda: is_true(bool(phone.letters)))
            await town.until(lambda: is_true(notifier.counters.waiting == 0))

    in_town(log, postgres_url, tmp_path, body)
    assert len(sms.letters) == expected


@pytest.mark.parametrize(("asked", "expected"), [(False, []), (True, ["offer", "withdrawn"])])
def test_a_last_resort_takes_back_what_it_asked(
    log: Log, postgres_url: str, tmp_path: Path, asked: bool, expected: list[str]
) -> None:
    """Nobody gets an SMS that they are not needed who was never asked by one."""
    sms = Recorder("sent", wait_s=0.3, name="sms")

    async def body(town: Town) -> None:
        await town.register("ana")
        notifier = carrying(town, sms)
        async with beside(notifier.run()):
            await town.fire()
            await town.until(lambda: has_notices(town, 1))
            if asked:
                await town.until(lambda: is_true(notifier.counters.sent == 1))
            await town.command("incident.cancel", id="i")
            await town.until(lambda: has_notices(town, 2))
            await town.until(lambda: written(town))

    in_town(log, postgres_url, tmp_path, body)
    assert [letter.notice.kind for letter in sms.letters] == expected


def test_who_cannot_be_reached_is_left(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """By that channel; a fault of ours in it is tried again, and stops nobody else's letter."""
    never, faulty = Recorder(NeverError("no number"), name="never"), Recorder(ZeroDivisionError(), name="faulty")

    async def body(town: Town) -> int:
        await town.register("ana", "budi")
        notifier = carrying(town, never, faulty)
        async with beside(notifier.run()):
            await town.fire(count=2)
            await town.until(lambda: is_true(len(never.letters) == 2 and len(faulty.letters) == 2))
        return notifier.counters.refused

    assert in_town(log, postgres_url, tmp_path, body) == 2


@pytest.mark.parametrize(("written_first", "sent"), [(True, 1), (False, 2)])
def test_a_kill_at_the_commit_of_an_acknowledgement(
    log: Log, postgres_url: str, tmp_path: Path, written_first: bool, sent: int
) -> None:
    """After it nothing is sent again; just before it the letter goes out once more, under the same id."""
    channel = Recorder("sent")

    async def body(town: Town) -> None:
        await town.register("ana")
        await town.fire()
        await town.until(lambda: has_notices(town, 1))
        fragile = FragileLog(town.log, [(1, written_first)])
        with pytest.raises(KillError):
            await carrying(town, channel, log=fragile).run()
        async with beside(carrying(town, channel).run()):
            await town.until(lambda: written(town))

    in_town(log, postgres_url, tmp_path, body)
    assert [letter.notice.id for letter in channel.letters] == [channel.letters[0].notice.id] * sent


def test_too_many_letters_cost_the_oldest(
    log: Log, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted, and the cursor does not wait for it for ever."""
    monkeypatch.setattr("ronda.channels.notifier.LETTERS_MAX", 1)
    channel = Recorder(LaterError("busy", 60.0))

    async def body(town: Town) -> int:
        await town.register("ana", "budi")
        notifier = carrying(town, channel)
        async with beside(notifier.run()):
            await town.fire(count=2)
            await town.until(lambda: is_true(notifier.counters.given_up == 1))
            await town.until(lambda: is_true(notifier.counters.waiting == 1))
        return notifier.counters.given_up

    assert in_town(log, postgres_url, tmp_path, body) == 1


def test_what_was_told_before_the_cursor_is_known(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """After a restart: the incident of a stand-down comes from the archive."""
    first, later = Recorder("sent"), Recorder("sent")

    async def body(town: Town) -> None:
        await town.register("ana")
        async with beside(carrying(town, first).run()):
            await town.fire()
            await town.until(lambda: written(town))
        await town.command("offer.answer_for", offer=first.letters[0].notice.offer, answer="accept")
        await town.until(lambda: seen(town, "accepted"))
        async with beside(carrying(town, later).run()):
            await town.until(lambda: written(town))
            await town.command("offer.stand_down", offer=first.letters[0].notice.offer)
            await town.until(lambda: is_true(bool(later.letters)))

    in_town(log, postgres_url, tmp_path, body)
    (letter,) = later.letters
    assert letter.said == (
        "Silakan kembali", "Kebakaran di -10.17000, 123.60000 sudah cukup orang. Terima kasih sudah bersedia.",
    )  # fmt: skip
    assert letter.link == ""


def test_one_process_sends(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """By lease; the other takes over when the first has ended, and sends what is new."""
    one, two = Recorder("sent"), Recorder("sent")

    async def body(town: Town) -> bool:
        await town.register("ana")
        async with beside(carrying(town, one).run()):
            await town.fire("a")
            await town.until(lambda: written(town))
            async with beside(carrying(town, two, owner="another").run()):
                await asyncio.sleep(0.3)
                idle = not two.letters
        async with beside(carrying(town, two).run()):
            await town.register("budi")
            await town.fire("b")
            await town.until(lambda: is_true(bool(two.letters)))
        return idle

    assert in_town(log, postgres_url, tmp_path, body)
    assert not {letter.notice.id for letter in one.letters} & {letter.notice.id for letter in two.letters}


def test_a_webhook_that_fails_twice(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """The whole stage: the third attempt is taken, each under the same id and with the phone number."""

    async def body(town: Town) -> None:
        await town.register("ana", phone="0812-3456-789")
        async with beside(notify_others(town.runtime)):
            await town.fire()
            await town.until(lambda: is_true(len(there.bodies) == 3))
            await asyncio.sleep(0.3)

    with listening(500, 503, 200, Retry_After="0") as there:
        in_town(log, postgres_url, tmp_path, body, webhook_url=there.url, webhook_secret=SECRET)
    assert len({head["webhook-id"] for head in there.headers}) == 1
    told = msgspec.json.decode(there.bodies[2])
    assert (told["type"], told["name"], told["phone"]) == ("offer", "Ana", "0812-3456-789")
