"""Trips, visits, services, speedings and gaps over HTTP, from a real archive."""

import csv
import io
from zoneinfo import ZoneInfo

import msgspec
import pytest

from api.events import renderer
from core.entries import Config
from store.read import EventRow
from tests.api.samples import NOW_US, S, live, spell, told
from tests.api.world import in_world

pytestmark = pytest.mark.service
CITY_ZONE = ZoneInfo("Asia/Makassar")
TRIP = spell(distance_m=1234.56, gap_m=100.0, stopped_s=30.0, max_mps=11.111, to_lon=123.62, to_lat=-10.18)
VISIT = spell("v-1", kind="visit", subject="area:53.71.01.1001", version="2026a", stopped_s=12.0)
SERVICE = spell(
    "p-1", kind="service", subject="place:tps-7", version="2026a", nearest_m=7.25, nearest_us=NOW_US - 4000 * S,
    heading_deg=91.26, stopped_s=65.0,
)  # fmt: skip
GAP = spell("g-1", kind="gap", distance_m=900.0, to_lon=123.61, to_lat=-10.2)
SPEEDING = spell("f-1", kind="speeding", max_mps=22.0, limit_mps=16.0)
HEAD = {
    "device": "t-1", "vehicle": None, "class": "truck", "start": "2026-01-05T06:50:00+08:00",
    "end": "2026-01-05T07:00:00+08:00", "duration_s": 600.0,
}  # fmt: skip
TAIL = {"lon": 123.6, "lat": -10.2, "fixes": 60, "state": "closed", "merged_into": None, "revision": 2}
SHOWN = {
    "trips": {
        "id": "s-1", "distance_m": 1234.6, "gap_m": 100.0, "silent_s": 0.0, "stopped_s": 30.0, "max_mps": 11.11,
        "to_lon": 123.62, "to_lat": -10.18,
    },
    "visits": {"id": "v-1", "subject": "area:53.71.01.1001", "version": "2026a", "silent_s": 0.0, "stopped_s": 12.0},
    "services": {
        "id": "p-1", "subject": "place:tps-7", "version": "2026a", "nearest_m": 7.2,
        "nearest": "2026-01-05T06:53:20+08:00", "heading_deg": 91.3, "silent_s": 0.0, "stopped_s": 65.0,
        "covered": None,
    },
    "speedings": {"id": "f-1", "max_mps": 22.0, "limit_mps": 16.0},
    "gaps": {"id": "g-1", "distance_m": 900.0, "to_lon": 123.61, "to_lat": -10.2},
}  # fmt: skip


async def all_told(there):
    await there.archived(*map(told, (TRIP, VISIT, SERVICE, GAP, SPEEDING)))


def test_each_kind_has_its_route_and_its_measures(postgres_url):
    """Every row has the same head and tail; between them stands what its kind measures."""

    async def body(there):
        await all_told(there)
        return {path: (await there.get(f"/api/v1/{path}")).json()["items"] for path in SHOWN}

    assert in_world(postgres_url, body) == {path: [HEAD | row | TAIL] for path, row in SHOWN.items()}


def test_an_open_trip_is_what_the_engine_holds_now(postgres_url):
    """The archive's row is from its opening; the metres come from the live row, the length from the clock."""
    begun = spell(start_us=NOW_US - 300 * S, end_us=None, last_us=NOW_US - 300 * S, state="open", revision=1)

    async def body(there):
        await there.archived(told(begun, "open"))
        now = spell(start_us=begun.start_us, end_us=None, last_us=NOW_US, state="open", revision=1, distance_m=800.0)
        await there.shown(live(spells=(now,)))
        return (await there.get("/api/v1/trips", open="true")).json()["items"]

    (row,) = in_world(postgres_url, body)
    assert (row["end"], row["duration_s"], row["distance_m"]) == (None, 300.0, 800.0)


FILTERS = {
    "visits?device=t-1": ["v-1"],
    "visits?device=t-2": [],
    "visits?vehicle=v-1": ["v-1"],
    "visits?area=53.71.01.1001": ["v-1"],
    "visits?subject=area:53.71.01.1001": ["v-1"],
    "visits?subject=zone:z": [],
    "trips?area=53.71.01.1001": ["s-1"],
    "trips?min_s=601": [],
    "trips?from=2026-01-05T07:30:00%2B08:00": [],
    "trips?open=false": ["s-1"],
}


def test_filters_keep_what_they_name(postgres_url):
    """The filters of dwells; `area` asks where the device was meanwhile."""

    async def body(there):
        await all_told(there)
        joined = {"id": "a", "device": "t-1", "vehicle": "v-1", "from_us": 0, "until_us": None}
        await there.archived(configs=[Config(section="assignments", rows=(joined,))])
        return {q: [r["id"] for r in (await there.get(f"/api/v1/{q}")).json()["items"]] for q in FILTERS}

    assert in_world(postgres_url, body) == FILTERS


def test_csv_and_geojson(postgres_url):
    """CSV has the names as its columns; a trip is drawn from where it began to where it ended."""

    async def body(there):
        await all_told(there)
        table = await there.get("/api/v1/services", format="csv")
        drawn = await there.get("/api/v1/trips", format="geojson")
        return list(csv.DictReader(io.StringIO(table.text))), drawn.json()["features"]

    (row,), (feature,) = in_world(postgres_url, body)
    assert (row["subject"], row["nearest_m"], row["covered"], row["vehicle"]) == ("place:tps-7", "7.2", "", "")
    assert feature["geometry"] == {"type": "LineString", "coordinates": [[123.6, -10.2], [123.62, -10.18]]}
    assert feature["properties"]["distance_m"] == 1234.6


def test_one_by_id_and_none(postgres_url):
    """Any kind by its id, a retracted one too; an unknown id is a 404 problem."""

    async def body(there):
        await there.archived(told(spell("v-2", kind="visit", subject="zone:z", state="retracted")))
        return (await there.get("/api/v1/spells/v-2")).json(), await there.get("/api/v1/spells/nothing")

    one, none = in_world(postgres_url, body)
    assert (one["kind"], one["state"], one["subject"]) == ("visit", "retracted", "zone:z")
    assert (none.status_code, none.headers["content-type"]) == (404, "application/problem+json")


def test_its_event_has_the_row_without_the_vehicle():
    """As the route shows it, with the kind beside it: a reader asks for the vehicle when it needs it."""
    row = EventRow(7, "spell", "t-1", msgspec.json.encode(told(SPEEDING)))
    said = msgspec.json.decode(renderer(CITY_ZONE)(row))
    head = {"seq": 7, "kind": "spell", "at": "2026-01-05T08:00:00+08:00", "cause": "close", "device": "t-1"}
    shown = {name: value for name, value in (HEAD | SHOWN["speedings"] | TAIL).items() if name != "vehicle"}
    assert said == head | {"spell_kind": "speeding", "row": shown}


def test_a_stranger_reads_nothing(postgres_url):
    """These routes are for the fleet's staff."""

    async def body(there):
        return [(await there.get(f"/api/v1/{path}", role)).status_code for path in SHOWN for role in (None, "driver")]

    assert in_world(postgres_url, body) == [401, 403] * 5
