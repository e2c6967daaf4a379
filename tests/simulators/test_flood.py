"""Water, and what is reported of it."""

import itertools

import numpy as np
import pytest

from simulators.flood import Flood

DEVICES = ["d0", "d1", "d2"]


@pytest.fixture(scope="module")
def flood(kupang, graph):
    return Flood(kupang, graph, DEVICES, seed=3, lasting_s=7200.0)


def test_the_same_seed_gives_the_same_flood(kupang, graph, flood):
    """Reports and water."""
    again = Flood(kupang, graph, DEVICES, seed=3, lasting_s=7200.0)
    assert (again.reports, again.water(4000.0)) == (flood.reports, flood.water(4000.0))
    assert Flood(kupang, graph, DEVICES, seed=4, lasting_s=7200.0).reports != flood.reports


def test_sixty_reports_an_hour_some_doubled_some_false(flood):
    """Over two hours."""
    truths = [report.truth for report in flood.reports]
    assert 90 <= len(truths) <= 150
    assert 20 <= truths.count("duplicate") <= 50
    assert 8 <= truths.count("false") <= 30


def test_a_duplicate_is_of_the_same_thing_near_its_first(flood, graph):
    """Within 85 m and half an hour, by whomever."""
    for report in (report for report in flood.reports if report.truth == "duplicate"):
        first = flood.reports[report.of]
        here, there = (graph.plane.forward(r.lon, r.lat) for r in (report, first))
        assert (first.truth, first.kind) == ("true", report.kind)
        assert np.hypot(*(here - there)) < 86.0
        assert 0.0 < report.at_s - first.at_s < 1800.0


def test_the_water_only_rises(flood):
    """Deeper at each look, from one basin at first to three."""
    depths = [[closure.depth_cm for closure in flood.water(at_s)] for at_s in (0.0, 1000.0, 2000.0, 9000.0)]
    assert [len(depth) for depth in depths] == [1, 2, 3, 3]
    assert all(a[0] < b[0] for a, b in itertools.pairwise(depths))
    assert depths[3] == [120, 120, 120]


def test_people_go_round_the_water(flood, graph):
    """The way through a basin that is dry at first avoids it when it is under water."""
    basin, ways = flood.basins[0], flood.ways()
    away_m = np.hypot(graph.xy[:, 0] - basin.x, graph.xy[:, 1] - basin.y)
    before, after = ways(0.0), ways(7000.0)
    start, goal = np.flatnonzero((away_m > 900.0) & (away_m < 1500.0))[[0, -1]].tolist()
    wet = away_m < 700.0
    assert wet[after.path(start, goal)].sum() <= wet[before.path(start, goal)].sum()
    assert after.seconds.sum() > before.seconds.sum()


def test_what_is_false_is_not_there(flood):
    """Who goes to look finds nothing."""
    for report in flood.reports:
        assert flood.real(report.lon, report.lat) is (report.truth != "false")
