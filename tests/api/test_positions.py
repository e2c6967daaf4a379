"""Latest positions, registries, the console's start."""

import pytest

from core.entries import Config
from tests.api.samples import NOW_US, S, live, stray
from tests.api.world import in_world

pytestmark = pytest.mark.service


def test_positions_are_features_with_state_and_age(postgres_url):
    """State and age come from the clock, the vehicle from the assignments of now."""
    rows = [
        live("t-1", speed_mps=3.5, course_deg=90.0, accuracy_m=8.0, area="53.71.01.1001", motion="moving"),
        live("p-1", cls="phone", time_us=NOW_US - 600 * S, battery_pct=40.0, stray=stray()),
    ]
    assigned = Config(
        section="assignments",
        rows=({"id": "a", "device": "t-1", "vehicle": "v-1", "from_us": 0, "until_us": None},),
    )

    async def body(there):
        await there.archived(configs=[assigned])
        await there.shown(*rows)
        await there.app.state.hub.name_vehicles()
        return (await there.get("/api/v1/positions")).json()

    truck, phone = in_world(postgres_url, body)["features"]
    assert truck == {
        "type": "Feature",
        "id": "t-1",
        "geometry": {"type": "Point", "coordinates": [123.6, -10.2]},
        "properties": {
            "device": "t-1",
            "vehicle": "v-1",
            "class": "truck",
            "state": "moving",
            "since": "2026-01-05T07:59:00+08:00",
            "time": "2026-01-05T07:59:59+08:00",
            "age_s": 1.0,
            "speed": 3.5,
            "course": 90.0,
            "accuracy": 8.0,
            "battery": None,
            "area": "53.71.01.1001",
            "alert": False,
            "clock": None,
        },
    }
    silent = phone["properties"]
    assert (silent["state"], silent["age_s"], silent["since"]) == ("silent", 600.0, "2026-01-05T07:50:00+08:00")
    assert (silent["battery"], silent["vehicle"]) == (40.0, None)
    assert silent["clock"] == {
        "behind_s": 86400.0,
        "since": "2026-01-05T07:50:00+08:00",
        "received": "2026-01-05T07:59:55+08:00",
        "lon": 123.65,
        "lat": -10.15,
    }


FILTERS = {
    "": ["far", "near", "phone"],
    "bbox=123,-11,124,-10": ["near", "phone"],
    "class=phone": ["phone"],
    "state=moving": ["far"],
    "device=near": ["near"],
}


def test_positions_are_filtered(postgres_url):
    """By window, class, state and device."""

    async def body(there):
        await there.shown(live("near"), live("far", lon=120.0, motion="moving"), live("phone", cls="phone"))
        found = {query: (await there.get(f"/api/v1/positions?{query}")).json()["features"] for query in FILTERS}
        return {query: sorted(f["id"] for f in features) for query, features in found.items()}

    assert in_world(postgres_url, body) == FILTERS


def test_a_bad_window_is_a_problem(postgres_url):
    """Four finite numbers, south below north."""

    async def body(there):
        windows = ("1,2,3", "a,b,c,d", "1,5,2,4", "nan,1,2,3")
        answers = [await there.get("/api/v1/positions", bbox=bbox) for bbox in windows]
        return [(a.status_code, a.json()["errors"][0]["name"]) for a in answers]

    assert in_world(postgres_url, body) == [(422, "bbox")] * 4


def test_each_registry_is_pages_of_rows(postgres_url):
    """By id, with a link to the next page."""
    extra = {"shifts": {"start_min": 0, "end_min": 60}, "assignments": {"from_us": NOW_US}}
    sections = ("devices", "vehicles", "people", "routes", "shifts", "assignments")

    async def body(there):
        for section in sections:
            rows = tuple({"id": f"{section}-{name}"} | extra.get(section, {}) for name in "cab")
            await there.archived(configs=[Config(section=section, rows=rows)])
        firsts = [(await there.get(f"/api/v1/{section}", limit=2)).json() for section in sections]
        return firsts, [(await there.get(first["next"])).json() for first in firsts]

    for section, first, second in zip(sections, *in_world(postgres_url, body), strict=True):
        assert [row["id"] for row in first["items"]] == [f"{section}-a", f"{section}-b"]
        assert ([row["id"] for row in second["items"]], second["next"]) == ([f"{section}-c"], None)


def test_places_and_areas_are_geojson(postgres_url):
    """Points and multipolygons with their names."""
    ring = [[123.5, -10.2], [123.6, -10.2], [123.6, -10.1], [123.5, -10.2]]
    area = {"id": "53.71.01.1001", "name": "Alak", "polygons": [[ring]]}
    place = {"id": "p-1", "name": "Depot", "kind": "depot", "lon": 123.6, "lat": -10.2}

    async def body(there):
        await there.archived(configs=[Config(section="areas", rows=(area,)), Config(section="places", rows=(place,))])
        return (await there.get("/api/v1/areas")).json(), (await there.get("/api/v1/places")).json()

    areas, places = in_world(postgres_url, body)
    assert areas["features"][0]["geometry"] == {"type": "MultiPolygon", "coordinates": [[ring]]}
    assert areas["features"][0]["properties"]["name"] == "Alak"
    assert places["features"][0]["geometry"] == {"type": "Point", "coordinates": [123.6, -10.2]}
    assert places["features"][0]["properties"]["kind"] == "depot"


def test_the_console_learns_what_it_needs_to_draw(postgres_url):
    """One call: the city, the language, where areas and streets are; streets as lines."""
    lines = [[[123.6, -10.2], [123.61, -10.2]]]

    async def body(there):
        before = (await there.get("/api/v1/console", "leader")).json()
        await there.archived(configs=[Config(section="city", rows=({"id": "streets", "lines": lines},))])
        return before, (await there.get("/api/v1/console", "leader")).json(), await there.get("/api/v1/streets")

    before, after, streets = in_world(postgres_url, body, demo=True)
    assert (before["streets"], after["streets"]) == (None, "/api/v1/streets")
    assert (after["city"]["centre"], after["language"], after["demo"]) == ([123.6, -10.17], "id", True)
    assert streets.json()["features"][0]["geometry"] == {"type": "MultiLineString", "coordinates": lines}
