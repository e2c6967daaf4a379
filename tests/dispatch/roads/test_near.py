"""Who is next by road, and how far everybody else is at least."""

import numpy as np
import pytest

from core.entities import Closure
from dispatch.eta import Reach
from dispatch.roads import near, pick
from geo.folds.jit import interpreted
from tests.dispatch.roads.maps import at, box, network, way

SIDE_M = 3300
LINES = range(0, SIDE_M + 1, 300)
GRID = network(
    *(way(*((x, y) for x in LINES), highway="primary" if y % 900 == 0 else "residential") for y in LINES),
    *(way(*((x, y) for y in LINES), highway="residential") for x in LINES),
)
FLOOD = Closure(id="f", shape=box(900, 900, 1500, 1600), depth_cm=50)


ALL = np.ones(300, np.bool_)


def asked(seed, closures=()):
    """A crowd of motorbikes and cars over the grid and beyond it, and an incident."""
    rng = np.random.default_rng(seed)
    lons, lats = np.transpose([at(*xy) for xy in rng.uniform(-200, SIDE_M + 900, (300, 2))])
    reach = Reach(GRID, closures)
    crowd = reach.crowd(lons, lats, np.where(rng.random(300) < 0.7, 1, 2).astype(np.int8))
    return reach, crowd, at(*rng.uniform(0, SIDE_M, 2))


def nearest(reach, crowd, incident, k, may=ALL, also=()):
    """Columns, their times, and the bound."""
    return reach.nearest(*incident, crowd.among(may, GRID.roads.nodes), k, crowd.rows(np.array(also, np.int64)))


@pytest.mark.parametrize("closures", [(), (FLOOD,)])
@pytest.mark.parametrize("k", [1, 5, 30])
@pytest.mark.parametrize("seed", range(4))
def test_whoever_is_not_listed_needs_at_least_the_bound(seed, k, closures):
    """And somebody is left out; nobody is listed twice, and times are those of everybody asked one by one."""
    reach, crowd, incident = asked(seed, closures)
    also = [3, 250]
    columns, times_s, floor_s = nearest(reach, crowd, incident, k, also=also)
    eta_s = reach.eta_of(*incident, crowd, why=False).eta_s
    assert times_s.tolist() == eta_s[columns].tolist()
    assert (len(columns), set(also) - set(columns.tolist())) == (len(np.unique(columns)), set())
    assert np.delete(eta_s, columns).min() >= floor_s - 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_only_those_who_may_come_are_listed(seed):
    """The rare are found at once, however many others are nearer."""
    reach, crowd, incident = asked(seed)
    may = np.arange(300) % 20 == seed
    columns, times_s, floor_s = nearest(reach, crowd, incident, 3, may)
    eta_s = reach.eta_of(*incident, crowd, why=False).eta_s
    assert may[columns].all()
    assert np.sort(times_s)[:2].tolist() == np.sort(eta_s[may])[:2].tolist()
    assert np.append(np.delete(eta_s, columns)[np.delete(may, columns)], np.inf).min() >= floor_s - 1e-3


def test_where_few_are_near_everybody_who_can_come_is_looked_at():
    """More are asked for than there are: all, and nobody is left for the bound."""
    reach, crowd, incident = asked(1)
    columns, _, floor_s = nearest(reach, crowd, incident, 1000)
    others_s = np.delete(reach.eta_of(*incident, crowd, why=False).eta_s, columns)
    assert (np.isinf(others_s).all(), floor_s) == (True, np.inf)


def test_the_more_are_asked_for_the_farther_the_bound():
    """It is no idle one."""
    reach, crowd, incident = asked(2)
    bounds = [nearest(reach, crowd, incident, k)[2] for k in (1, 10, 30)]
    assert bounds[0] < bounds[1] < bounds[2] < np.inf


def test_compiled_and_interpreted_find_the_same(monkeypatch):
    """The same people in the same order, with the same seconds."""
    reach, crowd, incident = asked(3, (FLOOD,))
    compiled = nearest(reach, crowd, incident, 10, also=[7])
    for name in ("by_crossing", "pick"):
        monkeypatch.setattr(near, name, interpreted(pick)[name])
    plain = nearest(reach, crowd, incident, 10, also=[7])
    assert [part.tolist() for part in plain[:2]] == [part.tolist() for part in compiled[:2]]
    assert plain[2] == compiled[2]
