"""Opening messages: which dialect and device, may it speak, and what does it say. Nothing is judged here yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from core.identity import Identity
from ingest.dialects import Dialect, Route, Router, valid_device
from ingest.directory import Directory
from ingest.message import Message
from ingest.raw import Decoded, Problem

PAYLOAD_MAX: Final = 256 * 1024  # bytes of one message
_GATEWAY_ROLES: Final = frozenset({"admin", "device"})
_TOGETHER: Final = 256  # payloads decoded by one call: a bad one among them costs as many calls one by one

_AT_THE_DOOR: Final = {
    "forbidden": "the credential belongs to another device",
    "too_large": f"a message has at most {PAYLOAD_MAX} bytes; send less at a time",
}
_NO_DIALECT: Final = Problem("unknown_type", "no dialect reads this topic; see the MQTT topics in the manual")
_FORBIDDEN: Final = Problem("forbidden", _AT_THE_DOOR["forbidden"])
_NO_NAME: Final = Problem("unknown_device", "a device id has 1 to 128 printable characters")


class Opened(NamedTuple):
    """A message whose dialect and device are known, with what it said."""

    message: Message
    dialect: Dialect
    device: str
    decoded: Decoded


class Refused(NamedTuple):
    """A message that is not opened; `dialect` is "" where none reads its topic."""

    message: Message
    dialect: str
    device: str
    problem: Problem


def may_publish(identity: Identity | None, device: str) -> bool:
    """Whether this credential may speak for a device; None is somebody whom the source let in without one."""
    if identity is None:
        return True
    if identity.device is not None:
        return identity.device == device
    return identity.role in _GATEWAY_ROLES  # a gateway speaks for many


def may_use(identity: Identity | None, route: Route) -> bool:
    """Whether a credential may publish on a topic. On one that names no device, the message itself is asked."""
    return (route.dialect is not None and route.dialect.names_device) or may_publish(identity, route.device)


class Opener:
    """Opens batches of messages."""

    def __init__(self, directory: Directory, payload_max: int = PAYLOAD_MAX) -> None:
        self._directory = directory
        self._payload_max = payload_max
        self._router = Router()

    def open(self, messages: Sequence[Message]) -> tuple[list[Opened], list[Refused]]:
        """What the messages say, in their order, and which of them are refused."""
        refused: list[Refused] = []
        ready: list[tuple[Message, Dialect, str, bytes]] = []
        for message in messages:
            route = self._router(message.topic)
            dialect = route.dialect
            problem = self._objection(message, route)
            if problem is not None or dialect is None:
                name = dialect.name if dialect else ""
                refused.append(Refused(message, name, route.device, problem or _NO_DIALECT))
                continue
            payload = message.payload
            if dialect.unseal is not None:
                unsealed = dialect.unseal(payload, self._directory.key_of(route.device))
                if isinstance(unsealed, Problem):
                    refused.append(Refused(message, dialect.name, route.device, unsealed))
                    continue
                payload = unsealed
            ready.append((message, dialect, route.device, payload))
        return _authorized(ready, _decode(ready), refused), refused

    def _objection(self, message: Message, route: Route) -> Problem | None:
        if message.refused is not None:
            return Problem(message.refused, _AT_THE_DOOR.get(message.refused, "refused at the door"))
        if not may_use(message.identity, route):
            return _FORBIDDEN
        if len(message.payload) > self._payload_max:
            return Problem("too_large", f"{len(message.payload)} bytes; at most {self._payload_max}")
        dialect = route.dialect
        if dialect is not None and not route.valid and not dialect.names_device:
            return _NO_NAME
        return None


def _authorized(
    ready: Sequence[tuple[Message, Dialect, str, bytes]], said: Sequence[Decoded], refused: list[Refused]
) -> list[Opened]:
    """What may be said: a message that names its device itself is asked for its right only now."""
    opened: list[Opened] = []
    for (message, dialect, device, _), decoded in zip(ready, said, strict=True):
        if dialect.names_device and decoded.fixes:
            problem = _objection_to_name(message.identity, decoded.device)
            if problem is not None:
                refused.append(Refused(message, dialect.name, decoded.device, problem))
                continue
        opened.append(Opened(message, dialect, decoded.device or device, decoded))
    return opened


def _objection_to_name(identity: Identity | None, device: str) -> Problem | None:
    if not may_publish(identity, device):
        return _FORBIDDEN
    return None if valid_device(device) else _NO_NAME


def _decode(ready: Sequence[tuple[Message, Dialect, str, bytes]]) -> list[Decoded]:
    """What each payload says; those of one dialect by one call where it can."""
    said: dict[int, Decoded] = {}
    for dialect, places in _by_dialect(ready):
        for start in range(0, len(places), _TOGETHER):
            part = places[start : start + _TOGETHER]
            payloads = [ready[i][3] for i in part]
            together = dialect.decode_many(payloads) if dialect.decode_many is not None and len(part) > 1 else None
            said.update(zip(part, together or map(dialect.decode, payloads), strict=True))
    return [said[i] for i in range(len(ready))]


def _by_dialect(ready: Sequence[tuple[Message, Dialect, str, bytes]]) -> Iterator[tuple[Dialect, list[int]]]:
    places: dict[Callable[[bytes], Decoded], list[int]] = {}
    for i, (_, dialect, _, _) in enumerate(ready):
        places.setdefault(dialect.decode, []).append(i)
    for own in places.values():
        yield ready[own[0]][1], own
