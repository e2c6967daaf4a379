"""A made-up town of volunteers and incidents, moved a little from run to run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.eta import DETOUR, PACE_S_PER_KM, START_S
from dispatch.matching.nearby import Nearby, Pace, points_m
from dispatch.matching.problem import NEVER, Need, Problem

CORNER, SIZE = np.array([123.53, -10.25]), np.array([0.16, 0.135])  # degrees: 18 by 15 km
DISC = 0.0135  # degrees: a flood of 1.5 km radius
CLASSES = (0.85, 0.12, 0.03)  # motorbikes, cars, pickups
SLOWER = (1.0, 1.15, 1.3)  # than a motorbike
FIRST_AID, BOAT = 0.2, 0.04  # of volunteers
CUTOFF_S = 1800
PLACES = 3


@dataclass(frozen=True)
class Town:
    """Positions in degrees; volunteers' groups are vehicle class + 3 x first aid + 6 x boat."""

    people: NDArray[np.float64]
    group: NDArray[np.int64]
    incidents: NDArray[np.float64]
    skill: NDArray[np.int64]  # what each incident asks for: 0 nothing, 1 first aid, 2 a boat
    needs: tuple[Need, ...]


def town(rng: np.random.Generator, volunteers: int, incidents: int, *, flooded: bool) -> Town:
    """Volunteers about ten hubs; incidents anywhere, or all within one flooded disc."""
    hubs = CORNER + SIZE * rng.uniform(0.1, 0.9, (10, 2))
    people = hubs[rng.integers(0, 10, volunteers)] + rng.normal(0, 0.015, (volunteers, 2))
    group = rng.choice(3, volunteers, p=CLASSES)
    group += 3 * (rng.random(volunteers) < FIRST_AID) + 6 * (rng.random(volunteers) < BOAT)
    if flooded:
        turn, reach = rng.uniform(0, 2 * np.pi, incidents), DISC * np.sqrt(rng.random(incidents))
        at = CORNER + SIZE / 2 + reach[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    else:
        at = CORNER + SIZE * rng.random((incidents, 2))
    skill = rng.choice(3, incidents, p=(0.8, 0.17, 0.03))
    severity = rng.choice((1, 2, 3), incidents, p=(0.5, 0.3, 0.2))
    return Town(people, group, at, skill, tuple(Need(PLACES, int(s)) for s in severity))


def moved(place: Town, rng: np.random.Generator) -> Town:
    """Everybody somewhere within about 250 m."""
    people = place.people + rng.normal(0, 0.0015, place.people.shape)
    return Town(people, place.group, place.incidents, place.skill, place.needs)


def problem(place: Town) -> Problem:
    """Straight-line times, whole seconds: trees are built here, as at each tick."""
    needs_at, people_at = points_m(*place.incidents.T), points_m(*place.people.T)
    slower = np.array(SLOWER)[place.group % 3]
    s_per_m = PACE_S_PER_KM / 1000 * DETOUR
    groups = np.arange(12)
    may = np.stack([groups >= 0, groups // 3 % 2 == 1, groups >= 6])[place.skill]

    def seconds_of(need: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.int64]:
        step = needs_at[need] - people_at[column]
        metres = np.sqrt(np.einsum("ij,ij->i", step, step))
        seconds = np.rint(START_S + s_per_m * slower[column] * metres).astype(np.int64)
        return np.where(seconds > CUTOFF_S, NEVER, seconds)

    paces = [Pace(START_S - 1, s_per_m * SLOWER[group % 3]) for group in groups.tolist()]
    costs = Nearby(needs_at, people_at, place.group, may, paces, seconds_of, CUTOFF_S)
    return Problem(place.needs, costs)
