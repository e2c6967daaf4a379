"""Sending over MQTT, to a broker that nobody here wrote."""

import asyncio
import math
import os
import shutil
import socket
import subprocess
import time

import aiomqtt
import pytest

from core.clock import ManualClock
from simulators import emit
from simulators.wire import Row, Sending

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto"


class Broker:
    """Mosquitto on a port of its own; it can be killed and started again."""

    def __init__(self, folder):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url, self._config = f"mqtt://127.0.0.1:{self.port}", folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nuser root\n"
        )
        self.start()

    def start(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", self._config], stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def broker(tmp_path):
    made = Broker(tmp_path)
    yield made
    made.stop()


def said(number, device="d1"):
    return Sending(number, device, "native", (Row(number * 1_000_000, -10.0, 123.0, 1.0, None, 5.0, 100.0),))


async def subscribed(url, name="reader"):
    port = int(url.rsplit(":", 1)[1])
    async with aiomqtt.Client("127.0.0.1", port, identifier=name, clean_session=False) as client:
        await client.subscribe("#", qos=1)


async def received(url, count, name="reader"):
    port, bodies = int(url.rsplit(":", 1)[1]), []
    async with aiomqtt.Client("127.0.0.1", port, identifier=name, clean_session=False) as client:
        await client.subscribe("#", qos=1)
        async with asyncio.timeout(20):
            async for message in client.messages:
                bodies.append((str(message.topic), message.payload))
                if len({body for _, body in bodies}) == count:
                    break
    return bodies


def at_once():
    return emit.Pace(ManualClock(), 0, 0, math.inf)


@pytest.mark.interop
def test_everything_arrives_in_order_of_each_device(broker):
    """500 messages of five devices over two connections, each acknowledged."""

    async def main():
        await subscribed(broker.url)
        sendings = [said(i, f"d{i % 5}") for i in range(500)]
        async with emit.publishers(broker.url, name="t") as to:
            await emit.emit(sendings, to, at_once())
        assert to.acknowledged == 500
        return await received(broker.url, 500)

    bodies = asyncio.run(main())
    for number in range(5):
        mine = [body for topic, body in bodies if topic == f"ronda/v1/d{number}/fix"]
        assert mine == [emit.message(said(i, f"d{number}"))[1] for i in range(number, 500, 5)]


@pytest.mark.interop
def test_a_broker_that_went_away_gets_everything_when_it_is_back(broker):
    """Unacknowledged messages go out again on the next connection."""

    async def main():
        await subscribed(broker.url)
        async with emit.publishers(broker.url, name="t", connections=1) as to:
            await emit.emit([said(i) for i in range(100)], to, at_once())
            broker.stop()
            sending = asyncio.create_task(emit.emit([said(i) for i in range(100, 300)], to, at_once()))
            await asyncio.sleep(0.3)
            assert not sending.done()
            await asyncio.to_thread(broker.start)
            await sending
        return await received(broker.url, 300)

    bodies = asyncio.run(main())
    assert {body for _, body in bodies} == {emit.message(said(i))[1] for i in range(300)}


def test_nobody_there_is_an_error_that_says_what_to_start():
    """After its patience a publisher gives up with one sentence."""

    async def main():
        async with emit.publishers("mqtt://127.0.0.1:9", name="t", patience_s=0.2) as to:
            await emit.emit([said(i) for i in range(1000)], to, at_once())

    with pytest.raises(emit.EmitError, match="ronda up"):
        asyncio.run(main())


def test_the_pace_waits_for_the_simulated_moment():
    """At twice the speed, 0.2 s of simulation take 0.1 s."""
    pace = emit.Pace(ManualClock(1_000_000), from_us=0, at_us=1_000_000, speedup=2.0)
    began = time.monotonic()
    asyncio.run(pace.until(200_000))
    assert 0.09 < time.monotonic() - began < 0.5


@pytest.mark.parametrize(("speedup", "shift_s"), [(1.0, 900), (10.0, 900 + 10 - 100), (math.inf, 900 - 100)])
def test_shifted_times_are_never_ahead_of_their_sending(speedup, shift_s):
    """Recorded from 100 s to 200 s, sent from 1000 s on: the last fix is sent at its own time."""
    shift = emit.shift_us(100_000_000, 200_000_000, 1_000_000_000, speedup)
    assert shift == shift_s * 1_000_000
    assert 100_000_000 + shift <= 1_000_000_000
