"""Plain TCP connections of the door behind one epoll of their own, which the event loop sees as one reader.

A fleet sends many small messages on many connections. Through asyncio's own transports each costs a turn of the event
loop; here whatever is ready is read in one turn. While much is ready the next look comes a millisecond later instead
of at once (a batch waits for its fellows longer than that), so that a turn of the loop, too, serves many. Measured
with a thousand connections: half the CPU of the transports. Only for Linux and without TLS; elsewhere the door uses
asyncio's server. A `Line` behaves as asyncio's socket transport does, as far as `ingest.session` needs one.
"""

from __future__ import annotations

import asyncio
import logging
import select
import socket
from collections.abc import Callable
from typing import Final

READ_MAX: Final = 64 * 1024  # bytes taken from one connection at a time
READY_MAX: Final = 256  # connections served in one turn of the loop
BUSY: Final = 4  # from so many ready connections on, the next look waits for more
LOOK_S: Final = 0.001
_ACCEPT_MAX: Final = 128
_ACCEPT_PAUSE_S: Final = 1.0  # when there is no file descriptor left
_HIGH, _LOW = 64 * 1024, 16 * 1024

_logger = logging.getLogger(__name__)


def available() -> bool:
    """Whether this system has what it takes."""
    return hasattr(select, "epoll")


class Lines:
    """A listener and its connections; the protocol of each comes from `make`. As `asyncio.Server`, as far as needed."""

    def __init__(self, make: Callable[[], asyncio.Protocol]) -> None:
        self._make = make
        self._loop = asyncio.get_running_loop()
        self.epoll = select.epoll()
        self.open: dict[int, Line] = {}
        self._later: asyncio.Handle | None = None  # the next look, when it is not left to the loop
        self.sockets: list[socket.socket] = []
        self._loop.add_reader(self.epoll.fileno(), self._look)

    async def listen(self, host: str, port: int, backlog: int) -> None:
        """Listen on every address of the host."""
        kind = socket.SOCK_STREAM
        found = await self._loop.getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            listener = socket.socket(family, kind)
            self.sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setblocking(False)
            try:
                listener.bind(address)
            except OSError as error:
                self.release()
                why = (error.strerror or str(error)).lower()
                raise OSError(error.errno, f"cannot listen on {host}:{port}: {why}") from None
            listener.listen(backlog)
        for listener in self.sockets:
            self._loop.add_reader(listener.fileno(), self._accept, listener)

    def is_serving(self) -> bool:
        return bool(self.sockets)

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        for listener in self.sockets:
            self._loop.remove_reader(listener.fileno())
            listener.close()
        self.sockets = []

    def release(self) -> None:
        """End everything at once."""
        self.close()
        for line in list(self.open.values()):
            line.abort()
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self.epoll.fileno())
        self.epoll.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPT_MAX):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptor or no memory: the others go on
                _logger.error("nobody can be let in: %s", error, extra={"action": "door.accept_failed"})  # noqa: TRY400
                self._loop.remove_reader(listener.fileno())
                self._loop.call_later(_ACCEPT_PAUSE_S, self._accept_again, listener)
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Line(self, connection, self._make()).begin()

    def _accept_again(self, listener: socket.socket) -> None:
        if listener in self.sockets:
            self._loop.add_reader(listener.fileno(), self._accept, listener)

    def _look(self) -> None:
        """Serve what is ready, and decide when to look again."""
        ready = self.epoll.poll(0, READY_MAX)
        for fd, event in ready:
            line = self.open.get(fd)
            if line is not None:
                line.serve(event)
        if len(ready) >= BUSY:
            if self._later is None:
                self._loop.remove_reader(self.epoll.fileno())
            more = len(ready) == READY_MAX
            self._later = self._loop.call_soon(self._look) if more else self._loop.call_later(LOOK_S, self._look)
        elif self._later is not None:
            self._later = None
            self._loop.add_reader(self.epoll.fileno(), self._look)


class Line(asyncio.Transport):
    """One connection."""

    def __init__(self, lines: Lines, connection: socket.socket, protocol: asyncio.Protocol) -> None:
        super().__init__({"socket": connection})
        self._lines = lines
        self._socket = connection
        self._protocol = protocol
        self._fd = connection.fileno()
        self._out = bytearray()
        self._high, self._low = _HIGH, _LOW
        self._watched = 0  # what epoll tells us of
        self._reading = True
        self._closing = False
        self._choked = False  # the protocol was asked to write no more

    def begin(self) -> None:
        """Introduce the connection to its protocol, then read."""
        self._lines.open[self._fd] = self
        self._protocol.connection_made(self)
        self._watch()

    # what epoll tells

    def serve(self, event: int) -> None:
        """Write and read, whatever is possible now."""
        if event & select.EPOLLOUT:
            self._flush()
        if event & ~select.EPOLLOUT:
            if self._watched & select.EPOLLIN:
                self._read()
            elif self._watched and event & (select.EPOLLHUP | select.EPOLLERR):
                self.abort()  # it takes nothing any more, and we do not read it now

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if not data:
            self.close()
            return
        try:
            self._protocol.data_received(data)
        except Exception as error:
            _logger.exception("a connection failed", extra={"action": "door.connection_failed"})
            self._end(error)

    def _flush(self) -> None:
        try:
            sent = self._socket.send(self._out)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        del self._out[:sent]
        if self._choked and len(self._out) <= self._low:
            self._choked = False
            self._protocol.resume_writing()
        if not self._out and self._closing:
            self._end(None)
        self._watch()

    def _watch(self) -> None:
        """Have epoll tell us of what we can use."""
        reading = self._reading and not self._closing
        wanted = (select.EPOLLIN if reading else 0) | (select.EPOLLOUT if self._out else 0)
        if wanted == self._watched or self._lines.epoll.closed:
            return
        if not wanted:
            self._lines.epoll.unregister(self._fd)
        elif not self._watched:
            self._lines.epoll.register(self._fd, wanted)
        else:
            self._lines.epoll.modify(self._fd, wanted)
        self._watched = wanted

    def _end(self, error: Exception | None) -> None:
        """Forget what was to be written and say goodbye to the protocol, once."""
        self._closing = True
        self._out.clear()
        self._watch()
        if self._lines.open.pop(self._fd, None) is not None:
            asyncio.get_running_loop().call_soon(self._finish, error)

    def _finish(self, error: Exception | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._socket.close()

    # what the protocol asks for

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write now what the connection takes, the rest when it takes more."""
        if self._closing or not data:
            return
        if self._out:
            self._out += data
        else:
            try:
                sent = self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._end(error)
                return
            if sent == len(data):
                return
            self._out += memoryview(data)[sent:]
            self._watch()
        if not self._choked and len(self._out) > self._high:
            self._choked = True
            self._protocol.pause_writing()

    def pause_reading(self) -> None:
        self._reading = False
        self._watch()

    def resume_reading(self) -> None:
        self._reading = True
        self._watch()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = _HIGH if high is None else high
        self._low = self._high // 4 if low is None else low

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Write what is left, then end."""
        if not self._closing:
            self._closing = True
            self._watch()
            if not self._out:
                self._end(None)

    def abort(self) -> None:
        self._end(None)
