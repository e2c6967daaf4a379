"""The door: an MQTT listener for devices (3.1, 3.1.1 and 5 on one port) that acknowledges what is on disk.

It is not a broker. A device publishes its own topics (QoS 0 and 1) and hears its own notices; nothing is retained,
nothing fans out, there are no wildcards. A last will is read and counted, then forgotten: whether a device is there is
told by its fixes and the clock, and a position sent on behalf of the dead would be a lie.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Self

from core.clock import Clock
from core.identity import Identity
from ingest import wire
from ingest.admit import may_use
from ingest.counters import Counters
from ingest.dialects import Router
from ingest.heard import shown
from ingest.lines import Lines, available
from ingest.mailbox import LASTING_S, Mailboxes, Notice, Told, unasked
from ingest.message import Sink
from ingest.recheck import Credential, Rechecks
from ingest.session import RECEIVE_MAXIMUM, SKIP_MAX, Session

Authenticate = Callable[[str, str, str], Identity | Awaitable[Identity | None] | None]  # client id, user, password

Knock = Callable[[str, str, str], None]  # user, client id, why it was refused

_KNOCKS: Final = {
    wire.BAD_CREDENTIALS: "the password is no credential that opens: mistyped, expired or revoked",
    wire.NOT_AUTHORIZED: "no password was given",
}
CONNECTIONS_MAX: Final = 20_000
_CLIENT_ID_MAX: Final = 256
_BACKLOG: Final = 1024
_SWEEP_S: Final = 1.0
_STUCK_S: Final = 60.0  # a client that takes nothing of what we write for this long is gone
_LAST_WORDS_S: Final = 5.0
_CHECKS: Final = 32  # credentials checked at the same time

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoorParams:
    """Where to listen, whom to let in, and the bounds."""

    host: str = "127.0.0.1"
    port: int = 1883
    tls: ssl.SSLContext | None = None
    anonymous: bool = False  # only the demo: whoever gives no password may speak for any device
    connections_max: int = CONNECTIONS_MAX
    connect_timeout_s: float = 10.0
    recheck_s: float = 30.0  # how old the answer about a connected client's credential may become


class Door:
    """Listens while entered (`async with`). `port` is the real one when 0 was asked for."""

    def __init__(
        self,
        params: DoorParams,
        sink: Sink,
        authenticate: Authenticate,
        *,
        clock: Clock,
        counters: Counters,
        on_knock: Knock = lambda _user, _client, _why: None,
    ) -> None:
        self._params = params
        self._sink = sink
        self.put, self.now_us = sink.put, clock.now_us  # for sessions, as direct as can be
        self._authenticate = authenticate
        self._on_knock = on_knock
        self._counters = counters
        self._router = Router()
        self._mailboxes = Mailboxes()
        self._connections: set[Session] = set()
        self._sessions: dict[tuple[str, str], Session] = {}
        self._dirty: list[Session] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._checks = asyncio.Semaphore(_CHECKS)
        self._server: asyncio.Server | Lines | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._rechecks = Rechecks(self._connections, self._ask, params.recheck_s, counters)
        self._loop = asyncio.get_running_loop()
        sink.on_pressure(self._on_pressure)

    @property
    def listening(self) -> bool:
        return self._server is not None and self._server.is_serving()

    @property
    def port(self) -> int:
        if self._server is None:
            return self._params.port
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        params = self._params
        self._server = await self._listen()
        self._sweeper = asyncio.create_task(self._sweep())
        self._background(self._rechecks.run())
        extra = {"action": "door.open", "host": params.host, "port": self.port}
        _logger.info("the door is open on %s:%d", params.host, self.port, extra=extra)
        return self

    async def _listen(self) -> asyncio.Server | Lines:
        params = self._params
        if params.tls is None and available():
            lines = Lines(lambda: Session(self))
            await lines.listen(params.host, params.port, _BACKLOG)
            return lines
        return await self._loop.create_server(
            lambda: Session(self),
            params.host,
            params.port,
            ssl=params.tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=params.connect_timeout_s if params.tls else None,
        )

    async def __aexit__(self, *exc: object) -> None:
        if self._server is None or self._sweeper is None:
            return
        self._server.close()
        for task in (self._sweeper, *self._tasks):
            task.cancel()
        await asyncio.gather(self._sweeper, *self._tasks, return_exceptions=True)
        for session in list(self._connections):
            session.close(wire.SHUTTING_DOWN)
        await asyncio.sleep(0)  # let the goodbyes out
        for session in list(self._connections):
            session.abort()
        if isinstance(self._server, Lines):
            self._server.release()
        self._server = None

    def stop_reading(self) -> None:
        """Take nothing more in; for a shutdown that still writes what waits."""
        if self._server is not None:
            self._server.close()
        for session in self._connections:
            session.hold("shutdown")

    def notify(self, device: str, kind: str, payload: bytes, told: Told = unasked, life_s: float = inf) -> int:
        """Send a message to a device's own topic; how many sessions have it or will get it, within its life.

        `told` is called for each of them at its PUBACK, or when it is clear that none will come.
        """
        topic = f"ronda/v1/{device}/{kind}"
        notice = Notice(topic, payload, told, self.now_s() + life_s)
        boxes = self._mailboxes.of_topic(topic)
        for box in boxes:
            self._counters.notices_dropped += box.put(notice)
            session = self._sessions.get(box.key)
            if session is not None:
                session.deliver()
        self._counters.notices += len(boxes)
        return len(boxes)

    # what sessions ask for (House)

    def now_s(self) -> float:
        return self._loop.time()

    def sink_full(self) -> bool:
        return self._sink.full

    def count(self, event: str) -> None:
        setattr(self._counters, event, getattr(self._counters, event) + 1)

    def forbids(self, identity: Identity | None, topic: str) -> bool:
        return not may_use(identity, self._router(topic))

    def subscribe(self, session: Session, topic: str, qos: int) -> None:
        if session.mailbox is not None:
            self._mailboxes.subscribe(session.mailbox, topic, qos)

    def unsubscribe(self, session: Session, topic: str) -> bool:
        return session.mailbox is not None and self._mailboxes.unsubscribe(session.mailbox, topic)

    def flush_soon(self, session: Session) -> None:
        if not self._dirty:
            self._loop.call_soon(self._flush)
        self._dirty.append(session)

    def arrive(self, session: Session) -> bool:
        if len(self._connections) >= self._params.connections_max:
            self._counters.refused_connects += 1
            return False
        self._connections.add(session)
        self._counters.connections = len(self._connections)
        return True

    def enter(self, session: Session, connect: wire.Connect) -> None:
        self._background(self._enter(session, connect))

    def leave(self, session: Session) -> None:
        self._connections.discard(session)
        self._counters.connections = len(self._connections)
        box = session.mailbox
        if box is not None and self._sessions.get(box.key) is session:
            del self._sessions[box.key]
            self._mailboxes.leave(box, self.now_s())

    # the rest

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for session in dirty:
            session.flush()

    def _on_pressure(self) -> None:
        for session in list(self._connections):
            if self._sink.full:  # as it may become again while they go on, one by one
                session.hold("sink")
            else:
                session.release("sink")

    async def _enter(self, session: Session, connect: wire.Connect) -> None:
        code, identity, credential = await self._check(connect)
        if code:
            extra = {"action": "door.refused", "client": shown(connect.client_id)[:64], "code": code}
            _logger.info("a client was refused", extra=extra)
            if code in _KNOCKS:
                client = shown(connect.client_id)
                self._on_knock(shown(connect.username or "") or client, client, _KNOCKS[code])
            session.refuse(code)
            return
        client_id = connect.client_id or f"auto-{secrets.token_hex(8)}"
        owner = (identity.device or identity.subject) if identity else ""
        lasting_s = _lasting_s(connect)
        key = (owner, client_id)
        self._take_over(key)
        now_s = self.now_s()
        mailbox, present = self._mailboxes.open(key, clean=connect.clean, lasting_s=lasting_s, now_s=now_s)
        self._counters.connects += 1
        self._counters.wills_ignored += connect.will is not None
        self._sessions[key] = session
        session.credential, session.checked_s = credential, now_s
        properties = _connack_properties(connect, client_id, lasting_s)
        session.welcome(identity, mailbox, wire.connack(session.version, 0, present=present, properties=properties))
        if not session.open:  # it went away while its credential was being checked
            self.leave(session)
        session.deliver_again()

    def _take_over(self, key: tuple[str, str]) -> None:
        """A client id that is here already: the newcomer stays, the other is told and goes."""
        before = self._sessions.pop(key, None)
        if before is not None:
            self._counters.takeovers += 1
            before.close(wire.TAKEN_OVER)
            if before.mailbox is not None:
                self._mailboxes.leave(before.mailbox, self.now_s())
            before.mailbox = None

    async def _check(self, connect: wire.Connect) -> tuple[int, Identity | None, Credential | None]:
        """Reason code (0: welcome), identity and credential of a client."""
        code = _objection(connect)
        if code:
            return code, None, None
        if not connect.password:
            return (0 if self._params.anonymous else wire.NOT_AUTHORIZED), None, None
        try:
            password = connect.password.decode()
        except UnicodeDecodeError:
            return wire.BAD_CREDENTIALS, None, None
        credential = (connect.client_id, connect.username or "", password)
        try:
            identity = await self._ask(credential)
        except Exception:
            _logger.exception("a credential could not be checked", extra={"action": "door.check_failed"})
            return wire.UNAVAILABLE, None, None
        return (0, identity, credential) if identity is not None else (wire.BAD_CREDENTIALS, None, None)

    async def _ask(self, credential: Credential) -> Identity | None:
        """Whom a credential belongs to, None if to nobody; raises if that cannot be found out now."""
        async with asyncio.timeout(self._params.connect_timeout_s), self._checks:
            identity = self._authenticate(*credential)
            return await identity if inspect.isawaitable(identity) else identity

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = self.now_s()
            for session in list(self._connections):
                self._sweep_one(session, now_s)
            self._mailboxes.sweep(now_s)

    def _sweep_one(self, session: Session, now_s: float) -> None:
        if session.lively:
            session.lively, session.active_s = False, now_s
        quiet_s = now_s - session.active_s
        if session.ended_s is not None:
            if now_s - session.ended_s > _LAST_WORDS_S:
                session.abort()
        elif not session.version:
            if now_s - session.opened_s > self._params.connect_timeout_s:
                self._counters.timeouts += 1
                session.abort()
        elif session.held:  # its silence may be ours; only one that does not read is given up
            if session.stuck and quiet_s > _STUCK_S:
                self._counters.timeouts += 1
                session.abort()
        elif session.keep_alive_s and quiet_s > session.keep_alive_s * 1.5:
            self._counters.timeouts += 1
            session.close(wire.KEEP_ALIVE_TIMEOUT)


def _objection(connect: wire.Connect) -> int:
    """Why a CONNECT cannot be served whoever sent it; 0: it can."""
    if connect.properties.get("authentication_method") is not None:
        return wire.BAD_AUTHENTICATION
    if len(connect.client_id) > _CLIENT_ID_MAX or (
        not connect.client_id and not connect.clean and connect.version != wire.V5
    ):
        return wire.BAD_CLIENT_ID
    if connect.version == wire.V5 and connect.will is not None and connect.will.qos == 2:
        return wire.NO_QOS_2
    return 0


def _lasting_s(connect: wire.Connect) -> int:
    if connect.version == wire.V5:
        return min(int(connect.properties.get("session_expiry", 0)), LASTING_S)
    return 0 if connect.clean else LASTING_S


def _connack_properties(connect: wire.Connect, client_id: str, lasting_s: int) -> dict[str, int | str]:
    properties: dict[str, int | str] = {
        "receive_maximum": RECEIVE_MAXIMUM,
        "maximum_qos": 1,
        "maximum_packet": SKIP_MAX,  # from PACKET_MAX on a message is read past and rejected: its author learns of it
        "wildcards_available": 0,
        "subscription_ids_available": 0,
        "shared_available": 0,
    }
    if not connect.client_id:
        properties["assigned_client_id"] = client_id
    if lasting_s != connect.properties.get("session_expiry", 0):
        properties["session_expiry"] = lasting_s
    return properties
