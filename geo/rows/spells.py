"""From what the track fold holds to spells with a life: stable ids, revisions, retractions.

A spell gets its id at its first emission and keeps it by overlap with spells of its kind and subject: on a split the
earlier part keeps it, on a merge the later id is retracted as merged into the earlier. Open ones grow silently, closed
ones are exact. Only spells that a late fix could still change are tracked, in few words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

import msgspec

from core.events import Cause, Event, Spell, SpellChanged, SpellKind
from geo.rows.matching import Moment, made_id, matched

Key = tuple[SpellKind, str]  # kind and subject
_EVER_US: Final = 1 << 62
_encode = msgspec.msgpack.Encoder().encode


class Told(msgspec.Struct, array_like=True, frozen=True):
    """A spell as last told: what its next revision or its retraction needs."""

    id: str
    kind: SpellKind
    subject: str
    start_us: int
    last_us: int
    lon: float
    lat: float
    revision: int
    digest: int = 0  # of all that a closed one says
    decided: Moment | None = None  # when it was closed; None while open


class Bout(NamedTuple):
    """What the fold now holds to be one spell: its row, as yet without id and revision, and when it was closed."""

    row: Spell
    decided: Moment | None


T = TypeVar("T", Told, Bout)
_key_of_told: Final[Callable[[Told], Key]] = attrgetter("kind", "subject")
_start_of: Final[Callable[[Told], int]] = attrgetter("start_us")
_key_of_bout: Final[Callable[[Bout], Key]] = attrgetter("row.kind", "row.subject")


class SpellLedger:
    """Tells what changed between the spells of one device and the bouts that the fold holds now."""

    def __init__(self, device: str, cls: str, seq: int) -> None:
        self.device, self.cls, self.seq = device, cls, seq
        self.events: list[Event] = []

    def reconcile(self, old: Iterable[Told], bouts: Iterable[Bout], at_us: int) -> list[Told]:
        """Match bouts to old spells by overlap, tell the differences, return the spells to track."""
        before, now = _by_key(old, _key_of_told), _by_key(bouts, _key_of_bout)
        tracked: list[Told] = []
        for key in sorted({*before, *now}):
            tracked += self._settle(before.get(key, []), now.get(key, []), at_us)
        return tracked

    def _settle(self, old: list[Told], bouts: list[Bout], at_us: int) -> list[Told]:
        old = sorted(old, key=_start_of)
        match = matched(old, bouts, overlap)
        tracked = [
            self._open(bout, at_us) if at is None else self._revise(old[at], bout, at_us)
            for at, bout in zip(match.goes_on, bouts, strict=True)
        ]
        for at, home in match.left:
            self._retract(old[at], None if home is None else tracked[home].id, at_us)
        return tracked

    def _open(self, bout: Bout, at_us: int) -> Told:
        self.seq += 1
        id_ = spell_id(self.device, bout.row, self.seq)
        return self._say(bout, id_, 1, "close" if bout.decided else "open", at_us)

    def _revise(self, old: Told, bout: Bout, at_us: int) -> Told:
        row = bout.row
        if bout.decided is None and old.decided is None and old.start_us == row.start_us:
            return old
        if bout.decided is not None and old.decided is not None and old.digest == digest(row):
            return msgspec.structs.replace(old, decided=bout.decided)
        cause: Cause = "close" if bout.decided and not old.decided else "revise"
        return self._say(bout, old.id, old.revision + 1, cause, at_us)

    def _say(self, bout: Bout, id_: str, revision: int, cause: Cause, at_us: int) -> Told:
        row = msgspec.structs.replace(bout.row, id=id_, revision=revision)
        self.events.append(SpellChanged(at_us=at_us, cause=cause, row=row))
        return told_of(bout.row, id_, revision, bout.decided)

    def _retract(self, old: Told, home: str | None, at_us: int) -> None:
        row = Spell(
            id=old.id, kind=old.kind, device=self.device, cls=self.cls, start_us=old.start_us, end_us=old.last_us,
            last_us=old.last_us, fixes=0, state="retracted", revision=old.revision + 1, lon=old.lon, lat=old.lat,
            subject=old.subject, merged_into=home,
        )  # fmt: skip
        self.events.append(SpellChanged(at_us=at_us, cause="merge" if home else "retract", row=row))


def _by_key(spells: Iterable[T], key: Callable[[T], Key]) -> dict[Key, list[T]]:
    found: dict[Key, list[T]] = {}
    for spell in spells:
        found.setdefault(key(spell), []).append(spell)
    return found


def overlap(old: Told, bout: Bout) -> bool:
    """Whether a spell and a bout share time, or begin at one instant; an open spell reaches to now."""
    row, reach_us = bout.row, old.last_us if old.decided else _EVER_US
    return old.start_us == row.start_us or (old.start_us < row.last_us and row.start_us < reach_us)


def told_of(row: Spell, id_: str, revision: int, decided: Moment | None) -> Told:
    """What is remembered of a spell that was told under this id."""
    return Told(
        id_, row.kind, row.subject, row.start_us, row.last_us, row.lon, row.lat, revision,
        digest(row) if decided else 0, decided,
    )  # fmt: skip


def digest(row: Spell) -> int:
    """Of what a spell says, whatever its id and revision."""
    nameless = msgspec.structs.replace(row, id="", revision=0) if row.revision else row
    return int.from_bytes(blake2b(_encode(nameless), digest_size=7).digest(), "little")


def spell_id(device: str, row: Spell, seq: int) -> str:
    """Id of a new spell: the same in every replay, never used twice by a device."""
    return made_id("s", device, row.kind, row.subject, row.start_us, seq)
