"""The past of one device computed anew, because fixes came that the live engine could not use: `device.rebuild`.

The command holds everything: the archived fixes of a span, and the rows told of it. The same step as live runs over
them in a state of its own; what comes out is laid against what was told (`geo.rows.reconcile`). Where the span reaches
to now, the fixes that the live engine holds join in, and the new state takes the place of the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from core.codec import decode
from core.entries import Command, Tick
from core.errors import DecodeError
from core.events import AlertChanged, CommandDone, Dwell, DwellChanged, Event, SpellChanged
from core.fixes import Fixes
from geo.config import GeoConfig
from geo.folds.layout import NEVER, TLAST
from geo.partition import GeoState
from geo.rows.reconcile import EVER_US, Naming, Reach, Row, reconcile
from geo.steps.adopting import adopt, fresh_state, held_fixes, held_rows, reaches, take_clock
from geo.steps.backdating import began_before, can_go_on
from geo.steps.correcting import corrections, revisions, standing
from geo.steps.live import open_rows_of
from geo.steps.relabel import judge
from geo.steps.telltrack import open_spells_of

Step = Callable[[GeoState, Any], list[Event]]
STALE: Final = "stale: the engine has gone on since the rows and fixes were read; read them again"
Id = Annotated[str, msgspec.Meta(min_length=1)]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `device.rebuild`: fixes are new in [from_us, to_us].

    `fixes` are those of a span around it, as entries of the log hold them, by time; `rows` the newest events of the
    dwells, spells and alerts that overlap the span. What begins before `whole_us` stands. `last`: no later fix of the
    device is in the archive.
    """

    device: Id
    from_us: int
    to_us: int
    fixes: bytes
    rows: bytes
    whole_us: int = 0
    last: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rebuild found, as `CommandDone.reason` tells it. Rows from `next_us` on need fixes beyond those given."""

    new: int = 0
    revised: int = 0
    retracted: int = 0
    same: int = 0
    left: int = 0
    forgotten: int = 0
    next_us: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A request, read: fixes and rows of one device."""

    asked: Request
    fixes: Fixes
    rows: dict[str, Row]
    alerts: list[AlertChanged]


def rebuild(state: GeoState, command: Command, step: Step) -> list[Event]:
    """Apply `device.rebuild`; answers with an `Outcome`, or refuses what cannot be read or came too late."""
    try:
        past = read(command.body)
    except (msgspec.ValidationError, DecodeError) as error:
        return [done(command, f"device.rebuild: {error}", ok=False)]
    slot = state.devices.slots.get(past.asked.device)
    live = slot if past.asked.last else None
    if live is not None and not reaches(state, live, _last_us(past.fixes)):
        return [done(command, STALE, ok=False)]
    fresh, new = _computed(state, live, past, step)
    held = {} if slot is None else held_rows(state, slot, past.rows)
    old, naming = {**past.rows, **held}.values(), Naming(command.id, partial(judged, state.config))
    changes = reconcile(old, new, _reach(past, held, reaches_now=live is not None), naming)
    longer = began_before(new, changes.placed, past.asked.whole_us) if live is not None else []
    if live is not None and not can_go_on(longer):
        heard_us = int(state.devices.k[live, TLAST])
        live, changes = None, reconcile(old, new, _reach(past, held, reaches_now=False, until_us=heard_us), naming)
    known = standing(state, past.asked.device, past.alerts)
    alerts = list(corrections(state, changes.events, known))
    if live is not None:
        adopt(state, live, fresh, changes.placed, revisions(known), longer)
    outcome = Outcome(**changes.counts, next_us=changes.next_us)
    return [*changes.events, *alerts, done(command, msgspec.json.encode(outcome).decode(), ok=True)]


def read(body: dict[str, Any]) -> Past:
    """The request of a command's body; raises `msgspec.ValidationError` or `DecodeError`."""
    asked = msgspec.convert(body, Request)
    fixes, told = decode(asked.fixes), decode(asked.rows)
    if not isinstance(fixes, Fixes) or not isinstance(told, list):
        raise DecodeError("bad_entry", "`fixes` must be an entry of fixes, `rows` one of events")
    if len(fixes) and fixes.ids != (asked.device,):
        raise DecodeError("bad_entry", f"fixes of {fixes.ids!r} came with a rebuild of {asked.device!r}")
    rows = [event.row for event in told if isinstance(event, DwellChanged | SpellChanged)]
    alerts = [event for event in told if isinstance(event, AlertChanged)]
    return Past(asked, fixes, {row.id: row for row in rows if row.state != "retracted"}, alerts)


def _reach(past: Past, held: Collection[str], *, reaches_now: bool, until_us: int = EVER_US) -> Reach:
    """What is settled: all of it where the live engine's own state follows, else what it holds no more."""
    asked, seen_us = past.asked, _last_us(past.fixes)
    if reaches_now or (asked.last and not held):
        return Reach(asked.from_us, asked.to_us, EVER_US, asked.whole_us)
    return Reach(asked.from_us, asked.to_us, seen_us, asked.whole_us, frozenset(held), until_us)


def _last_us(fixes: Fixes) -> int:
    return int(fixes.time_us.max()) if len(fixes) else NEVER


def _computed(state: GeoState, live: int | None, past: Past, step: Step) -> tuple[GeoState, list[Row]]:
    """A state that has seen all these fixes in order, and the rows that came out.

    As the live engine's, it also knows the time and what the engine told of each device; else no row stays open, for
    nobody would ever end it.
    """
    fresh = fresh_state(state, past.asked.device)
    fixes = past.fixes if live is None else Fixes.concat([past.fixes, held_fixes(state, live)])
    said = step(fresh, in_order(fixes))
    if live is not None:
        take_clock(state, live, fresh)
        if state.watch.now_us:
            said += step(fresh, Tick(now_us=state.watch.now_us, deaf_us=state.watch.deaf_us))
    rows: dict[str, Row] = {event.row.id: event.row for event in said if isinstance(event, DwellChanged | SpellChanged)}
    now: list[Row] = [*open_rows_of(fresh, 0), *open_spells_of(fresh, 0)]
    rows |= {row.id: row for row in now}
    found = [row for row in rows.values() if row.state != "retracted"]
    nobodys = live is None and past.asked.last
    return fresh, [closed(row) if nobodys and row.state == "open" else row for row in found]


def in_order(fixes: Fixes) -> Fixes:
    """Each fix once, in the kernel's order: by time, then by content."""
    content = fixes.content.view(np.int64)
    order = np.lexsort((content, fixes.time_us))
    time_us, content = fixes.time_us[order], content[order]
    new = np.ones(len(order), bool)
    new[1:] = (time_us[1:] != time_us[:-1]) | (content[1:] != content[:-1])
    return fixes.take(order[new])


def closed(row: Row) -> Row:
    """An open row as it is told when no fix will ever end it."""
    return msgspec.structs.replace(row, state="closed", end_us=row.last_us)


def judged(config: GeoConfig, row: Row) -> Row:
    """A dwell as the configuration in force sees it under this id, labels of people included."""
    if not isinstance(row, Dwell):
        return row
    if row.state == "closed":
        return judge(config, row)
    labelled = config.labels.label(row, row.last_us)
    return msgspec.structs.replace(labelled, alert=row.alert and labelled.purpose == "unexplained")


def done(command: Command, reason: str, *, ok: bool) -> CommandDone:
    """The answer to a command."""
    return CommandDone(at_us=command.at_us, id=command.id, ok=ok, reason=reason)
