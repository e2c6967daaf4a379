"""Admission: which device, may it, is it plausible; good rows become `Fixes`, the rest rejects with a reason.

Nothing is dropped without a trace: a message is ignored only if its type is known and of no use here (counted).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.entities import Device, DeviceId
from core.fixes import Fixes, Flag
from core.heard import TTL_S
from core.rejects import PAYLOAD_LIMIT, Reject
from core.units import US_PER_S
from ingest.columns import FIRST_US, Judged, judge, read_times
from ingest.directory import Directory
from ingest.heard import STRANGER_TTL_S, Hearing
from ingest.honesty import Honesty
from ingest.message import Message
from ingest.opening import PAYLOAD_MAX, Opened, Opener, may_publish, may_use
from ingest.raw import Problem
from ingest.refusals import REJECTS_PER_MESSAGE, bounded, of_fix, refusal
from ingest.strangers import Strangers

__all__ = ["PAYLOAD_MAX", "REJECTS_PER_MESSAGE", "Admission", "Admitted", "may_publish", "may_use"]

STALE_AFTER_S: Final = 900.0  # the lateness horizon
_SELF_REGISTERED_LIMIT: Final = 100_000

_FAULT: Final = Problem("unknown_type", "our decoder failed on this payload; please report it")
_HELD: Final = Problem("unknown_device", "nobody registered this device; its fixes are kept for a day, adopt it")
_TURNED_AWAY: Final = Problem("unknown_device", "nobody registered this device, and there is no room to keep its fixes")
_OFF_DUTY: Final = Problem("off_duty", "off duty or without consent: nothing of it is kept")

_logger = logging.getLogger(__name__)

Standing = Literal["known", "held", "away"]
_STANDINGS: Final = ("known", "held", "away")


@dataclass(slots=True)
class Admitted:
    """What a batch of messages came to."""

    fixes: Fixes = field(default_factory=Fixes.empty)
    held: Fixes = field(default_factory=Fixes.empty)  # of devices that nobody registered
    rejects: list[Reject] = field(default_factory=list)
    told: list[tuple[Callable[[Reject], None], Reject]] = field(default_factory=list)  # who waits for which reject
    devices: list[Device] = field(default_factory=list)  # to register before the fixes are written
    ignored: int = 0
    heard: dict[str, Hearing] = field(default_factory=dict)  # the newest message of each device

    def refuse(self, message: Message, reject: Reject, *, private: bool = False, time_us: int | None = None) -> None:
        """Add a reject of a message. A forgery says nothing about the device that it names."""
        self.rejects.append(reject)
        if message.told is not None:
            self.told.append((message.told, reject))
        if reject.device and reject.reason != "forbidden":
            self.hear(reject.device, message, reject.dialect, reject=reject, private=private, time_us=time_us)

    def hear(self, device: str, message: Message, dialect: str, **outcome: Any) -> None:
        """Note what became of a message; of a large one only the beginning is kept."""
        if len(message.payload) > PAYLOAD_LIMIT:
            message = message._replace(payload=message.payload[:PAYLOAD_LIMIT])
        self.heard[device] = Hearing(device, message, dialect, **outcome)


class Admission:
    """Sorts messages. `directory` says who is registered; with `auto_register` strangers become devices."""

    def __init__(
        self,
        directory: Directory,
        *,
        auto_register: bool = False,
        payload_max: int = PAYLOAD_MAX,
        strangers: Strangers | None = None,
    ) -> None:
        self._directory = directory
        self._auto_register = auto_register
        self._opener = Opener(directory, payload_max)
        self._strangers = strangers or Strangers()
        self._honesty = Honesty(directory.cls)
        self._registered: set[str] = set()  # by us, and perhaps not yet seen by `directory`

    def sort(self, messages: Sequence[Message]) -> Admitted:
        """Sort a batch. A fault of ours costs the message that shows it, never the stage."""
        try:
            return self._sort(messages)
        except Exception:
            _logger.exception("admission failed on a batch", extra={"action": "ingest.admission_failed"})
        return _join([self._sort_one(message) for message in messages])

    def noteworthy(self, device: str) -> int:
        """How long a note of this device is kept; 0: none, for names cost nothing to make up."""
        if self._directory.known(device) or device in self._registered:
            return TTL_S
        return STRANGER_TTL_S if device in self._strangers else 0

    def times(self, messages: Sequence[Message]) -> dict[str, int]:
        """The newest time that each registered device gives, as far as it can be read: what its clock says."""
        newest: dict[str, int] = {}
        opened, _ = self._opener.open([message for message in messages if not message.retained])
        for item in opened:
            if item.decoded.fixes and self._directory.known(item.device):
                time_us = int(read_times([raw.time for raw in item.decoded.fixes]).max())
                if time_us >= max(FIRST_US, newest.get(item.device, 0)):
                    newest[item.device] = time_us
        return newest

    def _sort_one(self, message: Message) -> Admitted:
        try:
            return self._sort([message])
        except Exception:
            _logger.exception("admission failed", extra={"action": "ingest.admission_failed", "topic": message.topic})
        failed = Admitted()
        failed.refuse(message, refusal(message, "", "", _FAULT))
        return failed

    def _sort(self, messages: Sequence[Message]) -> Admitted:
        admitted = Admitted()
        opened, refused = self._opener.open(messages)
        for message, dialect, device, problem in refused:
            self._refuse(admitted, message, dialect, device, problem)
        items: list[Opened] = []
        standings: list[Standing] = []
        for item in opened:
            for problem in bounded(item.decoded.problems):
                self._refuse(admitted, item.message, item.dialect.name, item.device, problem)
            if item.decoded.fixes:
                standings.append(self._standing(item, admitted))
                items.append(item)
            elif not item.decoded.problems:
                self._ignore(item, admitted)
        if items:
            self._judge(items, standings, admitted)
        return admitted

    def _ignore(self, item: Opened, admitted: Admitted) -> None:
        """A message that is known and of no use here."""
        admitted.ignored += 1
        private = not self._directory.keeps(item.device, item.message.received_us)
        admitted.hear(item.device, item.message, item.dialect.name, private=private)

    def _refuse(
        self,
        admitted: Admitted,
        message: Message,
        dialect: str,
        device: str,
        problem: Problem,
        time_us: int | None = None,
    ) -> None:
        private = problem.reason == "off_duty" or not self._directory.keeps(device, message.received_us)
        reject = refusal(message, dialect, device, problem, private=private)
        admitted.refuse(message, reject, private=private, time_us=time_us)

    def _standing(self, item: Opened, admitted: Admitted) -> Standing:
        """What a device that speaks of fixes is to us. A stranger becomes a device where that is allowed."""
        device = item.device
        if self._directory.known(device):
            return "known"
        if device in self._registered:
            return "known"
        if not self._auto_register:
            fixes, now_us = len(item.decoded.fixes), item.message.received_us
            return "held" if self._strangers.take(device, fixes, now_us) else "away"
        if len(self._registered) >= _SELF_REGISTERED_LIMIT:
            return "away"
        self._registered.add(device)
        admitted.devices.append(Device(id=DeviceId(device), cls=item.dialect.cls, name=device))
        return "known"

    def _judge(self, items: list[Opened], standings: list[Standing], admitted: Admitted) -> None:
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
        owners = np.repeat(np.arange(len(items)), counts)
        good = judged.verdict < 0
        for at, rows in _of_items(owners, ~good):
            problems = [of_fix(raws[i], judged.reason(i), alone=counts[at] == 1) for i in rows]
            self._refuse_all(admitted, items[at], problems, _future_us(judged, rows))
        kept = good & self._keeps(columns, list(index))
        silenced = _of_items(owners, good & ~kept)
        for at, _ in silenced:
            self._refuse_all(admitted, items[at], [_OFF_DUTY])
        fixes = Fixes.of(tuple(index), n=len(raws), **columns)
        standing = np.array([_STANDINGS.index(standing) for standing in standings], np.int8)
        self._turn_away(items, standing, admitted)
        admitted.fixes = _hear(items, owners, fixes, kept & (standing == 0)[owners], admitted, private=silenced)
        self._compare(admitted.fixes)
        if (standing == 1).any():
            admitted.held = _hear(items, owners, fixes, kept & (standing == 1)[owners], admitted, held=True)

    def _compare(self, fixes: Fixes) -> None:
        """Flag what does not fit the fixes before. The flags are hints: a fault of ours here costs no fix."""
        try:
            np.bitwise_or(fixes.flags, self._honesty.flags(fixes), out=fixes.flags)
        except Exception:
            _logger.exception("fixes were not compared", extra={"action": "ingest.honesty_failed"})

    def _turn_away(self, items: list[Opened], standing: NDArray[np.int8], admitted: Admitted) -> None:
        """Tell strangers that they are strangers."""
        for at in np.nonzero(standing)[0].tolist():
            self._refuse_all(admitted, items[at], [_HELD if standing[at] == 1 else _TURNED_AWAY])

    def _refuse_all(
        self, admitted: Admitted, item: Opened, problems: list[Problem], time_us: int | None = None
    ) -> None:
        for problem in bounded(problems):
            self._refuse(admitted, item.message, item.dialect.name, item.device, problem, time_us)

    def _keeps(self, columns: dict[str, NDArray[Any]], ids: list[str]) -> NDArray[np.bool_]:
        """Which rows may be kept: volunteers are heard on duty only; a call for help is always heard."""
        keeps = self._directory.keeps
        rows = zip(columns["device"].tolist(), columns["time_us"].tolist(), columns["flags"].tolist(), strict=True)
        return np.array([bool(flags & Flag.SOS) or keeps(ids[at], time_us) for at, time_us, flags in rows], np.bool_)


def _hear(
    items: list[Opened],
    owners: NDArray[np.intp],
    fixes: Fixes,
    rows: NDArray[np.bool_],
    admitted: Admitted,
    *,
    held: bool = False,
    private: Sequence[tuple[int, list[int]]] = (),
) -> Fixes:
    """The chosen rows; the newest message of each device that any of them came by is what was heard of it."""
    chosen = fixes if rows.all() else fixes.take(rows)
    ends = np.cumsum(np.bincount(owners[rows], minlength=len(items))).tolist()
    newest = {item.device: at for at, item in enumerate(items)}
    silenced = {at for at, _ in private}
    for device, at in newest.items():
        start, stop = ends[at - 1] if at else 0, ends[at]
        if stop > start:
            item, is_private = items[at], at in silenced
            reject = admitted.heard[device].reject if held else None
            admitted.hear(
                device, item.message, item.dialect.name, fixes=chosen, start=start, stop=stop, held=held,
                reject=reject, private=is_private,
            )  # fmt: skip
    return chosen


def _future_us(judged: Judged, rows: list[int]) -> int | None:
    """The newest time among rows that were refused for being ahead of ours: how wrong the device's clock is."""
    ahead = [int(judged.columns["time_us"][i]) for i in rows if judged.reason(i) == "future"]
    return max(ahead, default=None)


def _of_items(owners: NDArray[np.intp], rows: NDArray[np.bool_]) -> list[tuple[int, list[int]]]:
    """The chosen rows of each message that has any."""
    chosen = np.nonzero(rows)[0]
    return [(int(at), chosen[owners[chosen] == at].tolist()) for at in np.unique(owners[chosen])]


def _join(parts: list[Admitted]) -> Admitted:
    return Admitted(
        fixes=Fixes.concat(part.fixes for part in parts),
        held=Fixes.concat(part.held for part in parts),
        rejects=[reject for part in parts for reject in part.rejects],
        told=[told for part in parts for told in part.told],
        devices=[device for part in parts for device in part.devices],
        ignored=sum(part.ignored for part in parts),
        heard={device: hearing for part in parts for device, hearing in part.heard.items()},
    )


def _flags(items: list[Opened], counts: list[int]) -> NDArray[np.uint32]:
    flags = np.repeat(np.array([int(Flag.RETAINED) if i.message.retained else 0 for i in items], np.uint32), counts)
    if any(item.decoded.flags for item in items):
        own = [flag for item in items for flag in item.decoded.flags or (0,) * len(item.decoded.fixes)]
        flags |= np.array(own, np.uint32)
    return flags
