"""Reports over HTTP: from the archive and the registry, for a morning at eight o'clock."""

import csv
import datetime as dt
import io

import msgspec
import numpy as np
import pytest

from api.reporting import Reporter
from core.entries import Config
from core.events import DwellChanged, SpellChanged
from core.fixes import Fixes
from store import days
from tests.api.samples import NOW_US, live
from tests.api.world import in_world
from tests.geo.books import DEPOT, LAT, LON, ROWS, at, service, spell, stay

pytestmark = pytest.mark.service
TODAY = dt.date(2026, 1, 5)
DUE = [{"id": "r1", "name": "Satu", "points": ["p1", "p2"], "due_min": [360, 420]}]


def heard(device, minutes, lon=LON, delay_us=1_500_000):
    """Fixes at these minutes of the day."""
    n = len(minutes)
    times = np.array([at(minute) for minute in minutes], np.int64)
    places = {"lon": lon + np.arange(n) * 1e-4, "lat": np.full(n, LAT)}
    return Fixes.of((device,), device=np.zeros(n, np.int32), time_us=times, received_us=times + delay_us, **places)


def said(row):
    kind = DwellChanged if hasattr(row, "purpose") else SpellChanged
    return kind(at_us=NOW_US, cause="close", row=row)


async def morning(there, *rows, minutes=(200, *range(300, 480)), **sections):
    """The small city of `tests.geo.books`, its rows, and a tracker that was heard each minute of the shift."""
    configs = [Config(section=name, rows=tuple(rows)) for name, rows in (ROWS | {"routes": DUE} | sections).items()]
    await there.archived(*map(said, rows), fixes=heard("t1", minutes), configs=configs)


async def asked(there, path, role="supervisor", **params):
    answer = await there.get(f"/api/v1/{path}", role, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_coverage_of_the_morning(postgres_url):
    """One point served late, by whom and how; the other missed; sums by route, area and hour; the ritase."""

    async def body(there):
        tip = spell("visit", 440, 5, subject="place:tpa")
        await morning(there, service("p1", 391), tip)
        return await asked(there, "coverage")

    found = in_world(postgres_url, body)
    counts = {"planned": 2, "served": 0, "late": 1, "missed": 1, "unknown": 0, "pending": 0}
    (route,) = found["routes"]
    assert (found["day"], found["at"], found["closed"]) == ("2026-01-05", "2026-01-05T08:00:00+08:00", False)
    assert (found["summary"], route["counts"], found["unassigned"]) == (counts, counts, [])
    assert (route["route"], route["shift"], route["units"]) == ("r1", "pagi", ["v1"])
    assert (route["start"], route["order"]["driven"]) == ("2026-01-05T05:00:00+08:00", ["p1"])
    late, missed = route["points"]
    assert (late["status"], late["due"], late["by"]["vehicle"]) == ("late", "2026-01-05T06:00:00+08:00", "v1")
    assert (late["by"]["at"], late["by"]["nearest_m"]) == ("2026-01-05T06:31:00+08:00", 12.0)
    assert (missed["status"], missed["by"], missed["unheard"]) == ("missed", None, None)
    assert [(a["area"], a["late"], a["missed"]) for a in found["areas"]] == [(None, 0, 1), ("west", 1, 0)]
    assert [(h["hour"], h["late"], h["missed"]) for h in found["hours"]] == [(6, 1, 0), (7, 0, 1)]
    assert [(r["vehicle"], r["start"]) for r in found["ritase"]] == [("v1", "2026-01-05T07:20:00+08:00")]


def test_a_tracker_that_was_off_misses_nothing(postgres_url):
    """Nobody heard it since three o'clock: unknown, and since when."""

    async def body(there):
        await morning(there, minutes=(100, 200))
        return await asked(there, "coverage")

    first, second = in_world(postgres_url, body)["routes"][0]["points"]
    assert (first["status"], second["status"]) == ("unknown", "unknown")
    assert first["unheard"] == ["2026-01-05T04:30:00+08:00", "2026-01-05T08:00:00+08:00"]


NARROW = {"": ["p1", "p2"], "area=west": ["p1"], "area=east": [], "route=r1": ["p1", "p2"], "route=r2": []}


def test_coverage_is_narrowed_by_area_and_route(postgres_url):
    """Points of one kelurahan, or of one route; the sums are theirs."""

    async def body(there):
        await morning(there, service("p1", 391))
        return {query: (await there.get(f"/api/v1/coverage?{query}")).json() for query in NARROW}

    found = in_world(postgres_url, body)
    assert {query: [p["point"] for r in f["routes"] for p in r["points"]] for query, f in found.items()} == NARROW
    assert {query: f["summary"]["planned"] for query, f in found.items()} == {q: len(ids) for q, ids in NARROW.items()}


def test_coverage_as_a_table(postgres_url):
    """A row a point, for those who work with sheets."""

    async def body(there):
        await morning(there, service("p1", 391))
        return (await there.get("/api/v1/coverage", format="csv")).text

    first, second = csv.DictReader(io.StringIO(in_world(postgres_url, body)))
    assert (first["route"], first["point"], first["status"], first["vehicle"]) == ("r1", "p1", "late", "v1")
    assert (first["at"], first["nearest_m"]) == ("2026-01-05T06:31:00+08:00", "12.0")
    assert (second["status"], second["at"], second["unheard_from"]) == ("missed", "", "")


def test_the_roll_of_a_quarter_past_six(postgres_url):
    """Every vehicle answers: one stood at the depot then, of the other nobody ever heard."""

    async def body(there):
        await morning(there, stay(360, 30, place=DEPOT))
        return await asked(there, "rollcall"), await asked(there, "rollcall", day="2026-01-05", at="07:30")

    six, later = in_world(postgres_url, body)
    assert (six["at"], six["summary"]) == ("2026-01-05T06:15:00+08:00", {"depot": 1, "never_seen": 1})
    first, second = six["items"]
    assert (first["vehicle"], first["state"], first["since"]) == ("v1", "depot", "2026-01-05T06:00:00+08:00")
    assert (first["place"]["name"], first["last"]["at"]) == ("Pool", "2026-01-05T06:15:00+08:00")
    assert (second["vehicle"], second["device"], second["last"]) == ("v2", "t2", None)
    assert (later["at"], later["summary"]) == ("2026-01-05T07:30:00+08:00", {"moving": 1, "never_seen": 1})


def test_an_outage_of_ours_makes_nobody_silent(postgres_url):
    """The archive is behind by twenty minutes: the roll is that of then, and nothing is held against the tracker."""

    async def body(there):
        await morning(there, minutes=range(300, 460))
        await there.archive.write({"in.0": f"{at(460) // 1000}-0"}, Fixes.empty())
        return await asked(there, "rollcall", at="08:00"), await asked(there, "totals")

    roll, sums = in_world(postgres_url, body)
    assert (roll["at"], roll["summary"]) == ("2026-01-05T07:40:00+08:00", {"moving": 1, "never_seen": 1})
    assert sums["items"][0]["silent_s"] == 0.0


def test_totals_by_vehicle_group_and_city(postgres_url):
    """Metres, hours and stops of the day so far; by group and city for those who see no vehicle."""

    async def body(there):
        await morning(there, stay(360, 30), spell("trip", 300, 60, distance_m=9000.0))
        found = {by: await asked(there, "totals", by=by) for by in ("vehicle", "group", "city")}
        leader = [(await there.get("/api/v1/totals", "leader", by=by)).status_code for by in ("vehicle", "group")]
        table = (await there.get("/api/v1/totals", format="csv")).text
        return found, leader, list(csv.DictReader(io.StringIO(table)))

    found, leader, table = in_world(postgres_url, body)
    first, second = found["vehicle"]["items"]
    assert (first["vehicle"], first["group"], first["distance_m"]) == ("v1", "utara", 9000.0)
    assert (first["moving_s"], first["stopped_s"], first["silent_s"]) == (250 * 60.0, 1800.0, 0.0)
    assert (first["stops"], first["points"]["missed"]) == ({"unexplained": 1}, 2)
    assert (second["vehicle"], second["days"]) == ("v2", 0)
    assert [row["vehicle"] for row in found["group"]["items"]] == ["selatan", "utara"]
    assert [(row["vehicle"], row["days"]) for row in found["city"]["items"]] == [("Kupang", 1)]
    assert leader == [403, 200]
    assert (table[0]["stop_s_unexplained"], table[0]["points_missed"], table[1]["trips"]) == ("1800.0", "2", "0")


def test_a_trip_that_goes_on_counts_as_far_as_it_is_driven(postgres_url):
    """The archive has the metres of when it began; the engine says how many they are by now."""

    async def body(there):
        begun = spell("trip", 470, 1, id="s-1", state="open", end_us=None, distance_m=210.0)
        await morning(there, begun)
        await there.shown(live("t1", spells=(msgspec.structs.replace(begun, distance_m=4200.0),)))
        return await asked(there, "totals")

    assert in_world(postgres_url, body)["items"][0]["distance_m"] == 4200.0


def test_places_that_recur(postgres_url):
    """Two unexplained stops at one place on two days; explained ones and others do not count."""

    async def body(there):
        day = 1440
        rows = [stay(500 - day, 60), stay(300, 30), stay(400, 30, purpose="allowed"), stay(450, 20, lon=LON + 0.01)]
        await morning(there, *rows)
        return await asked(there, "recurrent", to="2026-01-05"), await asked(there, "recurrent", min_stops=2)

    usual, found = in_world(postgres_url, body)
    (place,) = found["items"]
    assert usual["items"] == []
    assert (found["from"], found["to"]) == ("2025-12-09", "2026-01-05")
    assert (place["vehicles"], place["days"], place["stops"], place["total_s"]) == (["v1"], 2, 2, 5400.0)


def test_a_closed_day_answers_with_what_it_was_closed_with(postgres_url):
    """A correction afterwards changes the rows, not the reports; opened again, they follow."""

    async def body(there):
        there.clock.set(at(1440 + 60))
        await morning(there, service("p1", 391), spell("visit", 440, 5, subject="place:tpa"))
        await days.begin_closing(there.deps.pool, TODAY)
        span, now_us = days.span_of(TODAY, there.deps.zone), there.clock.now_us()

        async def report():
            return await Reporter(there.deps.pool).made(TODAY, now_us)

        await days.close(there.deps.pool, TODAY, span, report, now_us=now_us)
        await there.archived(said(service("p1", 391, state="retracted", revision=2)))
        closed = [await asked(there, path, day="2026-01-05") for path in ("coverage", "rollcall", "honesty")]
        sums = await asked(there, "totals", **{"from": "2026-01-05"})
        roll = await asked(there, "rollcall", day="2026-01-05", at="05:00")
        await days.reopen(there.deps.pool, TODAY)
        return closed, sums, roll, await asked(there, "coverage", day="2026-01-05")

    closed, sums, roll, opened = in_world(postgres_url, body)
    assert [body["closed"] for body in (*closed, roll)] == [True] * 4
    assert (closed[0]["summary"]["late"], closed[0]["ritase"][0]["place"]) == (1, "tpa")
    assert (sums["items"][0]["points"]["late"], sums["items"][0]["ritase"]) == (1, 1)
    assert (opened["closed"], opened["summary"]["late"]) == (False, 0)


def test_the_roll_of_a_closed_day_is_called_from_the_copy(postgres_url):
    """At any minute: not from fixes that came afterwards, nor from what the registry became."""

    async def body(there):
        there.clock.set(at(1440 + 60))
        await morning(there, stay(300, 60), minutes=range(300, 370))
        await days.begin_closing(there.deps.pool, TODAY)
        span, now_us = days.span_of(TODAY, there.deps.zone), there.clock.now_us()

        async def report():
            return await Reporter(there.deps.pool).made(TODAY, now_us, closing=True)

        await days.close(there.deps.pool, TODAY, span, report, now_us=now_us)
        rolls = [[await asked(there, "rollcall", day="2026-01-05", at=minute) for minute in ("06:15", "06:45")]]
        afterwards = heard("t1", [374, 404], delay_us=86_400_000_000)
        change = Config(section="vehicles", op="set", rows=({"id": "v1", "group": "barat"}, {"id": "v9"}))
        await there.archived(said(stay(370, 40)), fixes=afterwards, configs=[change])
        rolls.append([await asked(there, "rollcall", day="2026-01-05", at=minute) for minute in ("06:15", "06:45")])
        return rolls

    before, after = in_world(postgres_url, body)
    assert before == after
    assert [item["vehicle"] for item in before[0]["items"]] == ["v1", "v2"]
    assert [item["group"] for item in before[0]["items"]] == ["utara", "selatan"]


def test_a_route_is_drafted_from_a_day(postgres_url):
    """Known points and new ones in the order of the day, when each was reached, and a line; nothing is saved."""

    async def body(there):
        await morning(there, service("p2", 310), stay(330, 2, lon=LON + 0.05), spell("trip", 300, 60))
        answer = await there.ask("POST", "/api/v1/routes/draft?device=t1&day=2026-01-05")
        nobody = await there.ask("POST", "/api/v1/routes/draft?device=t9&day=2026-01-05")
        return answer.json(), nobody.status_code, (await asked(there, "routes"))["items"]

    found, nobody, saved = in_world(postgres_url, body)
    new = f"draft-{at(330) // 1_000_000}"
    assert (found["route"]["points"], found["route"]["due_min"]) == (["p2", new], [310, 330])
    assert [(p["id"], p["kind"], p["lon"]) for p in found["places"]] == [(new, "service_point", 123.65)]
    assert found["route"]["line"] == [[123.6001, LAT], [123.6061, LAT]]
    assert (nobody, [row["id"] for row in saved]) == (404, ["r1"])


def test_an_empty_city_answers_with_nothing(postgres_url):
    """Before anything was registered or heard."""

    async def body(there):
        paths = ("coverage", "rollcall", "totals", "recurrent", "honesty")
        return {path: await asked(there, path) for path in paths}

    found = in_world(postgres_url, body)
    assert (found["coverage"]["routes"], found["coverage"]["summary"]["planned"]) == ([], 0)
    assert [found[path]["items"] for path in ("rollcall", "totals", "recurrent", "honesty")] == [[], [], [], []]


BAD = {
    "coverage?day=tomorrow": "day",
    "coverage?day=2026-01-06": "day",
    "rollcall?at=25:00": "at",
    "rollcall?at=09:00": "at",
    "totals?from=2025-12-20&to=2026-01-05": "from",
    "totals?from=2026-01-05&to=2026-01-04": "to",
    "totals?by=driver": "by",
    "recurrent?from=2025-01-01": "to",
    "coverage?format=pdf": "format",
}


def test_a_bad_parameter_is_a_problem_that_names_it(postgres_url):
    """422 with what to correct; a sum over many open days says that they are to be closed."""

    async def body(there):
        return {query: await there.get(f"/api/v1/{query}") for query in BAD}

    for query, answer in in_world(postgres_url, body).items():
        assert (answer.status_code, BAD[query] in answer.json()["detail"]) == (422, True), query
