"""Dwells computed anew from the archive against those told before: what changes, under which ids.

Pure: rows in, events out. Rows are compared in groups that overlap in time; a group is settled as a whole or left as
it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from core.events import Cause, Dwell, DwellChanged

# What fixes alone decide. A row that agrees in these keeps its labels too: they are those of its day.
KERNEL: Final = (
    "start_us", "end_us", "last_us", "observed_s", "silent_s", "lon", "lat", "radius_m", "fixes", "state",
)  # fmt: skip


@dataclass(slots=True)
class Changes:
    """What a rebuild changes, and how many rows it found equal, left to the live engine, or left for want of fixes."""

    events: list[DwellChanged] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("new", "revised", "retracted", "same"), 0))
    left: int = 0
    forgotten: int = 0


class Group(NamedTuple):
    """Rows that overlap, one with the next: told before and computed now, each by start."""

    start_us: int
    last_us: int
    old: list[Dwell]
    new: list[Dwell]


class Reach(NamedTuple):
    """Which groups are settled: fixes are new in [lo_us, hi_us], rows were computed up to seen_us.

    What ended before new fixes stands. What begins after them may have changed by them, and is settled if all of it
    was seen. What begins before `whole_us` stands too: fixes that it was made of are forgotten.
    """

    lo_us: int
    hi_us: int
    seen_us: int
    whole_us: int = 0

    def covers(self, group: Group) -> bool:
        return group.last_us >= self.lo_us and (group.start_us <= self.hi_us or group.last_us <= self.seen_us)


def reconcile(old: Sequence[Dwell], new: Sequence[Dwell], reach: Reach, owned: Callable[[Dwell], bool]) -> Changes:
    """Events that turn the old rows of one device into the new ones, as far as new fixes reach.

    Retracted old rows only lend their ids. Groups with an `owned` row are left to the engine that owns it, and groups
    that begin where fixes are forgotten to what was told of them.
    """
    changes, taken = Changes(), {row.id for row in old}
    for group in groups([row for row in old if row.state != "retracted"], new):
        if not reach.covers(group):
            continue
        size = max(len(group.old), len(group.new))
        if group.start_us < reach.whole_us:
            changes.forgotten += size
        elif any(owned(row) for row in (*group.old, *group.new)):
            changes.left += size
        else:
            _settle(group, changes, taken)
    return changes


def groups(old: Sequence[Dwell], new: Sequence[Dwell]) -> Iterator[Group]:
    """Connected groups in order of time; rows that only touch belong together."""
    rows = sorted([(row, True) for row in old] + [(row, False) for row in new], key=lambda pair: pair[0].start_us)
    group: Group | None = None
    for row, told in rows:
        if group is not None and row.start_us > group.last_us:
            yield group
            group = None
        group = group or Group(row.start_us, row.last_us, [], [])
        group = group._replace(last_us=max(group.last_us, row.last_us))
        (group.old if told else group.new).append(row)
    if group is not None:
        yield group


def _settle(group: Group, changes: Changes, taken: set[str]) -> None:
    """Each computed row takes the id of the first old row that it overlaps; the old ones left over are retracted."""
    left, placed = list(group.old), list[Dwell]()
    for row in group.new:
        at = next((i for i, o in enumerate(left) if _overlap(o, row)), None)
        placed.append(_new(row, changes, taken) if at is None else _revise(left.pop(at), row, changes))
    for orphan in left:
        home = next((row.id for row in placed if _overlap(orphan, row)), None)
        _say(changes, "retracted", "merge" if home else "retract", _retracted(orphan, home))


def _new(row: Dwell, changes: Changes, taken: set[str]) -> Dwell:
    row = msgspec.structs.replace(row, id=_free_id(row, taken), revision=1)
    taken.add(row.id)
    return _say(changes, "new", "close", row)


def _revise(old: Dwell, row: Dwell, changes: Changes) -> Dwell:
    if all(getattr(old, name) == getattr(row, name) for name in KERNEL):
        changes.counts["same"] += 1
        return old
    return _say(changes, "revised", "revise", msgspec.structs.replace(row, id=old.id, revision=old.revision + 1))


def _retracted(old: Dwell, home: str | None) -> Dwell:
    end_us = old.last_us if old.end_us is None else old.end_us
    return msgspec.structs.replace(
        old, state="retracted", revision=old.revision + 1, merged_into=home, alert=False, end_us=end_us
    )


def _say(changes: Changes, what: str, cause: Cause, row: Dwell) -> Dwell:
    changes.counts[what] += 1
    changes.events.append(DwellChanged(at_us=row.last_us, cause=cause, row=row))
    return row


def _free_id(row: Dwell, taken: set[str]) -> str:
    """An id that follows from device and start, and that neither the live engine nor an earlier rebuild gave."""
    n = 0
    while (id_ := "d" + blake2b(f"{row.device}|{row.start_us}|r{n}".encode(), digest_size=10).hexdigest()) in taken:
        n += 1
    return id_


def _overlap(a: Dwell, b: Dwell) -> bool:
    return a.start_us <= b.last_us and b.start_us <= a.last_us
