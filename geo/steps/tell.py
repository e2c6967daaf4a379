"""From the kernel's event buffer to the events of the log, one fix or timer after another."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from core.events import Event, FixFlagged
from core.fixes import Fixes
from geo.folds.layout import (
    BEGIN,
    BEYOND,
    CLOSED,
    DROPPED,
    E_C,
    E_CK_C,
    E_CK_T,
    E_CODE,
    E_LIMIT,
    E_N,
    E_PHASE,
    E_ROW,
    E_SILENT,
    E_SLOT,
    E_T,
    E_T0,
    E_TIN,
    E_WORK,
    END,
    KEPT,
    MOVED,
    OPENED,
    REACHED,
    TIMED,
    TLAST,
)  # fmt: skip
from geo.meaning.purpose import FOREVER
from geo.partition import GeoState
from geo.rows.dwells import Episode, Ledger
from geo.rows.matching import FIRST

OPEN_CODES: Final = frozenset({OPENED, REACHED, MOVED, TIMED, KEPT, END})
KernelEvent = tuple[list[int], list[float]]


def tell(state: GeoState, n: int, fixes: Fixes | None) -> list[tuple[int, Event]]:
    """Events of the first `n` buffered kernel events, each with its row of `fixes`, the batch that they point into."""
    events: list[tuple[int, Event]] = []
    if n == 0:
        return events
    buffered = zip(state.event_ints[:n].tolist(), state.event_floats[:n].tolist(), strict=True)
    for (row, _), group in groupby(buffered, key=lambda e: (e[0][E_ROW], e[0][E_SLOT])):
        events += [(row, event) for event in _tell_one(state, list(group), fixes)]
    return events


def ledger_of(state: GeoState, slot: int, device: str) -> Ledger:
    """The ledger of a device under the configuration in force."""
    config = state.config
    limit_s = config.profile(device).limit_s
    return Ledger(device, config.cls(device), limit_s, config.labels.judged, state.devices.seq[slot])


def _tell_one(state: GeoState, group: list[KernelEvent], fixes: Fixes | None) -> list[Event]:
    """Events of one fix of one device, or of one timer."""
    head = group[0][0]
    slot, at_us, device = head[E_SLOT], head[E_T], state.devices.ids[head[E_SLOT]]
    if head[E_CODE] == BEYOND:
        heard_us = int(fixes.received_us[head[E_ROW]]) if fixes is not None else at_us
        return [FixFlagged(at_us=heard_us, device=device, time_us=at_us, reason="beyond_horizon")]
    rows = state.devices.rows[slot]
    if head[E_CODE] == BEGIN:  # everything decided since is open to revision
        before = (head[E_CK_T], head[E_CK_C])
        old = [t for t in rows if t.decided is None or t.decided > before]
        kept = [t for t in rows if t.decided is not None and t.decided <= before]
    else:  # closed rows stand, and those that no late fix can reach any more are forgotten
        newest_us = int(state.devices.k[slot, TLAST]) if fixes is None else at_us
        reachable = (newest_us - state.devices.horizon_us(slot), FIRST)
        old = [t for t in rows if t.decided is None]
        kept = [t for t in rows if t.decided is not None and t.decided >= reachable]
    ledger = ledger_of(state, slot, device)
    state.devices.rows[slot] = kept + ledger.reconcile(old, _episodes(group), at_us)
    state.devices.seq[slot] = ledger.seq
    watch(state, slot)
    return ledger.events


def watch(state: GeoState, slot: int) -> None:
    """Note when the clock may change the label of an open row of a device."""
    state.flips.watch(slot, min((t.holds_us for t in state.devices.rows[slot] if t.decided is None), default=FOREVER))


def _episodes(group: list[KernelEvent]) -> list[Episode]:
    """What the kernel holds to be dwells after this fix: those it closed, and those that are open."""
    closed: list[Episode] = []
    still: dict[tuple[int, int], Episode] = {}  # by start and cluster: a row may be told twice in one fix
    for event in group:
        e = event[0]
        if e[E_CODE] == CLOSED:
            closed.append(_episode(event, (e[E_T], e[E_C])))
        if e[E_CODE] in (CLOSED, DROPPED, END):  # what was open until here is over, or told again now
            still.clear()
        if e[E_CODE] in OPEN_CODES and (e[E_PHASE] == 2 or e[E_LIMIT]):
            still[e[E_T0], e[E_CK_T]] = _episode(event, None)
    return closed + [still[start] for start in sorted(still)]


def _episode(event: KernelEvent, closed: tuple[int, int] | None) -> Episode:
    e, (lon, lat, radius_m) = event
    timed = closed is None and e[E_PHASE] == 1
    worked_us = max(0, e[E_T0] - e[E_WORK])
    return Episode(
        e[E_T0], e[E_TIN], lon, lat, radius_m, e[E_N], e[E_SILENT], closed, bool(e[E_LIMIT]), timed, worked_us
    )
