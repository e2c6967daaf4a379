"""A running ingest over a log that can be held, and a raw MQTT client that sends exactly the bytes it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

from core import codec
from core.clock import Clock, ManualClock
from core.entries import Tick
from core.fixes import Fixes
from core.identity import Identity
from core.rejects import Reject
from ingest.directory import Listed
from ingest.door import DoorParams
from ingest.message import Message, ignore
from ingest.service import Ingest, IngestParams
from store.log import Log
from store.memory import MemoryLog
from tests.strategies import T0_US

FIX = b'{"time":1767571200,"lat":-10.17,"lon":123.6}'  # at T0
_dialled: ContextVar[list[Client]] = ContextVar("_dialled")  # clients to hang up at the end of a test
SECRETS = {
    "s-t1": Identity(role="device", subject="t1", device="t1"),
    "s-gate": Identity(role="device", subject="gate"),
}


class Nowhere:
    """A sink that nobody may write to."""

    full = False

    def put(self, message: Message) -> None:
        raise AssertionError(message)

    def on_pressure(self, listener: Callable[[], None]) -> None:
        del listener


class HeldLog(MemoryLog):
    """A memory log whose appends wait while held and fail while broken."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False

    async def append(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> list[str]:
        await self.gate.wait()
        if self.broken:
            raise ConnectionError("the log is away")
        return await super().append(items, cap=cap)

    async def values(self, stream: str) -> list[Any]:
        entries = await self.read({stream: "0-0"}, count=10_000, block_ms=0)
        return [codec.decode(entry.body) for entry in entries.get(stream, [])]

    async def fixes(self, partitions: int = 4) -> Fixes:
        """All fixes of all partitions."""
        values = [value for p in range(partitions) for value in await self.values(f"in.{p}")]
        return Fixes.concat(value for value in values if isinstance(value, Fixes))

    async def rejects(self) -> list[Reject]:
        return [reject for value in await self.values("rejects") for reject in value]


def check(client_id: str, username: str, password: str) -> Identity | None:
    del client_id, username
    return SECRETS.get(password)


@asynccontextmanager
async def running(
    log: Log,
    clock: Clock | None = None,
    *,
    known: Sequence[str] = ("t1", "t2"),
    mqtt_url: str = "",
    last_tick: Tick | None = None,
    standstill: Callable[[], str | None] = lambda: None,
    authenticate: Callable[[str, str, str], Identity | None] = check,
    **door: Any,
) -> AsyncIterator[Ingest]:
    """Ingest with an open door; `door` overrides parameters of the door."""
    params = DoorParams(port=0, **({"anonymous": True} | door))
    ingest = Ingest(
        IngestParams(door=params, mqtt_url=mqtt_url),
        append=log.append,
        partitions=4,
        clock=clock or ManualClock(T0_US + 1_000_000),
        directory=Listed(set(known).__contains__),
        authenticate=authenticate,
        note=log.note,
        last_tick=last_tick,
        standstill=standstill,
    )
    task = asyncio.create_task(ingest.run())
    try:
        await asyncio.wait_for(ingest.opened.wait(), 5)
        async with hanging_up():
            yield ingest
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def hanging_up() -> AsyncIterator[None]:
    """Close at the end what was dialled meanwhile, unless an outer block does."""
    if _dialled.get(None) is not None:
        yield
        return
    clients: list[Client] = []
    token = _dialled.set(clients)
    try:
        yield
    finally:
        _dialled.reset(token)
        for client in clients:
            client.close()


def message(payload: bytes, topic: str = "ronda/v1/t1/fix", **fields: Any) -> Message:
    """A message received one second after T0."""
    base = Message(topic, payload, T0_US + 1_000_000, 1, retained=False, identity=None, done=ignore)
    return msgspec.structs.replace(base, **fields)


async def eventually(condition: Any, timeout_s: float = 5.0) -> None:
    """Wait until `condition()` is true."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110  # what is waited for knows nothing of tests
            await asyncio.sleep(0.005)


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def framed(first: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes((size % 128 | 128,)), size // 128
    return bytes((first,)) + length + bytes((size,)) + body


class Client:
    """A raw client; `read` gives (first byte, body) or None at the end of the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int) -> None:
        self._reader, self._writer, self.version = reader, writer, version
        self._none = b"\0" if version == 5 else b""

    @staticmethod
    async def dial(port: int, version: int = 4, **options: Any) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", port, **options), version)
        _dialled.get().append(client)
        return client

    @staticmethod
    async def enter(port: int, version: int = 4, **options: Any) -> Client:
        """Dial and connect; the CONNACK must be good."""
        client = await Client.dial(port, version)
        client.send(client.connect(**options))
        first, body = await client.read() or (0, b"")
        assert (first, body[1]) == (0x20, 0)
        return client

    def connect(
        self,
        client_id: str = "c1",
        *,
        password: str | None = None,
        clean: bool = True,
        keep_alive: int = 0,
        properties: bytes | None = None,
        will: tuple[str, bytes] | None = None,
        flags: int = 0,
    ) -> bytes:
        flags |= (0xC0 if password is not None else 0) | (2 if clean else 0) | (4 if will else 0)
        body = text("MQTT") + bytes((self.version, flags)) + keep_alive.to_bytes(2, "big")
        body += (bytes((len(properties),)) + properties if properties else self._none) + text(client_id)
        body += self._none + text(will[0]) + text(will[1]) if will else b""
        body += text("user") + text(password) if password is not None else b""
        return framed(0x10, body)

    def publish(self, payload: bytes = FIX, topic: str = "ronda/v1/t1/fix", *, qos: int = 1, mid: int = 1) -> bytes:
        head = text(topic) + (mid.to_bytes(2, "big") if qos else b"") + self._none
        return framed(0x30 | qos << 1, head + payload)

    def subscribe(self, *topics: str, qos: int = 1, mid: int = 1) -> bytes:
        filters = b"".join(text(topic) + bytes((qos,)) for topic in topics)
        return framed(0x82, mid.to_bytes(2, "big") + self._none + filters)

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def read(self, timeout_s: float = 5.0) -> tuple[int, bytes] | None:
        try:
            async with asyncio.timeout(timeout_s):
                first = (await self._reader.readexactly(1))[0]
                size, shift = 0, 0
                while True:
                    byte = (await self._reader.readexactly(1))[0]
                    size, shift = size | (byte & 127) << shift, shift + 7
                    if byte < 128:
                        return first, await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def silent(self, for_s: float = 0.05) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.read(for_s)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._writer.close()


def at_door(body: Callable[[Ingest, HeldLog], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        log = HeldLog()
        async with running(log, **options) as ingest:
            await body(ingest, log)

    asyncio.run(main())


def port_of(ingest: Ingest) -> int:
    assert ingest.door is not None
    return ingest.door.port
