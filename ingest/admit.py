"""Admission: which device, may it, is it plausible; good rows become `Fixes`, the rest rejects with a reason.

Nothing is dropped without a trace: a message is ignored only if its type is known and of no use here (counted).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
import numpy as np

from core.entities import Device, DeviceId
from core.fixes import Fixes, Flag
from core.identity import Identity
from core.rejects import PAYLOAD_LIMIT, Reason, Reject
from core.units import US_PER_S
from ingest.columns import Judged, judge
from ingest.dialects import Dialect, Route, Router
from ingest.message import Message
from ingest.raw import Decoded, Problem, RawFix

PAYLOAD_MAX: Final = 256 * 1024  # bytes of one message
STALE_AFTER_S: Final = 900.0  # the lateness horizon
REJECTS_PER_MESSAGE: Final = 100  # an array of a million bad elements is not a million rejects
_GATEWAY_ROLES: Final = frozenset({"admin", "device"})
_SELF_REGISTERED_LIMIT: Final = 100_000

_AT_THE_DOOR: Final = {
    "forbidden": "the credential belongs to another device",
    "too_large": f"a message has at most {PAYLOAD_MAX} bytes; send less at a time",
}
_FAULT: Final = "our decoder failed on this payload; please report it"

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Admitted:
    """What a batch of messages came to."""

    fixes: Fixes = field(default_factory=Fixes.empty)
    rejects: list[Reject] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)  # to register before the fixes are written
    ignored: int = 0


class _Item(NamedTuple):
    """A message whose dialect and device are known, with what it said."""

    message: Message
    dialect: Dialect
    device: str
    decoded: Decoded


def may_publish(identity: Identity | None, device: str) -> bool:
    """Whether this credential may speak for a device; None is somebody whom the source let in without one."""
    if identity is None:
        return True
    if identity.device is not None:
        return identity.device == device
    return identity.role in _GATEWAY_ROLES  # a gateway speaks for many


class Admission:
    """Sorts messages. `known` says whether a device is registered; with `auto_register` strangers become devices."""

    def __init__(
        self, known: Callable[[str], bool], *, auto_register: bool = False, payload_max: int = PAYLOAD_MAX
    ) -> None:
        self._known = known
        self._auto_register = auto_register
        self._payload_max = payload_max
        self._router = Router()
        self._registered: set[str] = set()  # by us, and perhaps not yet seen by `known`

    def sort(self, messages: Sequence[Message]) -> Admitted:
        """Sort a batch. A fault of ours costs the message that shows it, never the stage."""
        try:
            return self._sort(messages)
        except Exception:
            _logger.exception("admission failed on a batch", extra={"action": "ingest.admission_failed"})
        return _join([self._sort_one(message) for message in messages])

    def _sort_one(self, message: Message) -> Admitted:
        try:
            return self._sort([message])
        except Exception:
            _logger.exception("admission failed", extra={"action": "ingest.admission_failed", "topic": message.topic})
        return Admitted(rejects=[_reject(message, None, "", Problem("unknown_type", _FAULT))])

    def _sort(self, messages: Sequence[Message]) -> Admitted:
        admitted = Admitted()
        items: list[_Item] = []
        for message in messages:
            item = self._open(message, admitted)
            if item is None:
                continue
            if not item.decoded.fixes and not item.decoded.problems:
                admitted.ignored += 1
                continue
            if item.decoded.problems:
                admitted.rejects += _problem_rejects(item)
            if item.decoded.fixes:
                items.append(item)
        if items:
            self._judge(items, admitted)
        return admitted

    def _open(self, message: Message, admitted: Admitted) -> _Item | None:
        """Decode a message that may be decoded; else add its reject."""
        route = self._router(message.topic)
        dialect, device = route.dialect, route.device
        refusal = self._refusal(message, route)
        if refusal is not None or dialect is None:
            problem = refusal or Problem(
                "unknown_type", "no dialect reads this topic; see the MQTT topics in the manual"
            )
            admitted.rejects.append(_reject(message, dialect, device, problem))
            return None
        item = _Item(message, dialect, device, dialect.decode(message.payload))
        if item.decoded.fixes and not self._welcome(device, dialect, admitted):
            problem = Problem("unknown_device", "register the device (ronda import devices), then its fixes count")
            admitted.rejects.append(_reject(message, dialect, device, problem))
            return None
        return item

    def _refusal(self, message: Message, route: Route) -> Problem | None:
        if message.refused is not None:
            return Problem(message.refused, _AT_THE_DOOR.get(message.refused, "refused at the door"))
        if not may_publish(message.identity, route.device):
            return Problem("forbidden", "the credential belongs to another device")
        if len(message.payload) > self._payload_max:
            return Problem("too_large", f"{len(message.payload)} bytes; at most {self._payload_max}")
        if route.dialect is not None and not route.valid:
            return Problem("unknown_device", "a device id has 1 to 128 printable characters")
        return None

    def _welcome(self, device: str, dialect: Dialect, admitted: Admitted) -> bool:
        if self._known(device) or device in self._registered:
            return True
        if self._auto_register:
            if len(self._registered) >= _SELF_REGISTERED_LIMIT:
                return False
            self._registered.add(device)
            admitted.devices.append(Device(id=DeviceId(device), cls=dialect.cls, name=device))
        return self._auto_register

    def _judge(self, items: list[_Item], admitted: Admitted) -> None:
        raws = [raw for item in items for raw in item.decoded.fixes]
        index: dict[str, int] = {}
        devices = [index.setdefault(item.device, len(index)) for item in items]
        counts = [len(item.decoded.fixes) for item in items]
        received = np.repeat(np.array([item.message.received_us for item in items], np.int64), counts)
        judged = judge(raws, received)
        columns = judged.columns
        columns["received_us"] = received
        columns["flags"] |= _flags(items, counts)
        columns["flags"][received - columns["time_us"] > int(STALE_AFTER_S * US_PER_S)] |= int(Flag.STALE)
        columns["device"] = np.repeat(np.array(devices, np.int32), counts)
        columns["dialect"] = np.repeat(np.array([item.dialect.number for item in items], np.uint8), counts)
        good = judged.verdict < 0
        if not good.all():
            admitted.rejects += _judged_rejects(items, counts, raws, judged)
            columns = {name: column[good] for name, column in columns.items()}
        admitted.fixes = Fixes.of(tuple(index), n=int(good.sum()), **columns)


def _join(parts: list[Admitted]) -> Admitted:
    return Admitted(
        fixes=Fixes.concat(part.fixes for part in parts),
        rejects=[reject for part in parts for reject in part.rejects],
        devices=[device for part in parts for device in part.devices],
        ignored=sum(part.ignored for part in parts),
    )


def _flags(items: list[_Item], counts: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    flags = np.repeat(np.array([int(Flag.RETAINED) if i.message.retained else 0 for i in items], np.uint32), counts)
    if any(item.decoded.flags for item in items):
        own = [flag for item in items for flag in item.decoded.flags or (0,) * len(item.decoded.fixes)]
        flags |= np.array(own, np.uint32)
    return flags


def _reject(message: Message, dialect: Dialect | None, device: str, problem: Problem) -> Reject:
    return Reject(
        received_us=message.received_us,
        reason=problem.reason,
        dialect=dialect.name if dialect else "",
        topic=message.topic[:PAYLOAD_LIMIT],
        device=device[:PAYLOAD_LIMIT],
        detail=problem.detail[:PAYLOAD_LIMIT],
        payload=(message.payload if problem.payload is None else problem.payload)[:PAYLOAD_LIMIT],
    )


def _problem_rejects(item: _Item) -> list[Reject]:
    problems = item.decoded.problems
    shown = problems[:REJECTS_PER_MESSAGE]
    if len(problems) > REJECTS_PER_MESSAGE:
        shown.append(Problem(problems[-1].reason, f"and {len(problems) - REJECTS_PER_MESSAGE} more of this message"))
    return [_reject(item.message, item.dialect, item.device, problem) for problem in shown]


def _judged_rejects(items: list[_Item], counts: list[int], raws: list[RawFix], judged: Judged) -> list[Reject]:
    rejects: list[Reject] = []
    owners = np.repeat(np.arange(len(items)), counts)
    bad = np.nonzero(judged.verdict >= 0)[0]
    for at in np.unique(owners[bad]).tolist():
        problems = [
            Problem(
                reason := judged.reason(row),
                _detail(raws[row], reason),
                _shown(raws[row]) if counts[at] > 1 else None,
            )
            for row in bad[owners[bad] == at].tolist()
        ]
        rejects += _problem_rejects(items[at]._replace(decoded=Decoded([], problems)))
    return rejects


def _shown(raw: RawFix) -> bytes:
    """One element of an array as we read it, without what it did not say."""
    said = {name: value for name in raw.__struct_fields__ if (value := getattr(raw, name)) is not None}
    return msgspec.json.encode({name: value for name, value in said.items() if value == value})  # noqa: PLR0124  # NaN


def _detail(raw: RawFix, reason: Reason) -> str:
    if reason == "bad_coordinate":
        return f"lat {raw.lat}, lon {raw.lon}"
    if reason == "future":
        return f"time {raw.time!r:.40} is more than 120 s ahead of ours: set the device's clock"
    return f"time {raw.time!r:.40} is before 2010 or no time (RFC 3339 with an offset, or a number)"
