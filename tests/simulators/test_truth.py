"""The kernel against the truth: what the simulated fleet did is what geo says it did."""

import itertools

import pytest

from geo.partition import GeoState
from geo.step import step
from simulators.day import Scenario, make
from simulators.registry import city_configs, fleet_configs
from simulators.wire import to_fixes
from tests.simulators.conftest import START_US

LONG_S, GREY = 180.0, 1.33  # stops this long must be found; those within the grey factor may be


@pytest.fixture(scope="module", params=[11, 12])
def detected(request, kupang, graph):
    """Twelve trucks with every fault: (true stops, rows) as (device, start, end) in seconds of the shift."""
    day = make(Scenario(city=kupang, seed=request.param, trucks=12, volunteers=0, start_us=START_US), graph)
    state, rows = GeoState(), {}
    fleet = fleet_configs(kupang, trucks=12, volunteers=0, from_us=0, at_us=START_US, actor="test", duty_us=(0, 0))
    for config in [*city_configs(kupang, None, at_us=START_US, actor="test"), *fleet]:
        step(state, config)
    sendings = day.sendings()
    while batch := list(itertools.islice(sendings, 200)):
        for event in step(state, to_fixes(batch)):
            if type(event).__name__ == "DwellChanged":
                rows[event.row.id] = event.row
    true = [(a.device, s.start_s, s.end_s) for a in day.actors for s in a.motion.stops[:-1]]  # the last has no end
    found = [
        (r.device, (r.start_us - START_US) / 1e6, ((r.end_us or r.last_us) - START_US) / 1e6)
        for r in rows.values()
        if r.state != "retracted"
    ]
    return true, found


def lasting(stops, seconds):
    return [stop for stop in stops if stop[2] - stop[1] >= seconds]


def overlap(a, b):
    """Intersection over union of two stops of one device."""
    if a[0] != b[0]:
        return 0.0
    return max(0.0, min(a[2], b[2]) - max(a[1], b[1])) / (max(a[2], b[2]) - min(a[1], b[1]))


def share_found(wanted, among):
    return sum(any(overlap(one, other) >= 0.5 for other in among) for one in wanted) / len(wanted)


def test_most_true_stops_are_found(detected):
    """Of stops clearly over three minutes at least nine in ten are found at the right time."""
    true, found = detected
    assert share_found(lasting(true, LONG_S * GREY), lasting(found, LONG_S / GREY)) > 0.92


def test_what_is_found_is_true(detected):
    """Of rows clearly over three minutes, hardly any has no stop behind it."""
    true, found = detected
    end_s = max(stop[2] for stop in true)
    inside = [row for row in lasting(found, LONG_S * GREY) if row[2] < end_s]
    assert share_found(inside, lasting(true, LONG_S / GREY)) > 0.95
