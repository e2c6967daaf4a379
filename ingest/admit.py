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
from core.rejects import Reject
from core.units import US_PER_S
from ingest.columns import FIRST_US, judge, read_times
from ingest.directory import Directory
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


@dataclass(slots=True)
class Admitted:
    """What a batch of messages came to."""

    fixes: Fixes = field(default_factory=Fixes.empty)
    held: Fixes = field(default_factory=Fixes.empty)  # of devices that nobody registered
    rejects: list[Reject] = field(default_factory=list)
    told: list[tuple[Callable[[Reject], None], Reject]] = field(default_factory=list)  # who waits for which reject
    devices: list[Device] = field(default_factory=list)  # to register before the fixes are written
    ignored: int = 0

    def refuse(self, message: Message, reject: Reject) -> None:
        """Add a reject of a message."""
        self.rejects.append(reject)
        if message.told is not None:
            self.told.append((message.told, reject))


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
        self._registered: set[str] = set()  # by us, and perhaps not yet seen by `directory`

    def sort(self, messages: Sequence[Message]) -> Admitted:
        """Sort a batch. A fault of ours costs the message that shows it, never the stage."""
        try:
            return self._sort(messages)
        except Exception:
            _logger.exception("admission failed on a batch", extra={"action": "ingest.admission_failed"})
        return _join([self._sort_one(message) for message in messages])

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
                admitted.ignored += 1
        if items:
            self._judge(items, standings, admitted)
        return admitted

    def _refuse(self, admitted: Admitted, message: Message, dialect: str, device: str, problem: Problem) -> None:
        private = bool(device) and not self._directory.keeps(device, message.received_us)
        admitted.refuse(message, refusal(message, dialect, device, problem, private=private))

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
            alone = counts[at] == 1
            self._refuse_all(admitted, items[at], [of_fix(raws[i], judged.reason(i), alone=alone) for i in rows])
        kept = good & self._keeps(columns, list(index))
        for at, _ in _of_items(owners, good & ~kept):
            self._refuse_all(admitted, items[at], [_OFF_DUTY])
        fixes = Fixes.of(tuple(index), n=len(raws), **columns)
        if all(standing == "known" for standing in standings):
            admitted.fixes = fixes if kept.all() else fixes.take(kept)
            return
        self._part(fixes, kept, owners, items, standings, admitted)

    def _part(
        self,
        fixes: Fixes,
        kept: NDArray[np.bool_],
        owners: NDArray[np.intp],
        items: list[Opened],
        standings: list[Standing],
        admitted: Admitted,
    ) -> None:
        """Fixes of registered devices, and those of strangers, which are told so."""
        standing = np.array([("known", "held", "away").index(s) for s in standings], np.int8)[owners]
        admitted.fixes = fixes.take(kept & (standing == 0))
        admitted.held = fixes.take(kept & (standing == 1))
        for item, is_what in zip(items, standings, strict=True):
            if is_what != "known":
                self._refuse_all(admitted, item, [_HELD if is_what == "held" else _TURNED_AWAY])

    def _refuse_all(self, admitted: Admitted, item: Opened, problems: list[Problem]) -> None:
        for problem in bounded(problems):
            self._refuse(admitted, item.message, item.dialect.name, item.device, problem)

    def _keeps(self, columns: dict[str, NDArray[Any]], ids: list[str]) -> NDArray[np.bool_]:
        """Which rows may be kept: volunteers are heard on duty only; a call for help is always heard."""
        keeps = self._directory.keeps
        rows = zip(columns["device"].tolist(), columns["time_us"].tolist(), columns["flags"].tolist(), strict=True)
        return np.array([bool(flags & Flag.SOS) or keeps(ids[at], time_us) for at, time_us, flags in rows], np.bool_)


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
    )


def _flags(items: list[Opened], counts: list[int]) -> NDArray[np.uint32]:
    flags = np.repeat(np.array([int(Flag.RETAINED) if i.message.retained else 0 for i in items], np.uint32), counts)
    if any(item.decoded.flags for item in items):
        own = [flag for item in items for flag in item.decoded.flags or (0,) * len(item.decoded.fixes)]
        flags |= np.array(own, np.uint32)
    return flags
