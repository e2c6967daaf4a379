"""Connections behind one epoll: as asyncio's own, with fewer turns of the loop."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ingest import door as door_module
from ingest.lines import BUSY, Line, Lines
from ingest.service import Ingest
from tests.ingest.house import Client, HeldLog, at_door, eventually, port_of

BIG = 5_000_000  # bytes: more than the kernel takes at once


class Echo(asyncio.Protocol):
    """Says back what it hears, and remembers what happened."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.heard = b""
        self.line: Line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, Line)
        self.line = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if data == b"fail":
            raise ZeroDivisionError
        self.line.write(data)

    def pause_writing(self) -> None:
        self.events.append("choked")

    def resume_writing(self) -> None:
        self.events.append("free")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(f"lost {type(exc).__name__}" if exc else "lost")


Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Body = Callable[[Lines, list[Echo], int], Awaitable[None]]


def with_lines(body: Body) -> None:
    async def main() -> None:
        made: list[Echo] = []

        def make() -> Echo:
            made.append(Echo())
            return made[-1]

        lines = Lines(make)
        await lines.listen("127.0.0.1", 0, 100)
        try:
            await body(lines, made, lines.sockets[0].getsockname()[1])
        finally:
            lines.release()
            await asyncio.sleep(0.01)
            assert lines.open == {}

    asyncio.run(main())


async def dial(port: int, made: list[Echo]) -> tuple[Reader, Writer, Echo]:
    before = len(made)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await eventually(lambda: len(made) > before)
    return reader, writer, made[-1]


def test_what_is_sent_is_read_and_answered() -> None:
    """And the end of one side is the end of both."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        reader, writer, echo = await dial(port, made)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        await eventually(lambda: echo.events == ["lost"])
        assert lines.open == {}

    with_lines(body)


def test_many_at_once() -> None:
    """A crowd is served in a few turns, a single one at once again afterwards."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        crowd = [await dial(port, made) for _ in range(BUSY * 20)]
        for round_ in range(5):
            for _, writer, _ in crowd:
                writer.write(b"%d" % round_)
            assert {await reader.readexactly(1) for reader, _, _ in crowd} == {b"%d" % round_}
        await eventually(lambda: lines._later is None)
        for _, writer, _ in crowd:
            writer.close()

    with_lines(body)


def test_who_does_not_read_chokes_the_protocol_until_it_does() -> None:
    """Nothing is lost meanwhile."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        del lines
        reader, writer, echo = await dial(port, made)
        echo.line.write(bytes(BIG))
        assert echo.events == ["choked"]
        assert len(await reader.readexactly(BIG)) == BIG
        await eventually(lambda: echo.events == ["choked", "free"])
        writer.close()

    with_lines(body)


def test_closing_writes_what_is_left_first() -> None:
    """The last words are heard."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        del lines
        reader, writer, echo = await dial(port, made)
        echo.line.write(bytes(BIG))
        echo.line.close()
        echo.line.write(b"too late")
        assert (echo.line.is_closing(), len(await reader.read(-1))) == (True, BIG)
        assert echo.events[-1] == "lost"
        writer.close()

    with_lines(body)


def test_aborting_does_not_wait() -> None:
    """Whatever was still to be written."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        del lines
        _, writer, echo = await dial(port, made)
        echo.line.write(bytes(BIG))
        echo.line.abort()
        echo.line.abort()
        await eventually(lambda: echo.events == ["choked", "lost"])
        writer.close()

    with_lines(body)


def test_a_paused_line_reads_nothing_and_then_everything() -> None:
    """The kernel keeps it meanwhile."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        del lines
        reader, writer, echo = await dial(port, made)
        echo.line.pause_reading()
        writer.write(b"later")
        await asyncio.sleep(0.05)
        assert echo.heard == b""
        echo.line.resume_reading()
        assert await reader.readexactly(5) == b"later"
        writer.close()

    with_lines(body)


@pytest.mark.parametrize("paused", [False, True])
def test_a_reset_ends_the_line(*, paused: bool) -> None:
    """Also of one that is choked and paused: it must not keep the loop busy."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        peer = socket.create_connection(("127.0.0.1", port))
        await eventually(lambda: made)
        (echo,) = made
        echo.line.write(bytes(BIG))
        if paused:
            echo.line.pause_reading()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        await eventually(lambda: echo.events and echo.events[-1].startswith("lost"))
        assert lines.open == {}

    with_lines(body)


def test_a_failing_protocol_ends_its_own_line_only() -> None:
    """The neighbour is served."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        del lines
        reader, writer, failing = await dial(port, made)
        other, other_writer, _ = await dial(port, made)
        writer.write(b"fail")
        assert await reader.read() == b""
        assert failing.events == ["lost ZeroDivisionError"]
        other_writer.write(b"x")
        assert await other.readexactly(1) == b"x"
        writer.close()
        other_writer.close()

    with_lines(body)


def test_after_closing_nobody_is_let_in_and_who_is_in_stays() -> None:
    """A shutdown in two steps."""

    async def body(lines: Lines, made: list[Echo], port: int) -> None:
        reader, writer, _ = await dial(port, made)
        lines.close()
        assert not lines.is_serving()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        writer.close()

    with_lines(body)


@pytest.mark.parametrize("epoll", [True, False])
def test_the_door_works_with_and_without(monkeypatch: pytest.MonkeyPatch, *, epoll: bool) -> None:
    """Elsewhere than on Linux it uses asyncio's server."""
    monkeypatch.setattr(door_module, "available", lambda: epoll)

    async def body(ingest: Ingest, log: HeldLog) -> None:
        kinds: Any = type(ingest.door._server)  # type: ignore[union-attr]
        assert (kinds is Lines) is epoll
        client = await Client.enter(port_of(ingest))
        client.send(client.publish())
        assert await client.read() == (0x40, b"\0\1")
        assert len(await log.fixes()) == 1

    at_door(body)
