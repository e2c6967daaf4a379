"""The state as rows of a log, so that a commit writes only what changed.

A row for each entity of `TABLES` (`offers:i1.7`), one for many where many change at once (`BUNDLES`: a row costs the
log as much as 2 kB do), and one for each of `WHOLE`; the row `state` holds the rest. Dictionaries whose order counts
come back in it: offers are in the order of their numbers, of incidents it is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, get_args

import msgspec

from core.partition import partition_of
from dispatch.state import VERSION, State, Volunteer

REST: Final = "state"
ORDER: Final = "order"
SEEN: Final = "volunteers"  # positions, as version 1 kept them
REGISTER: Final = ("people", "holds", "areas", "roads", "coming", "closures", "kinds")
TABLES: Final = ("incidents", "offers", *REGISTER)
BUNDLES: Final[Mapping[str, Callable[[str], str]]] = {  # by the name of the bundle that an entity is in
    "trails": lambda offer: offer.rpartition(".")[0],  # of an incident
    "seen": lambda device: str(partition_of(device, 64)),
}
WHOLE: Final = ("plans", "done", "away_us", "told_us", "owed", "undo", "revoked")
_NUMBERED: Final = ("offers", "trails")
_TYPES: Final[Mapping[str, Any]] = {field.name: field.type for field in msgspec.structs.fields(State)}
_EMPTY: Final = {name: getattr(State(), name) for name in (*TABLES, *BUNDLES, *WHOLE)}
_encode: Final = msgspec.msgpack.Encoder().encode


def changed(before: State | None, after: State) -> dict[str, bytes | None]:
    """Rows to write (None: to delete) so that what held `before` holds `after`; without a `before`, all of them."""
    old = State() if before is None else before
    rows: dict[str, bytes | None] = {REST: _encode(msgspec.structs.replace(after, **_EMPTY))}
    rows |= {SEEN: None} if before is None else {}
    if [*old.incidents] != [*after.incidents]:
        rows[ORDER] = _encode([*after.incidents])
    for name in WHOLE:
        was, now = getattr(old, name), getattr(after, name)
        if was is not now and (body := _encode(now)) != _encode(was):
            rows[name] = body
    for name in TABLES:
        rows |= _table(name, getattr(old, name), getattr(after, name))
    for name in BUNDLES:
        rows |= _bundles(name, getattr(old, name), getattr(after, name))
    return rows


def _table(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, bytes | None]:
    """Entities are never written to, only replaced: the same object is the same row."""
    if old is new:
        return {}
    rows: dict[str, bytes | None] = {
        f"{name}:{id_}": _encode(value) for id_, value in new.items() if old.get(id_) is not value
    }
    return rows | {f"{name}:{id_}": None for id_ in old if id_ not in new}


def _bundles(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, bytes | None]:
    if old is new:
        return {}
    bundle_of = BUNDLES[name]
    touched = [id_ for id_, value in new.items() if old.get(id_) is not value] + [id_ for id_ in old if id_ not in new]
    bundles: dict[str, dict[str, Any]] = {bundle_of(id_): {} for id_ in touched}
    for id_ in new if bundles else ():
        if (bundle := bundle_of(id_)) in bundles:
            bundles[bundle][id_] = new[id_]
    return {f"{name}:{bundle}": _encode(rows) if rows else None for bundle, rows in bundles.items()}


def restored(rows: Mapping[str, bytes]) -> tuple[State, State | None]:
    """The state of these rows, and what of it the rows hold: None when they are of version 1, or none at all."""
    state = msgspec.msgpack.decode(rows[REST], type=State) if REST in rows else State(version=0)
    if state.version < VERSION:
        seen = msgspec.msgpack.decode(rows[SEEN], type=dict[str, Volunteer]) if SEEN in rows else state.seen
        return msgspec.structs.replace(state, seen=seen, version=VERSION), None
    whole = {name: _read(name, rows[name]) for name in WHOLE if name in rows}
    tables: dict[str, dict[str, Any]] = {name: dict(_entities(name, rows)) for name in TABLES}
    for name in BUNDLES:
        bundles = (body for key, body in rows.items() if key.startswith(f"{name}:"))
        tables[name] = {id_: row for body in bundles for id_, row in _read(name, body).items()}
    for name in _NUMBERED:
        tables[name] = dict(sorted(tables[name].items(), key=lambda row: int(row[0].rpartition(".")[2])))
    order = msgspec.msgpack.decode(rows[ORDER], type=list[str]) if ORDER in rows else []
    tables["incidents"] = {id_: tables["incidents"][id_] for id_ in order}
    state = msgspec.structs.replace(state, **whole, **tables)
    return state, state


def _read(name: str, body: bytes) -> Any:
    return msgspec.msgpack.decode(body, type=_TYPES[name])


def _entities(name: str, rows: Mapping[str, bytes]) -> Iterator[tuple[str, Any]]:
    """A row of the register that cannot be read any more is left out; what dispatch itself wrote must be there."""
    read = msgspec.msgpack.Decoder(get_args(_TYPES[name])[1]).decode
    head, unreadable = f"{name}:", (msgspec.ValidationError,) if name in REGISTER else ()
    for key, body in rows.items():
        if key.startswith(head):
            with suppress(*unreadable):
                yield key.removeprefix(head), read(body)
