"""The proposal: which volunteers for which open incident, decided over all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.events import Candidate, IncidentChanged, PlanMade
from core.units import seconds_to_us, us_to_seconds
from dispatch import eta
from dispatch.matching import solve
from dispatch.matching.problem import NEVER, Need, Problem, Table
from dispatch.state import Params, State, Volunteer, open_incidents

METHOD: Final = f"{solve.METHOD}; {eta.METHOD}"


@dataclass(frozen=True, slots=True)
class _View:
    """One incident's sight of all volunteers."""

    distance_m: NDArray[np.float64]
    eta_s: NDArray[np.float64]
    need: Need
    time_s: NDArray[np.int64]


def replan(
    state: State, volunteers: Sequence[Volunteer], now_us: int, params: Params, *, told: str | None = None
) -> tuple[State, list[PlanMade]]:
    """Match again; a plan is said when its people changed, and for the incident `told` in any case."""
    crowd = _fresh(volunteers, now_us, params)
    incidents = open_incidents(state)
    views = [_view(incident, crowd, state.plans.get(incident.id, ()), params) for incident in incidents]
    picks = _picks(views, len(crowd), params)
    plans, said = {}, []
    for incident, view, picked in zip(incidents, views, picks, strict=True):
        plans[incident.id] = tuple(crowd[j].device for j in picked)
        before = state.plans.get(incident.id)
        if incident.id == told or before is None or set(before) != set(plans[incident.id]):
            said.append(_plan(incident.id, view, crowd, picked, now_us))
    return msgspec.structs.replace(state, plans=plans), said


def _picks(views: Sequence[_View], volunteers: int, params: Params) -> tuple[tuple[int, ...], ...]:
    """Numbers of the volunteers proposed for each incident, nearest first. The crowd is in the order of devices."""
    times = np.array([view.time_s for view in views], np.int64).reshape(len(views), volunteers)
    costs = Table(times, ceil(params.cutoff_s))
    return solve.match(Problem([view.need for view in views], costs)).chosen


def _fresh(volunteers: Sequence[Volunteer], now_us: int, params: Params) -> list[Volunteer]:
    """Each one's newest position if young enough, by device: the order in which they are given must not matter."""
    oldest_us = now_us - seconds_to_us(params.position_max_age_s)
    newest = {v.device: v for v in sorted(volunteers, key=lambda v: (v.time_us, v.lon, v.lat))}
    return sorted((v for v in newest.values() if v.time_us >= oldest_us), key=lambda v: v.device)


def _view(incident: IncidentChanged, crowd: Sequence[Volunteer], kept: Sequence[str], params: Params) -> _View:
    lons = np.array([v.lon for v in crowd], np.float64)
    lats = np.array([v.lat for v in crowd], np.float64)
    distance_m = eta.distances_m(incident.lon, incident.lat, lons, lats)
    eta_s = eta.estimate_s(distance_m)
    sticky_s = params.sticky_s * np.array([v.device in kept for v in crowd], np.float64)
    time_s = np.maximum(np.rint(eta_s - sticky_s), 0).astype(np.int64)
    time_s[eta_s > params.cutoff_s] = NEVER
    return _View(distance_m, eta_s, Need(params.need_of(incident.kind), incident.severity), time_s)


def _plan(incident: str, view: _View, crowd: Sequence[Volunteer], picked: Sequence[int], now_us: int) -> PlanMade:
    """The decision with everybody it was made from; the others nearest first."""
    people = [_candidate(v, view, j, now_us) for j, v in enumerate(crowd)]
    others = [person for j, person in enumerate(people) if j not in picked]
    return PlanMade(
        at_us=now_us,
        incident=incident,
        chosen=tuple(people[j] for j in picked),
        others=tuple(sorted(others, key=lambda person: (person.eta_s, person.device))),
        method=METHOD,
    )


def _candidate(volunteer: Volunteer, view: _View, j: int, now_us: int) -> Candidate:
    return Candidate(
        device=volunteer.device,
        lon=volunteer.lon,
        lat=volunteer.lat,
        position_age_s=max(0.0, us_to_seconds(now_us - volunteer.time_us)),
        distance_m=round(float(view.distance_m[j]), 1),
        eta_s=round(float(view.eta_s[j]), 1),
    )
