"""Admission: which device, may it, is it plausible; good rows become `Fixes`, the rest rejects with a reason.

Nothing is dropped without a trace: a message is ignored only if its type is known and of no use here (counted).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.entities import Device, DeviceId
from core.entries import Command
from core.fixes import Fixes, Flag
from core.heard import TTL_S
from core.rejects import PAYLOAD_LIMIT, Reject
from core.units import US_PER_S
from ingest.columns import FIRST_US, Judged, judge, read_times
from ingest.commanding import Memory, command_of
from ingest.directory import Directory, kept_rows
from ingest.heard import STRANGER_TTL_S, Hearing
from ingest.honesty import Honesty
from ingest.message import Message
from ingest.opening import PAYLOAD_MAX, Opened, Opener, may_publish, may_use
from ingest.raw import Problem, Words
from ingest.refusals import REJECTS_PER_MESSAGE, bounded, of_fix, refusal
from ingest.strangers import Strangers

__all__ = ["PAYLOAD_MAX", "REJECTS_PER_MESSAGE", "Admission", "Admitted", "may_publish", "may_use"]

STALE_AFTER_S: Final = 900.0  # the lateness horizon
_STALE_US: Final = int(STALE_AFTER_S * US_PER_S)
_SELF_REGISTERED_LIMIT: Final = 100_000
_KNOWN, _HELD, _AWAY = 0, 1, 2  # what a device is to us: registered, a stranger with room for its fixes, one without

_FAULT: Final = Problem("unknown_type", "our decoder failed on this payload; please report it")
_OFF_DUTY: Final = Problem("off_duty", "off duty or without consent: nothing of it is kept")
_NOBODY: Final = Problem("unknown_device", "nobody registered this device; it is not heard by dispatch")
_RETAINED: Final = Problem("unknown_type", "a retained message is said again and again; publish it without `retain`")
_TO_STRANGERS: Final = {
    _HELD: Problem("unknown_device", "nobody registered this device; its fixes are kept for a day, adopt it"),
    _AWAY: Problem("unknown_device", "nobody registered this device, and there is no room to keep its fixes"),
}

_logger = logging.getLogger(__name__)

Bools = NDArray[np.bool_]


@dataclass(slots=True)
class Admitted:
    """What a batch of messages came to."""

    fixes: Fixes
    held: Fixes  # of devices that nobody registered
    rejects: list[Reject] = field(default_factory=list)
    told: list[tuple[Callable[[Reject], None], Reject]] = field(default_factory=list)  # who waits for which reject
    devices: list[Device] = field(default_factory=list)  # to register before the fixes are written
    commands: list[Command] = field(default_factory=list)  # for dispatch
    ignored: int = 0
    heard: dict[str, Hearing] = field(default_factory=dict)  # the newest message of each device

    def hear(self, device: str, message: Message, dialect: str, **outcome: Any) -> None:
        """Note what became of a message; of a large one only the beginning is kept."""
        self.heard[device] = Hearing(device, _shortened(message), dialect, **outcome)


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
        self._nothing = Fixes.empty()  # made once: its hash costs as much as that of a hundred fixes
        self.spoken = Memory()
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
        """The time that each registered device gave last, as far as it can be read: what its clock says now.

        Of one message the newest; of several messages the last that came, for a device may set its clock meanwhile.
        """
        newest: dict[str, int] = {}
        opened, _ = self._opener.open([message for message in messages if not message.retained])
        for item in opened:
            if item.decoded.fixes and self._directory.known(item.device):
                time_us = int(read_times([raw.time for raw in item.decoded.fixes]).max())
                if time_us >= FIRST_US:
                    newest[item.device] = time_us
        return newest

    def _sort_one(self, message: Message) -> Admitted:
        try:
            return self._sort([message])
        except Exception as error:  # noqa: BLE001  # the batch's fault is in the log with its traceback already
            extra = {"action": "ingest.admission_failed", "topic": message.topic}
            _logger.error("admission failed on a message: %r", error, extra=extra)  # noqa: TRY400  # see above
        failed = Admitted(self._nothing, self._nothing)
        self._add(failed, message, refusal(message, "", "", _FAULT))
        return failed

    def _sort(self, messages: Sequence[Message]) -> Admitted:
        admitted = Admitted(self._nothing, self._nothing)
        opened, refused = self._opener.open(messages)
        for message, dialect, device, problem in refused:
            self._refuse(admitted, message, dialect, device, problem)
        items: list[Opened] = []
        for item in opened:
            decoded = item.decoded
            if decoded.fixes:
                items.append(item)
            elif decoded.words is not None:
                self._pass_on(item, decoded.words, admitted)
            elif not decoded.problems:
                self._ignore(item, admitted)
            if decoded.problems:
                self._refuse_all(admitted, item, decoded.problems)
        if items:
            self._judge(items, admitted)
        return admitted

    def _ignore(self, item: Opened, admitted: Admitted) -> None:
        """A message that is known and of no use here."""
        admitted.ignored += 1
        self._note(item, admitted)

    def _note(self, item: Opened, admitted: Admitted) -> None:
        private = not self._directory.keeps(item.device, item.message.received_us)
        admitted.hear(item.device, item.message, item.dialect.name, private=private)

    def _pass_on(self, item: Opened, words: Words, admitted: Admitted) -> None:
        """A message for dispatch, on duty or off: what it says was meant to be told."""
        if not (self._directory.known(item.device) or item.device in self._registered):
            self._refuse_all(admitted, item, [_NOBODY])
        elif item.message.retained:
            self._refuse_all(admitted, item, [_RETAINED])
        else:
            command = command_of(item, words)
            self.spoken.keep(command, item.payload)
            admitted.commands.append(command)
            self._note(item, admitted)

    def _judge(self, items: list[Opened], admitted: Admitted) -> None:
        raws = list(chain.from_iterable([item.decoded.fixes for item in items]))
        counts = [len(item.decoded.fixes) for item in items]
        ids: dict[str, int] = {}
        devices = [ids.setdefault(item.device, len(ids)) for item in items]
        device, dialect, received_us = _of_rows(
            [
                np.array(devices, np.int32),
                np.array([item.dialect.number for item in items], np.uint8),
                np.array([item.message.received_us for item in items], np.int64),
            ],
            counts,
        )
        judged = judge(raws, received_us)
        columns = judged.columns
        columns |= {"device": device, "dialect": dialect, "received_us": received_us}
        _flag(columns, items, counts)
        kept = judged.verdict < 0
        fixes = Fixes.of(tuple(ids), n=len(raws), **columns)
        standings = [self._standing(item, admitted) for item in items]
        silenced = self._silence(fixes, kept)
        if any(standings) or silenced is not None or not kept.all():
            self._part(items, counts, standings, judged, fixes, silenced, admitted)
        else:
            admitted.fixes = fixes
            _hear(items, counts, fixes, admitted)
        self._compare(admitted.fixes)

    def _standing(self, item: Opened, admitted: Admitted) -> int:
        """What a device that speaks of fixes is to us. A stranger becomes a device where that is allowed."""
        device = item.device
        if self._directory.known(device) or device in self._registered:
            return _KNOWN
        if not self._auto_register:
            fixes, now_us = len(item.decoded.fixes), item.message.received_us
            return _HELD if self._strangers.take(device, fixes, now_us) else _AWAY
        if len(self._registered) >= _SELF_REGISTERED_LIMIT:
            return _AWAY
        self._registered.add(device)
        admitted.devices.append(Device(id=DeviceId(device), cls=item.dialect.cls, name=device))
        return _KNOWN

    def _silence(self, fixes: Fixes, good: Bools) -> Bools | None:
        """Good rows that may not be kept, if any."""
        kept = kept_rows(self._directory, fixes)
        if kept is None:
            return None
        silenced: Bools = good & ~kept
        return silenced if silenced.any() else None

    def _part(
        self,
        items: list[Opened],
        counts: list[int],
        standings: list[int],
        judged: Judged,
        fixes: Fixes,
        silenced: Bools | None,
        admitted: Admitted,
    ) -> None:
        """Part the rows of a batch in which not all is well: to keep, to hold, to refuse."""
        owners = np.repeat(np.arange(len(items)), counts)
        standing = np.array(standings, np.int8)[owners]
        kept = judged.verdict < 0
        for at, rows in _by_item(owners, ~kept):
            problems = [
                of_fix(items[at].decoded.fixes[i], judged.reason(row), alone=counts[at] == 1) for i, row in rows
            ]
            self._refuse_all(admitted, items[at], problems, _future_us(judged, [row for _, row in rows]))
        private: set[int] = set()
        if silenced is not None:
            kept &= ~silenced
            for at, rows in _by_item(owners, silenced):
                private.add(at)
                said = f"{len(list(rows))} of this message: {_OFF_DUTY.detail}" if counts[at] > 1 else _OFF_DUTY.detail
                self._refuse_all(admitted, items[at], [_OFF_DUTY._replace(detail=said)])
        for item, is_what in zip(items, standings, strict=True):
            if is_what != _KNOWN:
                self._refuse_all(admitted, item, [_TO_STRANGERS[is_what]])
        chosen = kept & (standing == _KNOWN)
        admitted.fixes = fixes.take(chosen)
        _hear(items, _per_item(owners, chosen, items), admitted.fixes, admitted, private=private)
        chosen = kept & (standing == _HELD)
        if chosen.any():
            admitted.held = fixes.take(chosen)
            _hear(items, _per_item(owners, chosen, items), admitted.held, admitted, held=True)

    def _compare(self, fixes: Fixes) -> None:
        """Flag what does not fit the fixes before. The flags are hints: a fault of ours here costs no fix."""
        try:
            np.bitwise_or(fixes.flags, self._honesty.flags(fixes), out=fixes.flags)
        except Exception:
            _logger.exception("fixes were not compared", extra={"action": "ingest.honesty_failed"})

    def _refuse_all(
        self, admitted: Admitted, item: Opened, problems: list[Problem], time_us: int | None = None
    ) -> None:
        for problem in bounded(problems):
            self._refuse(admitted, item.message, item.dialect.name, item.device, problem, time_us)

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
        self._add(admitted, message, reject, private=private, time_us=time_us)

    @staticmethod
    def _add(
        admitted: Admitted, message: Message, reject: Reject, *, private: bool = False, time_us: int | None = None
    ) -> None:
        """Add a reject of a message. A forgery says nothing about the device that it names."""
        admitted.rejects.append(reject)
        if message.told is not None:
            admitted.told.append((message.told, reject))
        if reject.device and reject.reason != "forbidden":
            admitted.hear(reject.device, message, reject.dialect, reject=reject, private=private, time_us=time_us)


def _hear(
    items: list[Opened],
    counts: Sequence[int],
    fixes: Fixes,
    admitted: Admitted,
    *,
    held: bool = False,
    private: set[int] | None = None,
) -> None:
    """Of each device the newest message that brought rows into `fixes`; `counts` says how many each message did."""
    heard, stop = admitted.heard, 0
    for at, (item, count) in enumerate(zip(items, counts, strict=True)):
        if count:
            start, stop = stop, stop + count
            hearing = Hearing(item.device, _shortened(item.message), item.dialect.name, fixes, start, stop)
            if held or private:
                hearing.private = private is not None and at in private
                hearing.held, hearing.reject = held, heard[item.device].reject if held else None
            heard[item.device] = hearing


def _shortened(message: Message) -> Message:
    if len(message.payload) <= PAYLOAD_LIMIT:
        return message
    return msgspec.structs.replace(message, payload=message.payload[:PAYLOAD_LIMIT])


def _of_rows(columns: list[NDArray[Any]], counts: list[int]) -> list[NDArray[Any]]:
    """Columns of messages as columns of their fixes."""
    if max(counts) == 1:
        return columns
    return [np.repeat(column, counts) for column in columns]


def _flag(columns: dict[str, NDArray[Any]], items: list[Opened], counts: list[int]) -> None:
    """Add the flags that follow from the message: replayed by a broker, said by its dialect, late by our clock."""
    flags = columns["flags"]
    retained = [item.message.retained for item in items]
    if True in retained:
        flags[np.repeat(np.array(retained), counts)] |= int(Flag.RETAINED)
    if any([item.decoded.flags for item in items]):  # noqa: C419  # a list is quicker than a generator
        own = [flag for item in items for flag in item.decoded.flags or (0,) * len(item.decoded.fixes)]
        flags |= np.array(own, np.uint32)
    flags[columns["received_us"] - columns["time_us"] > _STALE_US] |= int(Flag.STALE)


def _future_us(judged: Judged, rows: list[int]) -> int | None:
    """The newest time among rows that were refused for being ahead of ours: how wrong the device's clock is."""
    ahead = [int(judged.columns["time_us"][i]) for i in rows if judged.reason(i) == "future"]
    return max(ahead, default=None)


def _per_item(owners: NDArray[np.intp], rows: Bools, items: list[Opened]) -> list[int]:
    """How many of the chosen rows each message has."""
    counts: list[int] = np.bincount(owners[rows], minlength=len(items)).tolist()
    return counts


def _by_item(owners: NDArray[np.intp], rows: Bools) -> list[tuple[int, list[tuple[int, int]]]]:
    """The chosen rows of each message that has any: (which of its own, which of the batch)."""
    chosen = np.nonzero(rows)[0]
    firsts = np.searchsorted(owners, owners[chosen]).tolist()
    found: dict[int, list[tuple[int, int]]] = {}
    for at, row, first in zip(owners[chosen].tolist(), chosen.tolist(), firsts, strict=True):
        found.setdefault(at, []).append((row - first, row))
    return list(found.items())


def _join(parts: list[Admitted]) -> Admitted:
    return Admitted(
        fixes=Fixes.concat(part.fixes for part in parts),
        held=Fixes.concat(part.held for part in parts),
        rejects=[reject for part in parts for reject in part.rejects],
        told=[told for part in parts for told in part.told],
        devices=[device for part in parts for device in part.devices],
        commands=[command for part in parts for command in part.commands],
        ignored=sum(part.ignored for part in parts),
        heard={device: hearing for part in parts for device, hearing in part.heard.items()},
    )
