"""What rules look at: intervals in the life of one device, made from rows and from its fixes.

A dwell, a visit, a speeding and a gap are rows and bear their ids. A silence lies between two fixes that follow each
other; being outside is what visits and gaps leave over. Both get ids from where they begin, so that every replay and
every backtest names them alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from core.events import Dwell, DwellChanged, Event, Spell, SpellChanged
from geo.rows.matching import made_id

FactKind = Literal["dwell", "visit", "speeding", "gap", "silence", "outside"]
FOREVER: Final = 1 << 62


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An interval of one device. `known_us` is until when it surely lasted: its end, or less while it lasts."""

    id: str  # of the row: the thread of every alert about it
    kind: FactKind
    device: str
    start_us: int
    end_us: int | None  # None: it lasts
    known_us: int
    lon: float
    lat: float
    cls: str = "truck"
    subjects: tuple[str, ...] = ()  # `place:ID`, `area:ID`, `zone:ID`: where it lies, or what it is a visit of
    purpose: str = ""
    max_mps: float = 0.0
    last_us: int = 0  # of a silence: the fix that ended it; `end_us` is earlier by our own outages
    holes: tuple[tuple[int, int], ...] = ()  # of a visit: gaps in it, when nobody knows where the device was


def row_of(event: Event) -> Dwell | Spell | None:
    """The row that an event brings up to date, if rules look at rows of its kind."""
    if isinstance(event, DwellChanged):
        return event.row
    if isinstance(event, SpellChanged) and event.row.kind in ("visit", "speeding", "gap"):
        return event.row
    return None


def kind_of(row: Dwell | Spell) -> str:
    """Of the fact that a row states."""
    return "dwell" if isinstance(row, Dwell) else row.kind


def fact_of(row: Dwell | Spell) -> Fact | None:
    """The fact that a row states; None once it was retracted, and of a kind that no rule looks at."""
    if row.state == "retracted":
        return None
    known_us = row.last_us if row.end_us is None else row.end_us
    if isinstance(row, Dwell):
        where = [f"place:{row.place.id}"] if row.place else []
        where += [f"area:{row.area}"] if row.area else []
        return Fact(
            id=row.id, kind="dwell", device=row.device, cls=row.cls, start_us=row.start_us, end_us=row.end_us,
            known_us=known_us, lon=row.lon, lat=row.lat, subjects=tuple(where), purpose=row.purpose,
        )  # fmt: skip
    if row.kind not in ("visit", "speeding", "gap"):
        return None
    return Fact(
        id=row.id, kind=row.kind, device=row.device, cls=row.cls, start_us=row.start_us, end_us=row.end_us,
        known_us=known_us, lon=row.lon, lat=row.lat, subjects=(row.subject,) if row.subject else (),
        max_mps=row.max_mps or 0.0,
    )  # fmt: skip


def silence(
    device: str, start_us: int, until_us: int | None, known_us: int, where: tuple[float, float], cls: str = "truck"
) -> Fact:
    """The silence after the fix of `start_us`, up to the fix of `until_us` (None: it lasts).

    `known_us` is until when somebody would have heard the device: what we slept through is not its silence.
    """
    return Fact(
        id=made_id("q", device, start_us), kind="silence", device=device, cls=cls, start_us=start_us,
        end_us=None if until_us is None else known_us, known_us=known_us, lon=where[0], lat=where[1],
        last_us=until_us or 0,
    )  # fmt: skip


def parted(fact: Fact, at_us: int, least_us: int) -> list[Fact]:
    """A silence into which a fix falls, as two; the first that is still long enough for one keeps the id."""
    where = (fact.lon, fact.lat)
    first = silence(fact.device, fact.start_us, at_us, at_us, where, fact.cls)
    second = silence(fact.device, at_us, fact.last_us, max(at_us, fact.known_us), where, fact.cls)
    if at_us - fact.start_us < least_us <= fact.last_us - at_us:
        return [msgspec.structs.replace(second, id=fact.id)]
    return [msgspec.structs.replace(first, id=fact.id), second]


def joined(facts: Iterable[Fact], apart_us: int) -> list[Fact]:
    """Facts no farther apart than this as one, under the id of the first; visits only with those of their subject."""
    groups: dict[tuple[str, ...], list[Fact]] = {}
    for fact in sorted(facts, key=lambda f: (f.start_us, f.id)):
        chain = groups.setdefault(fact.subjects if fact.kind == "visit" else (), [])
        before = chain[-1] if chain else None
        if before is None or (before.end_us is not None and fact.start_us > before.end_us + apart_us):
            chain.append(fact)
        else:
            chain[-1] = _united(before, fact)
    return [fact for chain in groups.values() for fact in chain]


def holed(visit: Fact, gaps: Iterable[Fact], apart_us: int) -> Fact:
    """A visit with the gaps in it; one no longer than `apart_us` parts it no more than an absence of that length."""
    end_us = FOREVER if visit.end_us is None else visit.end_us
    spans = sorted((gap.start_us, gap.known_us) for gap in gaps if gap.known_us - gap.start_us > apart_us)
    inside = tuple(span for span in spans if span[0] < end_us and visit.start_us < span[1])
    return msgspec.structs.replace(visit, holes=inside) if inside else visit


def _united(first: Fact, second: Fact) -> Fact:
    open_ = first.end_us is None or second.end_us is None
    return msgspec.structs.replace(
        first,
        end_us=None if open_ else max(first.end_us or 0, second.end_us or 0),
        known_us=max(first.known_us, second.known_us),
        max_mps=max(first.max_mps, second.max_mps),
    )


def between(covers: Iterable[Fact], whole: Fact) -> list[Fact]:
    """What visits and gaps leave of a stretch of time; the last piece lasts if the stretch does.

    A gap covers too: nobody knows where the device was.
    """
    found, at_us, end_us = [], whole.start_us, whole.end_us if whole.end_us is not None else FOREVER
    for cover in sorted(covers, key=lambda f: (f.start_us, f.id)):
        if at_us < min(cover.start_us, end_us):
            found.append(piece(whole, at_us, min(cover.start_us, end_us)))
        at_us = max(at_us, cover.end_us if cover.end_us is not None else FOREVER)
    if at_us < end_us:
        found.append(piece(whole, at_us, whole.end_us))
    return found


def piece(whole: Fact, from_us: int, until_us: int | None) -> Fact:
    """A part of a stretch of time as a fact of its own; the stretch's `id` tells apart who asks."""
    known_us = whole.known_us if until_us is None else min(whole.known_us, until_us)
    id_ = made_id("o", whole.device, whole.id, from_us)
    return msgspec.structs.replace(whole, id=id_, start_us=from_us, end_us=until_us, known_us=known_us)
