"""Matching the obvious slow way: every way to give each volunteer one need or none."""

import itertools

import numpy as np
from hypothesis import strategies as st

from dispatch.matching.problem import NEVER, Loss, Need, Problem, Table

MOST_S = 60


def problem(needs, seconds):
    table = np.array(seconds, np.int64).reshape(len(needs), len(seconds[0]) if needs else 0)
    return Problem(needs, Table(table, max(MOST_S, int(table[table != NEVER].max(initial=0)))))


def ways(asked):
    """Every way to give: the need of each volunteer or -1, never an impossible pair. Places are not looked at."""
    seconds = asked.costs.dense()
    can = [[-1, *np.flatnonzero(seconds[:, j] != NEVER).tolist()] for j in range(seconds.shape[1])]
    return list(itertools.product(*can))


def loss(asked, way, extra=None):
    """What a way leaves undone, or None when a need has more than its places. `extra`: one more there, a must."""
    seconds = asked.costs.dense()
    lost = {3: 0, 2: 0, 1: 0, 0: sum(int(seconds[g, j]) for j, g in enumerate(way) if g >= 0)}
    for g, need in enumerate(asked.needs):
        sent = way.count(g) - (g == extra)
        if not 0 <= sent <= need.places:
            return None
        lost[need.severity] += max(0, need.count - sent)
        lost[0] += sum(need.spare_s[max(0, sent - need.count) :])
    return Loss(*lost.values())


def best(asked, ways, **more):
    """The least loss of these ways, None when none is possible."""
    return min((told for way in ways if (told := loss(asked, way, **more)) is not None), default=None)


def beyond(after, before):
    """How much more is lost."""
    return None if after is None else Loss(*(a - b for a, b in zip(after, before, strict=True)))


@st.composite
def needs(draw):
    spare = draw(st.lists(st.integers(0, MOST_S + 10), max_size=2))
    return Need(draw(st.integers(0, 3)), draw(st.sampled_from((1, 2, 3))), tuple(sorted(spare, reverse=True)))


@st.composite
def problems(draw, volunteers=5):
    """Up to three needs; some pairs are impossible, ties are common."""
    many = draw(st.integers(0, volunteers))
    asked = draw(st.lists(needs(), max_size=3))
    time_s = st.one_of(st.integers(0, 6), st.integers(0, MOST_S), st.just(NEVER))
    return problem(asked, [draw(st.lists(time_s, min_size=many, max_size=many)) for _ in asked])


def scarce(seed, volunteers, incidents, *, reach=0.5):
    """Incidents in one disc, too few volunteers who may go to each; a place is 1 to 5 people."""
    rng = np.random.default_rng(seed)
    at, people = rng.normal(0, 300, (incidents, 1, 2)), rng.normal(0, 900, (1, volunteers, 2))
    seconds = np.rint(np.hypot(*(at - people).transpose(2, 0, 1))).astype(np.int64)
    seconds[rng.random(seconds.shape) > reach] = NEVER
    asked = [Need(int(rng.integers(1, 6)), int(rng.integers(1, 4))) for _ in range(incidents)]
    return problem(asked, seconds)
