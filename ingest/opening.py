"""Opening messages: which dialect and device, may it speak, and what does it say. Nothing is judged here yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from core.identity import Identity
from ingest.dialects import TOPIC_LIMIT, Dialect, Route, find_route, valid_device
from ingest.directory import Directory
from ingest.message import Message
from ingest.raw import IGNORED, Decoded, Problem

PAYLOAD_MAX: Final = 256 * 1024  # bytes of one message
WAYS_LIMIT: Final = 50_000  # topics that are remembered: a fleet uses the same few all day
_GATEWAY_ROLES: Final = frozenset({"admin", "device"})
_TOGETHER: Final = 256  # payloads decoded by one call: a bad one among them costs as many calls one by one

_AT_THE_DOOR: Final = {
    "forbidden": "the credential belongs to another device",
    "too_large": f"a message has at most {PAYLOAD_MAX} bytes; send less at a time",
}
_NO_DIALECT: Final = Problem("unknown_type", "no dialect reads this topic; see the MQTT topics in the manual")
_FORBIDDEN: Final = Problem("forbidden", _AT_THE_DOOR["forbidden"])
_NO_NAME: Final = Problem("unknown_device", "a device id has 1 to 128 printable characters")


class Opened(msgspec.Struct, gc=False):
    """A message whose dialect and device are known, with what it said."""

    message: Message
    dialect: Dialect
    device: str
    payload: bytes  # unsealed
    decoded: Decoded = IGNORED


class Refused(NamedTuple):
    """A message that is not opened; `dialect` is "" where none reads its topic."""

    message: Message
    dialect: str
    device: str
    problem: Problem


_NOBODY: Final = Dialect(
    name="", number=0, topic=re.compile(r"(?!)"), device=lambda _: "", decode=lambda _: IGNORED, cls="truck"
)


class _Way(msgspec.Struct, frozen=True):
    """Where a topic leads. `obstacle`: whoever sends it, it is refused."""

    route: Route
    dialect: Dialect
    device: str
    decode: Callable[[bytes], Decoded]
    unseal: Callable[[bytes, bytes | None], bytes | Problem] | None
    obstacle: Problem | None


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
        self._ways: dict[str, _Way] = {}

    def open(self, messages: Sequence[Message]) -> tuple[list[Opened], list[Refused]]:
        """What the messages say, in their order, and which of them are refused."""
        opened: list[Opened] = []
        refused: list[Refused] = []
        together: dict[Callable[[bytes], Decoded], list[Opened]] = {}
        payload_max = self._payload_max
        for message in messages:
            way = self._ways.get(message.topic) or self._find(message.topic)
            identity = message.identity
            if (
                way.obstacle is not None
                or message.refused is not None
                or len(message.payload) > payload_max
                or (identity is not None and identity.device != way.device and not may_use(identity, way.route))
            ):
                refused.append(self._objection(message, way))
                continue
            item = Opened(message, way.dialect, way.device, message.payload)
            if way.unseal is not None:
                payload = way.unseal(message.payload, self._directory.key_of(way.device))
                if isinstance(payload, Problem):
                    refused.append(Refused(message, way.dialect.name, way.device, payload))
                    continue
                item.payload = payload
            opened.append(item)
            group = together.get(way.decode)
            if group is None:
                together[way.decode] = [item]
            else:
                group.append(item)
        for group in together.values():
            _decode(group)
        if any(group[0].dialect.names_device for group in together.values()):
            opened = [item for item in opened if _named(item, refused)]
        return opened, refused

    def _find(self, topic: str) -> _Way:
        route = find_route(topic)
        dialect = route.dialect or _NOBODY
        obstacle = None
        if route.dialect is None:
            obstacle = _NO_DIALECT
        elif not route.valid and not dialect.names_device:
            obstacle = _NO_NAME
        way = _Way(route, dialect, route.device, dialect.decode, dialect.unseal, obstacle)
        if len(topic) <= TOPIC_LIMIT:  # a longer one is not worth remembering: no device has such a name
            if len(self._ways) >= WAYS_LIMIT:
                self._ways.clear()
            self._ways[topic] = way
        return way

    def _objection(self, message: Message, way: _Way) -> Refused:
        """The first of the reasons for which a message is refused."""
        if message.refused is not None:
            problem = Problem(message.refused, _AT_THE_DOOR.get(message.refused, "refused at the door"))
        elif not may_use(message.identity, way.route):
            problem = _FORBIDDEN
        elif len(message.payload) > self._payload_max:
            problem = Problem("too_large", f"{len(message.payload)} bytes; at most {self._payload_max}")
        else:
            problem = way.obstacle or _NO_DIALECT
        return Refused(message, way.dialect.name, way.device, problem)


def _decode(group: Sequence[Opened]) -> None:
    """Decode messages of one dialect, by one call where it can."""
    dialect = group[0].dialect
    decode, decode_many = dialect.decode, dialect.decode_many
    for start in range(0, len(group), _TOGETHER):
        part = group[start : start + _TOGETHER]
        together = decode_many([item.payload for item in part]) if decode_many is not None and len(part) > 1 else None
        if together is None:
            together = [decode(item.payload) for item in part]
        for item, decoded in zip(part, together, strict=True):
            item.decoded = decoded


def _named(item: Opened, refused: list[Refused]) -> bool:
    """Whether a message may speak for the device that it names; else it is refused. Others were asked before.

    Without a fix it may as well be about that device: what is wrong with it is then known under its name.
    """
    if not item.dialect.names_device:
        return True
    device = item.decoded.device
    forbidden = not may_publish(item.message.identity, device)
    if not forbidden and valid_device(device):
        item.device = device
    elif item.decoded.fixes:
        item.device = device
        refused.append(Refused(item.message, item.dialect.name, device, _FORBIDDEN if forbidden else _NO_NAME))
        return False
    return True
