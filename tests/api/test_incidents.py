"""Incidents as coordinators work with them, before a real dispatch, log and archive."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.dispatching import FIRE, TOWN, Town, in_town, person
from tests.api.world import World, in_world

pytestmark = pytest.mark.service
LIFE = "/api/v1/incidents"


def test_an_incident_has_the_fields_of_the_contract(clean_valkey_url: str, postgres_url: str) -> None:
    """Needs of its kind are put in, its area is found by its place."""

    async def body(town: Town) -> Any:
        hazard = {
            "type": "Polygon",
            "coordinates": [[[123.6, -10.17], [123.61, -10.17], [123.61, -10.18], [123.6, -10.17]]],
        }
        answer = await town.ask("POST", LIFE, json=FIRE | {"hazard": hazard, "address": "Jl. Timor", "exercise": True})
        return hazard, answer.json(), answer.headers["etag"]

    hazard, told, tag = in_town(clean_valkey_url, postgres_url, body)
    needs = [{"role": "bantuan", "vehicle": None, "skills": [], "count": 1}]
    assert (told["needs"], told["hazard"], told["area"], tag) == (needs, hazard, "a-1", '"1"')
    assert (told["status"], told["address"], told["exercise"]) == ("reported", "Jl. Timor", True)
    assert (told["opened"], told["closed"]) == ("2026-01-05T08:00:00+08:00", None)


def test_the_city_centre_is_a_doubtful_place(clean_valkey_url: str, postgres_url: str) -> None:
    """Whoever gives the centre of the city did not know where it is: no area is made of it."""

    async def body(town: Town) -> Any:
        return (await town.ask("POST", LIFE, json=FIRE | {"lon": 123.6, "lat": -10.17})).json()

    told = in_town(clean_valkey_url, postgres_url, body)
    assert (told["placed"], told["area"]) == ("placeholder", None)


def test_a_kind_that_the_city_does_not_know_is_answered(clean_valkey_url: str, postgres_url: str) -> None:
    """It is opened as it was said; the answer says which kinds there are, and nothing about one that is known."""

    async def body(town: Town) -> Any:
        return [(await town.ask("POST", LIFE, json=FIRE | {"kind": kind})).json() for kind in ("ufo", "kebakaran")]

    ufo, fire = in_town(clean_valkey_url, postgres_url, body)
    assert (ufo["kind"], ufo["needs"], fire["remark"]) == ("ufo", [], None)
    assert ufo["remark"] == "unknown kind 'ufo': opened as it was said, with no usual needs; known are kebakaran"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"lon": 124.5}, "outside Kupang"),
        ({"needs": [{"role": "a"}, {"role": "a"}]}, "needs"),
        ({"needs": [{"count": 0}]}, "count"),
        ({"hazard": {"type": "Polygon", "coordinates": "?"}}, "hazard"),
        ({"hazard": {"type": "Feature", "geometry": None}}, "hazard"),
        ({"severity": 4}, "severity"),
    ],
)
def test_what_cannot_be_is_refused_before_the_log(postgres_url: str, change: dict[str, Any], word: str) -> None:
    """422 says what is wrong; nothing was written."""

    async def body(there: World) -> Any:
        answer = await there.ask("POST", LIFE, "coordinator", json=FIRE | change)
        return answer.status_code, answer.json()["detail"], await there.deps.log.length("dispatch.in")

    status, detail, length = in_world(postgres_url, body)
    assert (status, length) == (422, 0)
    assert word in detail


def test_two_coordinators_lose_no_update(clean_valkey_url: str, postgres_url: str) -> None:
    """Both saw revision 1 and change at once: one holds, the other gets 409 with the newest version."""

    async def body(town: Town) -> Any:
        path = f"{LIFE}/{await town.fire()}"
        changes: list[dict[str, Any]] = [{"address": "Jl. Timor"}, {"severity": 1}]
        match = {"If-Match": '"1"'}
        both = await asyncio.gather(*(town.ask("PATCH", path, json=c, headers=match) for c in changes))
        late, change = next((a, c) for a, c in zip(both, changes, strict=True) if a.status_code == 409)
        newest = late.json()["newest"]
        await town.ask("PATCH", path, json=change | {"revision": newest["revision"]})
        return sorted(a.status_code for a in both), newest["revision"], (await town.ask("GET", path)).json()

    statuses, newest, told = in_town(clean_valkey_url, postgres_url, body)
    assert (statuses, newest) == ([200, 409], 2)
    assert (told["address"], told["severity"], told["revision"]) == ("Jl. Timor", 1, 3)


def test_a_life_from_report_to_end(clean_valkey_url: str, postgres_url: str) -> None:
    """Each act answers with the incident after it; one that cannot be is 409 with the incident as it is."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        acts = ("verify", "dispatch", "pause", "resume", "close", "reopen", "cancel", "dispatch")
        answers = [await town.act(incident, name) for name in acts]
        told = [a.json().get("newest", a.json())["status"] for a in answers]
        return [a.status_code for a in answers], told

    statuses, told = in_town(clean_valkey_url, postgres_url, body)
    assert statuses == [200] * 7 + [409]
    assert told == ["verified", *["dispatching"] * 3, "closed", "verified", "cancelled", "cancelled"]


def test_a_proposed_duplicate_may_be_none(clean_valkey_url: str, postgres_url: str) -> None:
    """Said once, it is not proposed any more; of two that nobody proposed it cannot be said."""

    async def body(town: Town) -> Any:
        one, two = await town.fire(), await town.fire()
        proposed = (await town.ask("GET", f"{LIFE}/{two}")).json()["duplicates"]
        told = await town.act(two, "distinct", other=one, match='"1"')
        return proposed == [one], told.json()["duplicates"], (await town.act(two, "distinct", other=one)).status_code

    assert in_town(clean_valkey_url, postgres_url, body) == (True, [], 409)


def test_a_form_knows_the_kinds_and_their_usual_needs(postgres_url: str) -> None:
    """The console's start names them as the city does."""

    async def body(there: World) -> Any:
        return (await there.get("/api/v1/console")).json()["city"]["hazards"]

    needs = [{"role": "bantuan", "vehicle": None, "skills": [], "count": 1}]
    told = in_world(postgres_url, body, city=TOWN)
    assert told == [{"kind": "kebakaran", "name": "Kebakaran", "needs": needs}]


def test_a_merge_and_its_end(clean_valkey_url: str, postgres_url: str) -> None:
    """The reports of a merged incident count for the other until they are taken apart."""

    async def body(town: Town) -> Any:
        one, two = await town.fire(), await town.fire()
        merged = (await town.act(two, "merge", into=one)).json()
        reports = [(await town.ask("GET", f"{LIFE}/{one}")).json()["reports"]]
        apart = (await town.act(two, "unmerge")).json()
        return [
            merged["merged_into"] == one,
            apart["merged_into"],
            *reports,
            (await town.act(one, "merge", into=one)).status_code,
        ]

    assert in_town(clean_valkey_url, postgres_url, body) == [True, None, 2, 409]


def test_a_place_is_corrected_with_the_rest(clean_valkey_url: str, postgres_url: str) -> None:
    """One PATCH, one new version; the area follows the place, and half a place is refused."""

    async def body(town: Town) -> Any:
        path = f"{LIFE}/{await town.fire()}"
        half = await town.ask("PATCH", path, json={"lon": 123.65})
        told = (await town.ask("PATCH", path, json={"lon": 123.65, "lat": -10.15, "severity": 2})).json()
        back = (await town.act(path.rpartition("/")[2], "move", lon=123.605, lat=-10.17)).json()
        undone = (await town.act(path.rpartition("/")[2], "undo")).json()
        return half.status_code, told["area"], told["revision"], back["area"], undone["lon"]

    assert in_town(clean_valkey_url, postgres_url, body) == (422, None, 2, "a-1", 123.65)


def test_people_are_given_places_by_hand(clean_valkey_url: str, postgres_url: str) -> None:
    """Assigned, excluded, asked to look, woken: what dispatch refuses is said."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        asked = [
            ("look", {"count": 1}), ("exclude", {"person": "ana"}), ("include", {"person": "ana"}),
            ("assign", {"person": "nobody"}), ("assign", {"person": "ana"}), ("wake", {}), ("assign", {}),
        ]  # fmt: skip
        return [(await town.act(incident, name, **more)).status_code for name, more in asked]

    assert in_town(clean_valkey_url, postgres_url, body) == [200, 200, 200, 409, 200, 409, 422]


@pytest.mark.parametrize(
    ("role", "opens", "acts"),
    [
        ("admin", 422, 404),
        ("coordinator", 422, 404),
        ("supervisor", 422, 403),
        ("auditor", 403, 403),
        ("leader", 403, 403),
    ],
)
def test_who_may(postgres_url: str, role: str, opens: int, acts: int) -> None:
    """Staff may report; what happens then is the coordinator's."""

    async def body(there: World) -> Any:
        first = await there.ask("POST", LIFE, role, json={})
        paths = ("verify", "undo", "dispatch")
        return first.status_code, {(await there.ask("POST", f"{LIFE}/x/{name}", role)).status_code for name in paths}

    assert in_world(postgres_url, body) == (opens, {acts})


def test_the_whole_city_stands_still_and_goes_on(clean_valkey_url: str, postgres_url: str) -> None:
    """While it is paused nobody is asked."""

    async def body(town: Town) -> Any:
        await town.ask("POST", "/api/v1/dispatch/pause")
        incident = await town.fire()
        await town.act(incident, "dispatch")
        none = await town.offers(incident)
        await town.ask("POST", "/api/v1/dispatch/resume")
        return none, [offer.person for offer in await town.offers(incident)]

    assert in_town(clean_valkey_url, postgres_url, body, person("ana")) == ([], ["ana"])
