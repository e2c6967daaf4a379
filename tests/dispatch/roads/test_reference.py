"""Times over roads against a slow, obvious walk from point to point along every street, five metres at a time."""

import heapq

import numpy as np
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from core.entities import Closure
from dispatch.eta import START_S, Reach
from dispatch.roads.closing import speed_share
from dispatch.roads.speeds import CLASSES, NUMBER, OFF_ROAD_KMH
from tests.dispatch.roads.maps import at, box, network, way

STEP_M = 5.0
TOWN = network(
    way((0, 0), (300, 0), (600, 0), highway="primary"),
    way((0, 300), (300, 300), (600, 300), oneway="yes"),
    way((0, 0), (0, 300)),
    way((300, 0), (300, 300), maxspeed="10"),
    way((600, 0), (650, 150), (600, 300), oneway="-1"),
)
ORIGIN = TOWN.plane.xy(*np.transpose([at(0, 0)]))[0]


def steps(cls, stops, slow, slow_share):
    """Legs of all streets: from, to, seconds; no leg into or out of what is stopped."""
    for s, line in enumerate(TOWN.lines):
        n = max(2, int(line.length / STEP_M))
        spots = [line.interpolate(i / n, normalized=True) for i in range(n + 1)]
        for i in range(n):
            if stops is not None and (stops.covers(spots[i]) or stops.covers(spots[i + 1])):
                continue
            seconds = TOWN.pass_s[cls][s] / n
            if slow is not None and slow.covers(shapely.line_interpolate_point(line, (i + 0.5) / n, normalized=True)):
                seconds /= slow_share
            one, other = (name(s, n, k) for k in (i, i + 1))
            if TOWN.roads.forth[s] >> cls & 1:
                yield one, other, seconds
            if TOWN.roads.back[s] >> cls & 1:
                yield other, one, seconds


def name(s, n, i):
    """A spot of a segment; its ends are crossings."""
    return int(TOWN.roads.a[s]) if i == 0 else int(TOWN.roads.b[s]) if i == n else (s, i)


def spot_of(snap):
    """The nearest spot to a place on a segment."""
    s = int(snap.segment[0])
    n = max(2, int(TOWN.lines[s].length / STEP_M))
    return name(s, n, round(float(snap.share[0]) * n))


def slow_s(legs, start, end):
    """Dijkstra by the book."""
    onward = {}
    for tail, head, seconds in legs:
        onward.setdefault(tail, []).append((head, seconds))
    best, queue, tie = {start: 0.0}, [(0.0, 0, start)], 0
    while queue:
        spent, _, spot = heapq.heappop(queue)
        if spot == end:
            return spent
        for head, seconds in onward.get(spot, ()):
            if spent + seconds < best.get(head, np.inf):
                best[head] = spent + seconds
                heapq.heappush(queue, (spent + seconds, tie := tie + 1, head))
    return np.inf


# Not at crossings, where a step decides on which street of a one-way pair somebody is.
spots = st.tuples(st.sampled_from([*range(32, 270, 10), *range(332, 570, 10)]), st.sampled_from([1.0, 299.0, 151.0]))
waters = st.tuples(st.integers(0, 12), st.integers(-1, 6), st.integers(1, 5), st.sampled_from([20, 50, 100]))


@given(spots, spots, st.sampled_from(CLASSES), st.none() | waters)
def test_a_time_is_what_a_slow_walk_needs(person, incident, cls, water):
    """With one closure anywhere or none, in every class."""
    number, closures, stops, slow, share = NUMBER[cls], [], None, None, 1.0
    if water is not None:
        x, y, size, depth_cm = water
        corners = (50 * x - 3, 50 * y - 3, 50 * (x + size) - 3, 50 * (y + size) - 3)
        closures = [Closure(id="banjir", shape=box(*corners), depth_cm=depth_cm)]
        flat = shapely.box(*(ORIGIN[[0, 1, 0, 1]] + corners))
        share = speed_share(closures[0], cls)
        stops, slow = (flat, None) if share == 0 else (None, flat)
    reach = Reach(TOWN, closures)
    places = [TOWN.snap(number, reach.closed.xy(*np.transpose([at(*place)]))) for place in (person, incident)]
    for place, snap in zip((person, incident), places, strict=True):  # near a border the two may differ by a step
        on_road = TOWN.lines[snap.segment[0]].interpolate(float(snap.share[0]), normalized=True)
        for spot in (on_road, shapely.Point(ORIGIN + place)):
            assume(stops is None or stops.boundary.distance(spot) > 2 * STEP_M)
    found = float(reach.eta_of(*at(*incident), reach.crowd(*np.transpose([at(*person)]), [cls])).eta_s[0]) - START_S
    off_s = sum(float(snap.off_m[0]) for snap in places) * 3.6 / OFF_ROAD_KMH[cls]
    slowly = slow_s(steps(number, stops, slow, share), *map(spot_of, places)) + off_s
    if stops is not None and any(stops.covers(shapely.Point(ORIGIN + place)) for place in (person, incident)):
        slowly = np.inf
    own = [snap.segment[0] for snap in places]  # of these the water's delay is spread over the whole segment
    delay_s = (reach.closed.of(number).pass_s - TOWN.pass_s[number])[own].sum() if slow is not None else 0.0
    step_s = STEP_M * 3.6 / 5 / (share or 1)  # of one who walks
    assert found == slowly or abs(found - slowly) <= 4 * step_s + delay_s
