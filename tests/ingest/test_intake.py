"""Intake as sources of every kind see it: answers, standstill, what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.clock import ManualClock
from core.fixes import Fixes
from core.heard import HEARD, KNOCK
from core.identity import Identity
from core.rejects import Reject
from ingest.intake import Intake
from tests.ingest.house import FIX, HeldLog, eventually, message
from tests.ingest.registry import Registry
from tests.strategies import T0_US

TOPIC = "ronda/v1/t1/fix"
Body = Callable[[Intake, HeldLog, ManualClock], Awaitable[None]]


def with_intake(body: Body, **options: Any) -> None:
    """Run a body beside a running intake, one second after T0."""

    async def main() -> None:
        log, clock = HeldLog(), ManualClock(T0_US + 1_000_000)
        intake = Intake(
            append=log.append, note=log.note, partitions=4, clock=clock, directory=Registry(known=["t1"]), **options
        )
        task = asyncio.create_task(intake.run())
        try:
            await body(intake, log, clock)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("topic", "payload", "reasons"),
    [
        (TOPIC, FIX, []),
        (TOPIC, b"rubbish", ["not_json"]),
        (TOPIC, b"[" + FIX + b',{"time":1,"lat":1,"lon":1}]', ["bad_time"]),
        ("ronda/v1/new/fix", FIX, ["unknown_device"]),
        ("ronda/v1/t2/fix", FIX, ["forbidden"]),
        ("owntracks/t1/x", b'{"_type":"card"}', ["forbidden"]),
    ],
)
def test_submit_says_what_was_refused(topic: str, payload: bytes, reasons: list[str]) -> None:
    """Nothing: it was taken, or is known and of no use here."""

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del log, clock
        identity = Identity(role="device", subject="t1", device="t1") if reasons != ["unknown_device"] else None
        assert [reject.reason for reject in await intake.submit(topic, payload, identity)] == reasons

    with_intake(body)


def test_submit_hears_of_every_reject_although_few_are_stored() -> None:
    """The ration is the disk's, not the sender's."""

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del clock
        for _ in range(3):
            rejects = await intake.submit(TOPIC, b"[" + b",".join([b"1"] * 90) + b"]", None)
            assert len(rejects) == 90
        assert len(await log.rejects()) == 200
        assert (intake.counters.rejects["unknown_type"], intake.counters.rejects_stored) == (270, 200)

    with_intake(body)


def test_fixes_of_strangers_go_into_their_own_stream() -> None:
    """Before their message is done."""

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del clock
        await intake.submit("ronda/v1/new/fix", FIX, None)
        (held,) = await log.values("held")
        assert isinstance(held, Fixes)
        assert (held.names(), len(await log.fixes()), intake.counters.held_fixes) == (["new"], 0, 1)

    with_intake(body)


def test_while_intake_stands_still_nothing_is_taken_and_then_it_was_received_now() -> None:
    """Our clock was wrong: what waited is not refused for the times it was stamped with."""
    why: list[str] = ["the clock says 2016"]

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        clock.set(T0_US - 10 * 365 * 86_400_000_000)
        answers = [asyncio.create_task(intake.submit(TOPIC, FIX, None)) for _ in range(3)]
        await asyncio.sleep(0.3)
        assert (len(await log.fixes()), len(intake.batcher.waiting())) == (0, 3)
        clock.set(T0_US + 5_000_000)
        why.clear()
        assert await asyncio.gather(*answers) == [[], [], []]
        assert (await log.fixes()).received_us.tolist() == [T0_US + 5_000_000] * 3

    with_intake(body, standstill=lambda: why[0] if why else None)


def test_the_release_is_told_before_the_first_message_is_written() -> None:
    """The outage clock comes first."""
    why: list[str] = ["disk full"]
    order: list[str] = []

    async def release() -> None:
        order.append("released")

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del log, clock
        answer = asyncio.create_task(intake.submit(TOPIC, FIX, None))
        answer.add_done_callback(lambda _: order.append("written"))
        await asyncio.sleep(0.05)
        why.clear()
        await answer
        await asyncio.sleep(0)
        assert order == ["released", "written"]

    with_intake(body, standstill=lambda: why[0] if why else None, on_release=release)


def test_what_waits_tells_what_the_devices_clocks_say() -> None:
    """The newest time of each registered device; what a broker replays tells nothing."""

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del log, clock
        older = FIX.replace(b"1767571200", b"1767571100")
        for sent in (
            message(FIX),
            message(older),
            message(FIX, "ronda/v1/new/fix"),
            message(FIX.replace(b"1767571200", b"1767571900"), retained=True),
            message(b"rubbish"),
        ):
            intake.batcher.put(sent)
        await asyncio.sleep(0.02)
        assert intake.times() == {"t1": T0_US}

    with_intake(body, standstill=lambda: "the clock is far from the devices'")


def test_notes_are_written_beside_the_fixes() -> None:
    """Of what was heard and of who knocked, within a second or two."""

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del clock
        await intake.submit(TOPIC, FIX, None)
        intake.knock("t1", "c1", "mistyped")
        await eventually(lambda: intake.counters.notes == 2)
        assert all(await log.notes([HEARD + "t1", KNOCK + "t1"]))

    with_intake(body)


def test_a_reject_reaches_its_message_before_the_message_is_done() -> None:
    """Whoever waits for the answer has it whole."""

    async def body(intake: Intake, log: HeldLog, clock: ManualClock) -> None:
        del log, clock
        order: list[str] = []

        def told(reject: Reject) -> None:
            order.append(reject.reason)

        intake.batcher.put(message(b"rubbish", told=told, done=lambda: order.append("done")))
        await eventually(lambda: len(order) == 2)
        assert order == ["not_json", "done"]

    with_intake(body)
