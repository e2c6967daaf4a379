"""A file against the registry: what is new, what changes, what is left as it is, and what cannot be true."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.assigning import JOINED, SECTION_OF, Clash, clashes, make_room
from core.entities import Assignment
from ronda.intake.registry import ENTITIES
from ronda.intake.rules import judged
from ronda.intake.taken import Taken
from store import joins
from store.read import registry_rows


@dataclass(slots=True)
class Change:
    """What the file would change of what is there."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    same: list[dict[str, Any]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # only when the file replaces the set
    differences: list[str] = field(default_factory=list)  # of changed rows, for people
    remarks: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.new or self.changed or self.gone)


async def compare(pool: AsyncConnectionPool, section: str, taken: Taken, *, replace: bool, close: bool) -> Change:
    """The file's rows against the archive. A field that the file does not speak of stays as it is."""
    kind = ENTITIES[section]
    there = {str(row["id"]): _as_entity(row, kind) async for row in registry_rows(pool, section)}
    entities = [_merged(entity, there.get(entity.id), taken.given) for entity in taken.rows]
    change = Change(gone=sorted(set(there) - {entity.id for entity in entities}) if replace else [])
    if section == "assignments":
        change.remarks = await _strangers(pool, entities)
        entities = _judge_joins(entities, [] if replace else _joins(there.values()), change, close=close)
    if section == "rules":
        entities, change.refused = await judged(pool, entities, () if replace else there)
    for entity in entities:
        _file(change, entity, there)
    return change


def _merged(entity: Any, old: Any, given: dict[str, frozenset[str]] | None) -> Any:
    """The row as it would be."""
    if old is None or given is None:
        return entity
    return msgspec.structs.replace(old, **{name: getattr(entity, name) for name in given[entity.id]})


def _file(change: Change, entity: Any, there: dict[str, Any]) -> None:
    """Put one row where it belongs."""
    row, old = msgspec.to_builtins(entity), there.get(entity.id)
    if entity.id not in there:
        change.new.append(row)
    elif entity == old:
        change.same.append(row)
    else:
        change.changed.append(row)
        change.differences += [f"{entity.id}: {_difference(old, entity)}"] if old is not None else []


def _difference(old: Any, new: Any) -> str:
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in old.__struct_fields__]
    return ", ".join(f"{name} {_short(a)} → {_short(b)}" for name, a, b in pairs if a != b)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _as_entity(row: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct | None:
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(row, kind)
    return None


def _joins(entities: Iterable[Any]) -> list[Assignment]:
    return [entity for entity in entities if isinstance(entity, Assignment)]


def _judge_joins(given: list[Assignment], there: list[Assignment], change: Change, *, close: bool) -> list[Assignment]:
    """The file's joins that can be true, and former ones that end for them (`close`); others are refused."""
    standing: dict[str, dict[str, Assignment]] = {}
    accepted: dict[str, Assignment] = {}
    for join in there:
        standing.setdefault(join.device or "", {})[join.id] = join
    for join in given:
        beside = standing.setdefault(join.device or "", {})
        found = clashes(join, beside.values())
        ends = [make_room(join, clash.other) for clash in found]
        if found and not (close and all(ends)):
            change.refused.append(f"{join.id}: {_clash_text(join, found[0], close=close)}")
            continue
        for left in [join, *(part for parts in ends for part in parts)]:
            beside[left.id] = accepted[left.id] = left
    return list(accepted.values())


def _clash_text(join: Assignment, clash: Clash, *, close: bool) -> str:
    name = getattr(clash.other, clash.what)
    advice = "which lies wholly within; change or delete that" if close else "end that first, or give --close"
    return f"assignment {clash.other.id} has {join.device} with {clash.what} {name} at that time; {advice}"


async def _strangers(pool: AsyncConnectionPool, given: list[Assignment]) -> list[str]:
    """Names in the file that no registry has: perhaps to be imported next, perhaps mistyped."""
    remarks = []
    for what in JOINED:
        named = Counter(getattr(join, what) for join in given if getattr(join, what) is not None)
        there = await joins.rows_of(pool, SECTION_OF[what], named)
        remarks += [f"{what} {name} is not registered ({n} rows)" for name, n in named.items() if name not in there]
    return remarks
