"""How dispatch stands, in figures for those who lead: a pure function of its state, and of nobody in particular."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.duty import kept
from dispatch.desk import Desk
from dispatch.learning import acceptance
from dispatch.people import Crew
from dispatch.plan import ASKING, row_of
from dispatch.sizing import PRIOR
from dispatch.state import open_incidents

SEVERITIES: Final = (3, 2, 1)


@dataclass(frozen=True, slots=True)
class Places:
    """Of incidents of one severity that ask: places, those promised or taken, people asked and not answered yet."""

    severity: int
    wanted: int
    filled: int
    asked: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`reachable`: on duty, not away for today, and seen lately. `acceptance`: learned from `answers` offers."""

    paused: bool
    registered: int
    on_duty: int
    reachable: int
    acceptance: float
    answers: float
    open: int
    asking: int
    places: tuple[Places, ...]
    closures: int
    newest_us: int


def figures(desk: Desk) -> Figures:
    """The figures of now."""
    state, incidents = desk.state, open_incidents(desk.state)
    return Figures(
        paused=state.paused,
        registered=len(state.people),
        on_duty=sum(kept(person, desk.now_us) for person in state.people.values()),
        reachable=len(Crew(desk)) if state.people else 0,
        acceptance=round(acceptance(state), 3),
        answers=round(state.asked + PRIOR.asked, 1),
        open=len(incidents),
        asking=sum(incident.status in ASKING for incident in incidents),
        places=tuple(_places(desk, severity) for severity in SEVERITIES),
        closures=len(state.closures),
        newest_us=state.now_us,
    )


def _places(desk: Desk, severity: int) -> Places:
    incidents = [i for i in open_incidents(desk.state) if i.status in ASKING and i.severity == severity]
    rows = [row_of(desk, incident, need) for incident in incidents for need in desk.needs(incident)]
    wanted, left = sum(row.need.count for row in rows), sum(row.open for row in rows)
    return Places(severity, wanted, wanted - left, sum(len(row.pending) for row in rows))
