"""The HTTP server inside a stage."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Any

import pytest

from ronda.installation import InUseError
from ronda.serving import bind, serve, settled_port


async def slow_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers after a moment; knows the lifespan protocol."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def test_taken_port_is_said_early() -> None:
    """Before any server starts we hear whose setting to change."""
    with bind("127.0.0.1", 0, "X") as taken:
        taken.listen()
        with pytest.raises(InUseError, match="choose another RONDA_HTTP_PORT"):
            settled_port("127.0.0.1", taken.getsockname()[1], "RONDA_HTTP_PORT")


def test_request_under_way_is_answered_when_we_end() -> None:
    """Cancelling the stage lets the open request finish."""

    async def main() -> bytes:
        port, ready = settled_port("127.0.0.1", 0, "X"), asyncio.Event()
        stage = asyncio.create_task(serve(slow_app, "127.0.0.1", port, ready.set))
        await ready.wait()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.1)
        stage.cancel()
        answer = await reader.read()
        writer.close()
        with pytest.raises(asyncio.CancelledError):
            await stage
        return answer

    assert asyncio.run(main()).startswith(b"HTTP/1.1 204")


def test_signals_stay_ours() -> None:
    """Serving does not touch the handlers of SIGTERM and SIGINT."""

    async def main() -> bool:
        before = [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)]
        ready = asyncio.Event()
        stage = asyncio.create_task(serve(slow_app, "127.0.0.1", settled_port("127.0.0.1", 0, "X"), ready.set))
        await ready.wait()
        same = before == [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)]
        stage.cancel()
        await asyncio.wait([stage])
        return same

    assert asyncio.run(main())


def test_answers_leave_at_once() -> None:
    """A body written after its headers does not wait for the client's acknowledgement (40 ms on Linux)."""

    async def main() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(look, sock=bind("127.0.0.1", 0, "X")) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            without_delay = await accepted
            writer.close()
        return without_delay

    assert asyncio.run(main()) == 1
