"""What the door tells devices: subscriptions, notices, an offline queue, rejects."""

from __future__ import annotations

import asyncio

import pytest

from ingest.service import Ingest
from tests.ingest.house import Client, HeldLog, at_door, eventually, framed, port_of, text

OFFER = "ronda/v1/t1/offer"
both = pytest.mark.parametrize("version", [4, 5])


@pytest.mark.parametrize(
    ("version", "topic", "code"),
    [(4, OFFER, 1), (5, OFFER, 1), (4, "ronda/v1/t2/offer", 0x80), (5, "ronda/v1/t2/offer", 0x87), (5, "#", 0xA2)],
)
def test_subscriptions(version: int, topic: str, code: int) -> None:
    """To one's own notices, and to nothing else."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.enter(port_of(ingest), version, password="s-t1")
        client.send(client.subscribe(topic))
        first, answer = await client.read() or (0, b"")
        assert (first, answer[-1]) == (0x90, code)

    at_door(body)


@both
def test_a_notice_is_delivered_and_again_until_acknowledged(version: int) -> None:
    """With the same packet id and the duplicate flag after a reconnect."""
    lasting = b"\x11\0\0\0\x3c" if version == 5 else None

    async def body(ingest: Ingest, _: HeldLog) -> None:
        options = {"clean": False, "properties": lasting}
        client = await Client.enter(port_of(ingest), version, **options)
        client.send(client.subscribe(OFFER))
        await client.read()
        assert ingest.notify("t1", "offer", b"now") == 1
        packet = text(OFFER) + b"\0\1" + (b"\0" if version == 5 else b"") + b"now"
        assert await client.read() == (0x32, packet)
        client.close()
        await eventually(lambda: ingest.counters.connections == 0)
        again = await Client.dial(port_of(ingest), version)
        again.send(again.connect(**options))
        _, answer = await again.read() or (0, b"")
        assert answer[0] == 1  # session present
        assert await again.read() == (0x3A, packet)

    at_door(body)


def test_a_notice_waits_for_a_device_that_is_away() -> None:
    """Up to the bound of its mailbox; who never subscribed gets nothing."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.enter(port_of(ingest), clean=False)
        client.send(client.subscribe(OFFER, qos=0))
        await client.read()
        client.close()
        await eventually(lambda: ingest.counters.connections == 0)
        assert (ingest.notify("t1", "offer", b"x"), ingest.notify("t2", "offer", b"x")) == (1, 0)
        again = await Client.enter(port_of(ingest), clean=False)
        assert await again.read() == (0x30, text(OFFER) + b"x")

    at_door(body)


def test_rejects_are_told_to_who_listens() -> None:
    """For authors of devices: the reason, on the device's own topic."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        client.send(client.subscribe("ronda/v1/t1/reject", qos=0) + client.publish(b"rubbish"))
        answers = [await client.read() for _ in range(3)]
        told = next(packet for first, packet in filter(None, answers) if first == 0x30)
        assert b'"reason":"not_json"' in told

    at_door(body)


def test_unsubscribing() -> None:
    """And nothing more comes."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        client.send(client.subscribe(OFFER) + framed(0xA2, b"\0\2" + text(OFFER)))
        assert [await client.read() for _ in range(2)] == [(0x90, b"\0\1\1"), (0xB0, b"\0\2")]
        assert ingest.notify("t1", "offer", b"x") == 0

    at_door(body)


def test_whoever_sent_it_learns_at_the_puback() -> None:
    """Not when it was written: the phone may be out of reach by then."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        fates: list[str] = []
        client = await Client.enter(port_of(ingest))
        client.send(client.subscribe(OFFER))
        await client.read()
        assert ingest.notify("t1", "offer", b"x", fates.append) == 1
        await client.read()
        assert fates == []
        client.send(b"\x40\x02\0\1")
        await eventually(lambda: fates == ["delivered"])

    at_door(body)


def test_what_a_session_takes_with_it_is_lost() -> None:
    """A phone whose connection broke before its PUBACK comes back with a new session: its sender must know."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        fates: list[str] = []
        client = await Client.enter(port_of(ingest))
        client.send(client.subscribe(OFFER))
        await client.read()
        ingest.notify("t1", "offer", b"x", fates.append)
        await client.read()
        client.close()
        await eventually(lambda: fates == ["lost"])

    at_door(body)


def test_what_is_past_its_life_is_not_sent() -> None:
    """Neither what waited for the client, nor again what it had not acknowledged."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        fates: list[str] = []
        client = await Client.enter(port_of(ingest), clean=False)
        client.send(client.subscribe(OFFER))
        await client.read()
        ingest.notify("t1", "offer", b"unacknowledged", fates.append, 0.05)
        await client.read()
        client.close()
        await eventually(lambda: ingest.counters.connections == 0)
        ingest.notify("t1", "offer", b"waits", fates.append, 0.05)
        ingest.notify("t1", "offer", b"good")
        await asyncio.sleep(0.1)
        again = await Client.enter(port_of(ingest), clean=False)
        assert await again.read() == (0x32, text(OFFER) + b"\0\2good")
        assert fates == ["lost", "lost"]

    at_door(body)
