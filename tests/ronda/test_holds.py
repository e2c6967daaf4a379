"""Reasons to stand still."""

from __future__ import annotations

import asyncio

from core.clock import ManualClock
from ronda.holds import Holds, TrustedClock


def test_nothing_holds_at_first() -> None:
    """Without a reason intake goes on."""
    assert Holds().why() is None


def test_the_clock_is_told_before_the_disk() -> None:
    """Of several reasons the first of a fixed order is told."""
    holds = Holds()
    holds.put("disk", "make room")
    holds.put("clock", "set the clock")
    assert holds.why() == "set the clock"
    holds.put("clock", None)
    assert holds.why() == "make room"


def test_an_intake_has_the_clock_looked_at_first() -> None:
    """What a glance finds counts for the very batch before which it was taken."""
    holds = Holds()
    holds.glance = lambda: holds.put("clock", "devices say otherwise")
    assert holds.standstill() == "devices say otherwise"


def test_waiting_ends_when_the_reason_is_gone() -> None:
    """Whoever waits for a reason to go waits for that one alone."""

    async def body() -> None:
        holds = Holds()
        holds.put("clock", "set the clock")
        holds.put("disk", "make room")
        waiting = asyncio.create_task(holds.free_of("clock"))
        await asyncio.sleep(0)
        assert not waiting.done()
        holds.put("clock", None)
        await asyncio.wait_for(waiting, 2)

    asyncio.run(body())


def test_the_trusted_clock_is_the_machines_own_unless_told() -> None:
    """Expiries go by our best knowledge while the clock is wrong."""
    holds = Holds()
    clock = TrustedClock(ManualClock(5), holds)
    assert clock.now_us() == 5
    holds.trusted_us = 9
    assert clock.now_us() == 9


def test_a_burst_between_two_looks_at_the_memory_is_bounded() -> None:
    """What may be appended until the next look is counted down."""
    holds = Holds()
    holds.left_bytes = 0
    assert "is being measured" in str(holds.standstill())
    assert holds.why() is None
