"""Rows that began before the fixes at hand: which of them a state computed anew can go on with.

A visit of a whole city lasts for weeks; a rebuild looks back some days. It begins in the new state where the fixes do,
so its beginning is carried over from what was told. Dwells, trips and the like are never so long; where one is all the
same, the live state stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from core.events import Spell
from geo.folds.tracklayout import C_N, C_PHASE, C_SILENT0, C_SILENT1, C_T0, D_X, D_Y
from geo.rows.reconcile import Row
from geo.trackstate import Chain, TrackRow

Columns = tuple[bytes, bytes]  # int64 and float64 of a contact
N, T0, SILENT0, SILENT1 = (column - C_PHASE for column in (C_N, C_T0, C_SILENT0, C_SILENT1))


def began_before(rows: Iterable[Row], placed: Mapping[str, Row], whole_us: int) -> list[tuple[Row, Row]]:
    """Open rows that go on with a told one which began earlier: as computed, and as told."""
    pairs = [(row, placed[row.id]) for row in rows if row.state == "open" and row.id in placed]
    return [(row, told) for row, told in pairs if told.start_us < min(row.start_us, whole_us)]


def can_go_on(pairs: Iterable[tuple[Row, Row]]) -> bool:
    """Whether their beginnings can be carried over."""
    return all(isinstance(told, Spell) and told.kind == "visit" for _, told in pairs)


def backdated(fresh: TrackRow, live: TrackRow, pairs: Iterable[tuple[Row, Row]]) -> TrackRow:
    """The track with visits that began when it was told, with as many fixes and as much silence as the live one has."""
    told = {f"visit {row.subject}": row for _, row in pairs if isinstance(row, Spell)}
    known = {name: (ints, floats) for name, ints, floats in live.live.contacts}
    live_, checkpoint, *newer = (_chain(c, told, known) for c in (fresh.live, fresh.checkpoint, *fresh.newer))
    return TrackRow(live_, checkpoint, newer)


def _chain(chain: Chain, told: Mapping[str, Spell], known: Mapping[str, Columns]) -> Chain:
    contacts = [
        (name, *(_contact((ints, floats), told[name], known.get(name)) if name in told else (ints, floats)))
        for name, ints, floats in chain.contacts
    ]
    return Chain(chain.g, chain.m, contacts)


def _contact(fresh: Columns, told: Spell, known: Columns | None) -> Columns:
    c, d = np.frombuffer(fresh[0], np.int64).copy(), np.frombuffer(fresh[1]).copy()
    live = np.frombuffer((known or fresh)[0], np.int64)
    c[T0], d[D_X], d[D_Y] = told.start_us, told.lon, told.lat
    c[N] = max(c[N], live[N])
    c[SILENT0] = c[SILENT1] - max(c[SILENT1] - c[SILENT0], live[SILENT1] - live[SILENT0])
    return c.tobytes(), d.tobytes()
