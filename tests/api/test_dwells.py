"""Dwells over HTTP, from a real archive."""

import csv
import io

import pytest

from core.entries import Config
from core.events import PlaceRef
from tests.api.samples import NOW_US, S, changed, dwell, live, open_dwell
from tests.api.world import in_world

PATH = "/api/v1/dwells"
pytestmark = pytest.mark.service


def assignment(**given):
    usual = {"id": "as-1", "device": "t-1", "vehicle": "v-1", "from_us": 0, "until_us": None}
    return Config(section="assignments", rows=(usual | given,), id="c-1")


def test_a_closed_dwell_is_shown_with_its_vehicle(postgres_url):
    """The vehicle is the one assigned when the dwell began."""

    async def body(there):
        later = assignment(id="as-2", vehicle="v-2", from_us=NOW_US - S)
        await there.archived(changed(dwell()), configs=[assignment(until_us=NOW_US - S), later])
        return (await there.get(PATH)).json()

    answer = in_world(postgres_url, body)
    assert answer["next"] is None
    assert [(d["id"], d["vehicle"], d["start"], d["duration_s"]) for d in answer["items"]] == [
        ("d-1", "v-1", "2026-01-05T06:50:00+08:00", 600.0)
    ]


def test_an_open_dwell_is_what_the_engine_holds_now(postgres_url):
    """The archive's row is from its opening; fixes and silence come from the live row, the length from the clock."""

    async def body(there):
        await there.archived(changed(open_dwell(fixes=2, observed_s=60.0), "open"))
        await there.shown(live(dwell=open_dwell(fixes=90)))
        return (await there.get(PATH, open="true", min_s=1800)).json()["items"]

    (row,) = in_world(postgres_url, body)
    assert (row["state"], row["end"], row["fixes"]) == ("open", None, 90)
    assert (row["duration_s"], row["observed_s"], row["silent_s"]) == (1800.0, 1800.0, 0.0)


FILTERS = {
    "": ["d-1", "d-2", "d-3"],
    "device=t-2": ["d-2"],
    "vehicle=v-1": ["d-1"],
    "area=53.71.01.1001": ["d-2"],
    "purpose=break": ["d-2"],
    "min_s=900": ["d-2", "d-3"],
    "open=true": ["d-3"],
    "open=false": ["d-1", "d-2"],
    "to=2026-01-05T06:55:00+08:00": ["d-1"],
    "from=2026-01-05T07:30:00%2B08:00": ["d-3"],
    f"from={(NOW_US - 3000 * S) // S}&to={(NOW_US - 2500 * S) // 1000}": ["d-2"],
}


def test_filters_keep_what_they_name(postgres_url):
    """Each filter alone; a window keeps what overlaps it."""

    async def body(there):
        second = dwell(
            "d-2",
            device="t-2",
            area="53.71.01.1001",
            purpose="break",
            start_us=NOW_US - 3500 * S,
            end_us=NOW_US - 2000 * S,
        )
        third = open_dwell("d-3", device="t-3")
        await there.archived(changed(dwell()), changed(second), changed(third, "open"), configs=[assignment()])
        return {q: [r["id"] for r in (await there.get(f"{PATH}?{q}")).json()["items"]] for q in FILTERS}

    assert in_world(postgres_url, body) == FILTERS


def test_pages_follow_one_another_without_gap_or_repeat(postgres_url):
    """The `next` link keeps the filters and leads through all rows; the header says the same."""
    rows = [dwell(f"d-{i}", start_us=NOW_US - (5000 - i // 2) * S) for i in range(7)]

    async def body(there):
        await there.archived(*map(changed, rows))
        found, link = [], f"{PATH}?device=t-1&limit=2"
        while link:
            answer = await there.get(link)
            found += [row["id"] for row in answer.json()["items"]]
            link = answer.json()["next"]
            assert answer.headers.get("link") == (f'<{link}>; rel="next"' if link else None)
        return found

    assert in_world(postgres_url, body) == [row.id for row in rows]


def test_csv_has_every_row_and_flat_places(postgres_url):
    """Columns bear the contract's names; a text that a spreadsheet would run is disarmed."""

    async def body(there):
        await there.archived(changed(dwell(device="=1+1", place=PlaceRef("p-1", "Depot", "depot"))))
        return await there.get(PATH, format="csv")

    answer = in_world(postgres_url, body)
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (row["id"], row["device"], row["end"]) == ("d-1", "'=1+1", "2026-01-05T07:00:00+08:00")
    assert (row["place_id"], row["place_name"], row["place_kind"]) == ("p-1", "Depot", "depot")
    assert (row["vehicle"], row["alert"], row["class"]) == ("", "false", "truck")


def test_geojson_is_points_with_the_same_properties(postgres_url):
    """Axis order is lon, lat."""

    async def body(there):
        await there.archived(changed(dwell()))
        return await there.get(PATH, format="geojson")

    answer = in_world(postgres_url, body)
    (feature,) = answer.json()["features"]
    assert answer.headers["content-type"] == "application/geo+json"
    assert feature["geometry"] == {"type": "Point", "coordinates": [123.6, -10.2]}
    assert (feature["id"], feature["properties"]["duration_s"]) == ("d-1", 600.0)


def test_one_dwell_by_id_and_none(postgres_url):
    """A retracted row can still be looked up, and says what became of it; an unknown id is a 404 problem."""

    async def body(there):
        await there.archived(changed(dwell(state="retracted", merged_into="d-2")))
        listed = (await there.get(PATH)).json()["items"]
        return listed, (await there.get(f"{PATH}/d-1")).json(), await there.get(f"{PATH}/nothing")

    listed, one, none = in_world(postgres_url, body)
    assert listed == []
    assert (one["state"], one["merged_into"]) == ("retracted", "d-2")
    assert (none.status_code, none.headers["content-type"]) == (404, "application/problem+json")


BAD = {
    "from=yesterday": "from",
    "from=2026-01-02&to=2026-01-01": "to",
    "min_s=-1": "min_s",
    "min_s=nan": "min_s",
    "open=perhaps": "open",
    "purpose=fun": "purpose",
    "limit=0": "limit",
    "format=pdf": "format",
    "after=rubbish": "after",
}


def test_a_bad_parameter_is_a_problem_that_names_it(postgres_url):
    """422 with what to correct, for each parameter."""

    async def body(there):
        return {query: await there.get(f"{PATH}?{query}") for query in BAD}

    for query, answer in in_world(postgres_url, body).items():
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), query
        assert BAD[query] in answer.json()["detail"]
