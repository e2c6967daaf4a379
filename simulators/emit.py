"""Sending like devices: MQTT at QoS 1, in order per device, again after a lost connection until it is acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

import aiomqtt

from core.clock import Clock
from core.errors import RondaError
from core.units import US_PER_S
from simulators.wire import Sending, message

WINDOW: Final = 64  # unacknowledged messages of one connection
_RETRY_S: Final = (0.2, 5.0)  # first and longest pause between attempts to connect
_REFUSED: Final = {4, 5, 134, 135}  # CONNACK: bad credentials, not authorized (3.1.1 and 5)


class EmitError(RondaError):
    """Nothing can be sent; the message says what to check."""


class Publisher:
    """One connection. `publish` returns once a message has a place in the window, `drain` once all are acknowledged.

    What comes on `topics` is handed to `heard`.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        secret: str = "",
        patience_s: float = 20.0,
        topics: Sequence[str] = (),
        heard: Callable[[str, bytes], None] = lambda _topic, _payload: None,
    ) -> None:
        self._url, self._parts = url, urlsplit(url)
        self._name, self._secret, self._patience_s = name, secret, patience_s
        self._topics, self._heard = topics, heard
        self._room = asyncio.Semaphore(WINDOW)
        self._numbers = itertools.count()
        self._unacked: dict[int, tuple[str, bytes]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._client: aiomqtt.Client | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: EmitError | None = None
        self.acknowledged = 0
        self.reconnects = 0

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._room.acquire()
        if self._failure:
            raise self._failure
        number = next(self._numbers)
        self._unacked[number] = (topic, payload)
        self._idle.clear()
        self._start(number)

    async def drain(self) -> None:
        await self._idle.wait()
        if self._failure:
            raise self._failure

    async def run(self) -> None:
        """Keep the connection until cancelled; what is unacknowledged goes out again on each new one."""
        try:
            await self._keep()
        except Exception as error:
            self._fail(f"Sending failed: {error!r}")
            raise

    async def _keep(self) -> None:
        pause_s, deaf_s = _RETRY_S[0], 0.0
        while True:
            try:
                await self._session()
            except aiomqtt.MqttError as error:
                if self._client is not None:  # it was connected
                    pause_s, deaf_s, self._client = _RETRY_S[0], 0.0, None
                self._give_up_if(error, deaf_s)
            finally:
                await self._forget_tasks()
            if self._failure:
                return
            self.reconnects += 1
            await asyncio.sleep(pause_s)
            pause_s, deaf_s = min(2 * pause_s, _RETRY_S[1]), deaf_s + pause_s

    async def _session(self) -> None:
        async with self._connection() as client:
            client.pending_calls_threshold = WINDOW
            self._client = client
            for number in list(self._unacked):
                self._start(number)
            if self._topics:
                await client.subscribe([(topic, 1) for topic in self._topics])
            async for message in client.messages:  # it raises when the connection is lost
                self._heard(str(message.topic), bytes(message.payload))

    def _connection(self) -> aiomqtt.Client:
        parts, tls = self._parts, self._parts.scheme == "mqtts"
        username = unquote(parts.username) if parts.username else (self._name if self._secret else None)
        return aiomqtt.Client(
            parts.hostname or "127.0.0.1",
            parts.port or (8883 if tls else 1883),
            username=username,
            password=unquote(parts.password) if parts.password else (self._secret or None),
            identifier=self._name,
            max_inflight_messages=WINDOW,
            tls_context=ssl.create_default_context() if tls else None,
        )

    def _start(self, number: int) -> None:
        if self._client is not None:
            task = asyncio.create_task(self._send(self._client, number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, client: aiomqtt.Client, number: int) -> None:
        topic, payload = self._unacked[number]
        try:
            await client.publish(topic, payload, qos=1, timeout=math.inf)
        except aiomqtt.MqttError:
            return  # the session ends too, and sends it again
        del self._unacked[number]
        self.acknowledged += 1
        self._room.release()
        if not self._unacked:
            self._idle.set()

    async def _forget_tasks(self) -> None:
        self._client = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _give_up_if(self, error: aiomqtt.MqttError, deaf_s: float) -> None:
        refused = isinstance(error, aiomqtt.MqttCodeError) and getattr(error.rc, "value", error.rc) in _REFUSED
        where = f"{self._parts.hostname}:{self._parts.port or 1883}"
        if refused:
            self._fail(f"{where} refuses the credential; make one with `ronda token create --role device`.")
        elif deaf_s >= self._patience_s:
            self._fail(f"Nothing answers at {where} ({error}); start `ronda up`, or name the broker with --mqtt-url.")

    def _fail(self, why: str) -> None:
        self._failure = EmitError(why)
        self._idle.set()
        self._room.release()


class Publishers:
    """A few connections that share the devices out; one device always uses the same one, so its order holds."""

    def __init__(self, connections: list[Publisher]) -> None:
        self._connections = connections

    @property
    def acknowledged(self) -> int:
        """Messages that the other side has taken over."""
        return sum(c.acknowledged for c in self._connections)

    async def send(self, sending: Sending) -> None:
        await self.publish(sending.device, *message(sending))

    async def publish(self, device: str, topic: str, payload: bytes) -> None:
        chosen = zlib.crc32(device.encode()) % len(self._connections)
        await self._connections[chosen].publish(topic, payload)

    async def drain(self) -> None:
        """Wait until everything is acknowledged."""
        for connection in self._connections:
            await connection.drain()


@asynccontextmanager
async def publishers(
    url: str, *, name: str, secret: str = "", connections: int = 2, patience_s: float = 20.0
) -> AsyncIterator[Publishers]:
    """Connected publishers; on a good end everything is acknowledged before the connections close."""
    each = [
        Publisher(url, name=f"{name}-{os.getpid()}-{i}", secret=secret, patience_s=patience_s)
        for i in range(connections)
    ]
    tasks = [asyncio.create_task(publisher.run()) for publisher in each]
    try:
        together = Publishers(each)
        yield together
        await together.drain()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@dataclass(frozen=True, slots=True)
class Pace:
    """Wall time of a simulated moment: `from_us` happens at `at_us`, then `speedup` times as fast; inf: no waiting."""

    clock: Clock
    from_us: int
    at_us: int
    speedup: float = 1.0

    async def until(self, sim_us: int) -> None:
        if math.isinf(self.speedup):
            return
        delay_us = self.at_us + (sim_us - self.from_us) / self.speedup - self.clock.now_us()
        if delay_us > 0:
            await asyncio.sleep(delay_us / US_PER_S)


def shift_us(first_us: int, last_us: int, now_us: int, speedup: float) -> int:
    """What to add to recorded times so that the last fix is sent at its own time and none ever before it."""
    lasting_us = 0 if math.isinf(speedup) else (last_us - first_us) / speedup
    return now_us + round(lasting_us) - last_us


async def emit(
    sendings: Iterable[Sending], to: Publishers, pace: Pace, sent: Callable[[Sending], None] = lambda _: None
) -> None:
    """Send everything at its pace; `sent` is told of each message handed over (not yet acknowledged)."""
    for sending in sendings:
        await pace.until(sending.send_us)
        await to.send(sending)
        sent(sending)
