"""Until when a fact is known to have lasted, while it lasts: by fixes, or by the clock where silence proves a stay.

A device that its newest fix shows at rest stands for as long as it says nothing; what we slept through is taken off its
silence. Of a device that moved, nothing is known after its last fix; nor of one that since then sends fixes from beyond
the horizon: it speaks, so it is not silent, and where it is cannot be told.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from core.events import Spell, SpellKind
from geo.folds.dwell import at_rest
from geo.folds.layout import (
    DEAF,
    H_T0,
    H_TIN,
    LX,
    LY,
    OUT_N,
    P_HORIZON,
    RECEIVED,
    STRAY_AT,
    T0,
    TIN,
    TLAST,
)  # fmt: skip
from geo.folds.timers import astray, timely
from geo.folds.tracklayout import M_GAP_T0, M_GAP_T1
from geo.partition import GeoState
from geo.rules.facts import Fact, silence
from geo.steps.telltrack import open_spells_of


class Evidence(NamedTuple):
    """What the kernel knows of a device at the moment of a tick."""

    heard_us: int  # time of its newest fix
    spoke_us: int  # the same, or when the newest fix beyond the horizon was heard, if one was since
    clock_us: int  # now, our outages since then taken off
    in_time: bool  # the clock says something about its silence: what is newest of it was heard within the horizon
    standing: bool  # its newest fix shows it at rest, and nothing was heard of it since
    here_us: int  # when the cluster, or its challenger, began in which it is
    inside_us: dict[int, int]  # the last fix in each of the two, by when they began
    lon: float
    lat: float


def evidence_of(state: GeoState, slot: int) -> Evidence:
    """What is known at the last tick."""
    d, watch = state.devices, state.watch
    f, k, p = d.f[slot], d.k[slot], d.profile(slot)
    heard_us = int(k[TLAST])
    clock_us = watch.now_us - (watch.deaf_us - int(k[DEAF]))
    strays = bool(astray(k))
    spoke_us = int(k[STRAY_AT]) if strays else heard_us
    in_time = strays or int(k[RECEIVED]) - heard_us <= p[P_HORIZON]
    standing = bool(timely(k, p) and at_rest(f, k, p))
    here_us = int(k[T0] if k[OUT_N] == 0 else k[H_T0])
    inside_us = {int(k[H_T0]): int(k[H_TIN]), int(k[T0]): int(k[TIN])}
    return Evidence(heard_us, spoke_us, clock_us, in_time, standing, here_us, inside_us, float(f[LX]), float(f[LY]))


def certain_spells(state: GeoState, slot: int, kind: SpellKind | None = None) -> list[Spell]:
    """The open spells as they now stand, up to a silence of which it is yet to be seen whether it was a stay."""
    rows, doubt = open_spells_of(state, slot, kind), state.devices.track.m[0, slot]
    if not doubt[M_GAP_T1]:
        return rows
    until_us = int(doubt[M_GAP_T0])
    return [msgspec.structs.replace(row, last_us=max(row.start_us, min(row.last_us, until_us))) for row in rows]


def extended(fact: Fact, evidence: Evidence, row: Spell | None = None) -> Fact:
    """The fact as far as it is known at the moment; `row` is the visit or speeding as it now stands."""
    if fact.end_us is not None:
        return fact
    inside_us, max_mps = evidence.heard_us, fact.max_mps
    if fact.kind == "dwell":
        inside_us = evidence.inside_us.get(fact.start_us, fact.known_us)
    elif row is not None:
        inside_us, max_mps = row.last_us, max(max_mps, row.max_mps or 0.0)
    here = fact.start_us == evidence.here_us if fact.kind == "dwell" else inside_us == evidence.heard_us
    stays = here and evidence.standing and fact.kind in ("dwell", "visit")
    known_us = max(fact.known_us, inside_us, evidence.clock_us if stays else 0)
    return msgspec.structs.replace(fact, known_us=known_us, max_mps=max_mps)


def silence_now(device: str, cls: str, evidence: Evidence) -> Fact:
    """The silence since it was heard last."""
    spoke_us = evidence.spoke_us
    known_us = max(evidence.clock_us, spoke_us) if evidence.in_time else spoke_us
    return silence(device, spoke_us, None, known_us, (evidence.lon, evidence.lat), cls)
