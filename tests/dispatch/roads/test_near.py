"""Who is next by road, and how far everybody else is at least."""

import numpy as np
import pytest

from core.entities import Closure
from dispatch.eta import Reach
from tests.dispatch.roads.maps import at, box, network, way

SIDE_M = 3300
LINES = range(0, SIDE_M + 1, 300)
GRID = network(
    *(way(*((x, y) for x in LINES), highway="primary" if y % 900 == 0 else "residential") for y in LINES),
    *(way(*((x, y) for y in LINES), highway="residential") for x in LINES),
)
FLOOD = Closure(id="f", shape=box(900, 900, 1500, 1600), depth_cm=50)


def asked(seed, closures=()):
    """A crowd of motorbikes and cars over the grid and beyond it, and an incident."""
    rng = np.random.default_rng(seed)
    lons, lats = np.transpose([at(*xy) for xy in rng.uniform(-200, SIDE_M + 900, (300, 2))])
    reach = Reach(GRID, closures)
    crowd = reach.crowd(lons, lats, np.where(rng.random(300) < 0.7, 1, 2).astype(np.int8))
    return reach, crowd, at(*rng.uniform(0, SIDE_M, 2))


@pytest.mark.parametrize("closures", [(), (FLOOD,)])
@pytest.mark.parametrize("k", [1, 5, 30])
@pytest.mark.parametrize("seed", range(4))
def test_whoever_is_not_listed_needs_at_least_the_bound(seed, k, closures):
    """And somebody is left out."""
    reach, crowd, incident = asked(seed, closures)
    columns, floor_s = reach.nearest(*incident, crowd, k)
    eta_s = reach.eta_of(*incident, crowd, why=False).eta_s
    others = np.delete(eta_s, columns)
    assert len(others)
    assert others.min() >= floor_s - 1e-3


def test_where_few_are_near_everybody_is_looked_at():
    """More are asked for than there are: all, and nobody is left for the bound."""
    reach, crowd, incident = asked(1)
    columns, floor_s = reach.nearest(*incident, crowd, 1000)
    assert (len(np.unique(columns)), floor_s) == (300, np.inf)


def test_the_more_are_asked_for_the_farther_the_bound():
    """It is no idle one."""
    reach, crowd, incident = asked(2)
    bounds = [reach.nearest(*incident, crowd, k)[1] for k in (1, 10, 30)]
    assert bounds[0] < bounds[1] < bounds[2] < np.inf
