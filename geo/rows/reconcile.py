"""Rows computed anew from a device's fixes against those told before: what changes, under which ids.

Pure: rows in, events out; the same for dwells and for spells of every kind and subject. Rows are compared in groups
that overlap in time; a group is settled as a whole or left as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec

from core.events import Cause, Dwell, DwellChanged, Spell, SpellChanged
from geo.rows.matching import made_id, matched

Row = Dwell | Spell
Changed = DwellChanged | SpellChanged
EVER_US: Final = 1 << 62
# What fixes alone decide. A dwell that agrees in these keeps its labels too: they are those of its day.
DWELL: Final = (
    "start_us", "end_us", "last_us", "observed_s", "silent_s", "lon", "lat", "radius_m", "fixes", "state", "worked_s",
)  # fmt: skip
OPEN_DWELL: Final = ("start_us", "state", "alert", "area", "place", "purpose", "why")  # it grows silently
OPEN_SPELL: Final = ("start_us", "state")
SPELL: Final = tuple(
    name for name in Spell.__struct_fields__ if name not in ("id", "revision", "merged_into", "version")
)


class Reach(NamedTuple):
    """Which groups are settled: fixes are new in [lo_us, hi_us], rows were computed up to seen_us.

    What ended before new fixes stands. What begins after them may have changed by them, and is settled if all of it
    was seen. What begins before `whole_us` stands too: fixes that it was made of are not at hand. And what the live
    engine still holds (`held`, ids), or begins later than it has heard (`until_us`), is not settled without it.
    """

    lo_us: int
    hi_us: int
    seen_us: int = EVER_US
    whole_us: int = 0
    held: frozenset[str] = frozenset()
    until_us: int = EVER_US


class Naming(NamedTuple):
    """`seed` names this rebuild: ids of new rows follow from it. `judge` labels a row by the id that it gets."""

    seed: str
    judge: Callable[[Row], Row] = lambda row: row


@dataclass(slots=True)
class Changes:
    """What is told anew, how many rows were found how, and what each computed row is called now.

    `next_us`: from when on rows are left because they were not seen to their end, or because the live engine holds
    them; None when nothing is.
    """

    events: list[Changed] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # new, revised, retracted, same, left, forgotten
    placed: dict[str, Row] = field(default_factory=dict)  # by the id under which it was computed
    next_us: int | None = None


class Group(NamedTuple):
    """Rows that overlap, one with the next: told before and computed now, each by start."""

    start_us: int
    last_us: int
    old: list[Row]
    new: list[Row]


def reconcile(old: Iterable[Row], new: Iterable[Row], reach: Reach, naming: Naming) -> Changes:
    """Events that turn the old rows of one device into the new ones, as far as `reach` says.

    Old rows are as told last, retracted ones left out.
    """
    changes = Changes()
    for group in _groups(old, new):
        if group.last_us < reach.lo_us:
            _keep(group, changes)
        elif group.start_us < reach.whole_us:
            changes.counts["forgotten"] += len(group.old)
            _keep(group, changes)
        elif _whole(group, reach):
            _settle(group, changes, naming)
        else:
            changes.counts["left"] += max(len(group.old), len(group.new))
            _keep(group, changes)
            changes.next_us = min(group.start_us, changes.next_us or EVER_US)
    return changes


def kind_of(row: Row) -> tuple[str, str]:
    """Rows of different kinds have nothing to do with each other, nor have spells of different subjects."""
    return ("dwell", "") if isinstance(row, Dwell) else (row.kind, row.subject)


def until_us(row: Row) -> int:
    """To where a told row reaches: an open one to now, whenever that is."""
    return EVER_US if row.state == "open" else row.last_us


def overlap(old: Row, new: Row) -> bool:
    """Whether a told and a computed row share time, or begin at one instant; dwells also where they only touch."""
    if isinstance(old, Dwell):
        return old.start_us <= new.last_us and new.start_us <= until_us(old)
    return old.start_us == new.start_us or (old.start_us < new.last_us and new.start_us < until_us(old))


def _groups(old: Iterable[Row], new: Iterable[Row]) -> Iterator[Group]:
    """Connected groups of one kind, in order of time; rows that only touch belong together."""
    rows = [(row, True) for row in old] + [(row, False) for row in new]
    rows.sort(key=lambda r: (kind_of(r[0]), r[0].start_us))
    for _, of_kind in groupby(rows, key=lambda r: kind_of(r[0])):
        group: Group | None = None
        for row, told in of_kind:
            if group is not None and row.start_us > group.last_us:
                yield group
                group = None
            group = group or Group(row.start_us, row.start_us, [], [])
            group = group._replace(last_us=max(group.last_us, until_us(row) if told else row.last_us))
            (group.old if told else group.new).append(row)
        if group is not None:
            yield group


def _whole(group: Group, reach: Reach) -> bool:
    """Whether all that a group may become was seen."""
    if reach.seen_us == EVER_US:
        return True
    if group.start_us > reach.until_us:
        return False
    if any(row.state == "open" for row in group.new) or any(row.id in reach.held for row in group.old):
        return False
    return group.start_us <= reach.hi_us or group.last_us <= reach.seen_us


def _keep(group: Group, changes: Changes) -> None:
    """The group stands as it was told; computed rows are known by the rows that they overlap."""
    for row in group.new:
        told = next((o for o in group.old if overlap(o, row)), None)
        if told is not None:
            changes.placed[row.id] = told


def _settle(group: Group, changes: Changes, naming: Naming) -> None:
    """Each computed row takes the id of the first old row that it overlaps; the old ones left over are retracted."""
    match = matched(group.old, group.new, overlap)
    placed = [
        _new(row, changes, naming) if at is None else _revise(group.old[at], row, changes, naming)
        for at, row in zip(match.goes_on, group.new, strict=True)
    ]
    changes.placed |= {row.id: called for row, called in zip(group.new, placed, strict=True)}
    for at, _ in match.left:  # into a row as it is called now: of one that is told already, as it was told
        home = next((row.id for row in placed if overlap(group.old[at], row)), None)
        _say(changes, "retracted", "merge" if home else "retract", retracted(group.old[at], home))


def _new(row: Row, changes: Changes, naming: Naming) -> Row:
    named = msgspec.structs.replace(row, id=new_id(row, naming.seed), revision=1)
    return _say(changes, "new", "close" if row.state == "closed" else "open", named)


def _revise(old: Row, row: Row, changes: Changes, naming: Naming) -> Row:
    row = naming.judge(msgspec.structs.replace(row, id=old.id, revision=old.revision + 1))
    if same(old, row):
        changes.counts["same"] += 1
        return old
    return _say(changes, "revised", "close" if (old.state, row.state) == ("open", "closed") else "revise", row)


def retracted(old: Row, home: str | None) -> Row:
    """The row as it is told when it never was, or belongs to another."""
    gone: dict[str, Any] = {"alert": False} if isinstance(old, Dwell) else {}
    end_us = old.last_us if old.end_us is None else old.end_us
    return msgspec.structs.replace(
        old, state="retracted", revision=old.revision + 1, merged_into=home, end_us=end_us, **gone
    )


def changed(cause: Cause, row: Row) -> Changed:
    """The event that tells a row."""
    if isinstance(row, Dwell):
        return DwellChanged(at_us=row.last_us, cause=cause, row=row)
    return SpellChanged(at_us=row.last_us, cause=cause, row=row)


def _say(changes: Changes, what: str, cause: Cause, row: Row) -> Row:
    changes.counts[what] += 1
    changes.events.append(changed(cause, row))
    return row


def same(old: Row, new: Row) -> bool:
    """Whether nothing worth a revision changed between a row as told and as computed."""
    open_, dwell = old.state == new.state == "open", isinstance(old, Dwell)
    names = (OPEN_DWELL if open_ else DWELL) if dwell else (OPEN_SPELL if open_ else SPELL)
    return all(getattr(old, name) == getattr(new, name) for name in names)


def new_id(row: Row, seed: str) -> str:
    """An id that follows from the row and the rebuild, and that neither the live engine nor another rebuild gave."""
    return made_id("d" if isinstance(row, Dwell) else "s", row.device, row.start_us, *kind_of(row), seed)
