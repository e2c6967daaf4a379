"""Photos over HTTP: who may add one, what is refused, and where they are shown."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import IncidentChanged
from store import photos
from tests.api.dispatching import FIRE, Town, in_town, person
from tests.api.pictures import jpeg
from tests.api.samples import NOW_US
from tests.api.test_volunteers import ME
from tests.api.writing import said

pytestmark = pytest.mark.service
JPEG = {"Content-Type": "image/jpeg"}


async def posted(town: Town, incident: str, raw: bytes, role: str | None = "coordinator") -> Any:
    return await town.ask("POST", f"/api/v1/incidents/{incident}/photos", role, content=raw, headers=JPEG)


def test_a_volunteer_reports_over_http(clean_valkey_url: str, postgres_url: str) -> None:
    """Reported, from a volunteer, asking nobody; the same key again is the same report; whom it needs is not theirs."""

    async def body(town: Town) -> Any:
        path, key = "/api/v1/incidents", {"Idempotency-Key": "7"}
        answers = [await town.ask("POST", path, "volunteer", json=FIRE | {"text": t}, headers=key) for t in ("a", "b")]
        bad = [await town.ask("POST", path, "volunteer", json=FIRE | more) for more in ({"needs": []}, {"hazard": {}})]
        (told,) = (await town.ask("GET", path)).json()["items"]
        acts = [await town.act(told["id"], name, "volunteer") for name in ("dispatch", "verify", "cancel")]
        return [a.json() for a in answers], [b.status_code for b in bad], told, {a.status_code for a in acts}

    (first, again), bad, told, acts = in_town(clean_valkey_url, postgres_url, body)
    assert (first["id"], first["status"], "excluded" in first) == (again["id"], "reported", False)
    assert (told["source"], told["text"], told["status"]) == ("volunteer", "a", "reported")
    assert (bad, acts) == ([422, 422], {403})


def test_too_many_reports_over_http_have_to_wait(clean_valkey_url: str, postgres_url: str) -> None:
    """429 with when to come again; staff are not counted."""

    async def body(town: Town) -> Any:
        told = [await town.ask("POST", "/api/v1/incidents", "volunteer", json=FIRE) for _ in range(7)]
        staff = await town.ask("POST", "/api/v1/incidents", json=FIRE)
        return [t.status_code for t in told], told[-1].headers["retry-after"], staff.status_code

    assert in_town(clean_valkey_url, postgres_url, body) == ([201] * 6 + [429], "600", 201)


def test_who_may_add_a_photo(clean_valkey_url: str, postgres_url: str) -> None:
    """Staff; a volunteer to what they reported or were asked for, and to nothing else."""

    async def body(town: Town) -> Any:
        theirs = (await town.ask("POST", "/api/v1/incidents", "volunteer", json=FIRE)).json()["id"]
        other = await town.fire()
        before = [(await posted(town, one, jpeg(), "volunteer")).status_code for one in (theirs, other)]
        await town.asked(other)
        after = (await posted(town, other, jpeg(), "volunteer")).status_code
        roles = ("supervisor", "auditor", "leader", None)
        return before, after, [(await posted(town, other, jpeg(), role)).status_code for role in roles]

    found = in_town(clean_valkey_url, postgres_url, body, person(ME))
    assert found == ([201, 403], 201, [201, 403, 403, 401])


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"", 422), (b"<svg/>", 422), (jpeg(200, 200)[:2000], 422), (b"x" * (5 << 20), 422), (b"x" * (50 << 20), 413)],
)
def test_what_is_no_photo_is_refused(clean_valkey_url: str, postgres_url: str, raw: bytes, status: int) -> None:
    """And nothing is kept of it."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        answer = await posted(town, incident, raw)
        listed = (await town.ask("GET", f"/api/v1/incidents/{incident}/photos")).json()["items"]
        return answer.status_code, answer.headers["content-type"], listed

    found = in_town(clean_valkey_url, postgres_url, body)
    assert found == (status, "application/problem+json", [])


def test_the_same_photo_twice_is_one(clean_valkey_url: str, postgres_url: str) -> None:
    """Also as a form; the incident has it once."""

    async def body(town: Town) -> Any:
        incident, raw = await town.fire(), jpeg()
        where = f"/api/v1/incidents/{incident}/photos"
        answers = [await posted(town, incident, raw), await town.ask("POST", where, files={"photo": ("a.jpg", raw)})]
        told = (await town.ask("GET", f"/api/v1/incidents/{incident}")).json()["photos"]
        return {a.headers["location"] for a in answers}, where, told

    places, where, told = in_town(clean_valkey_url, postgres_url, body)
    assert places == {f"{where}/{told[0]['id']}"}
    assert (len(told), told[0]["by"]) == (1, "coordinator@test")


def test_photos_of_one_incident_are_bounded(clean_valkey_url: str, postgres_url: str) -> None:
    """The twenty-first is refused, and kept nowhere; so is one of no incident."""

    async def body(town: Town) -> Any:
        incident, told = await town.fire(), []
        for n in range(21):
            told.append((await posted(town, incident, jpeg(8 + n, 8))).status_code)
            town.there.clock.advance(60_000_000)
        none = (await posted(town, "c-none", jpeg())).status_code
        return told, none, len(await photos.taken_by(town.there.deps.pool, "coordinator@test"))

    assert in_town(clean_valkey_url, postgres_url, body) == ([201] * 20 + [409], 404, 20)


def test_what_dispatch_refuses_is_not_kept(clean_valkey_url: str, postgres_url: str) -> None:
    """An incident that dispatch has forgotten, though the archive has it."""

    forgotten = IncidentChanged(at_us=NOW_US, id="c-old", kind="fire", severity=1, status="closed", lon=0, lat=0)

    async def body(town: Town) -> Any:
        await said(town.there, forgotten)
        answer = await posted(town, "c-old", jpeg())
        return answer.status_code, await photos.taken_by(town.there.deps.pool, "coordinator@test")

    assert in_town(clean_valkey_url, postgres_url, body) == (409, [])


def test_the_report_shows_the_photos(clean_valkey_url: str, postgres_url: str) -> None:
    """With the digest under which the log knows each; the table names them."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        photo = (await posted(town, incident, jpeg())).json()
        report = f"/api/v1/incidents/{incident}/report"
        return photo, (await town.ask("GET", report)).text, (await town.ask("GET", f"{report}?format=csv")).text

    photo, page, table = in_town(clean_valkey_url, postgres_url, body)
    assert f'src="{photo["url"]}"' in page
    assert f"SHA-256 {photo['id']}" in page
    assert f'Foto,"Foto 1, 05-01-2026 08.00",{photo["id"]}' in table


def test_a_photo_that_is_not_kept_any_more_is_gone(clean_valkey_url: str, postgres_url: str) -> None:
    """The incident still names it; one that it never had is another 404."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        photo = (await posted(town, incident, jpeg())).json()
        await photos.drop(town.there.deps.pool, photo["id"])
        where = f"/api/v1/incidents/{incident}/photos"
        told = [await town.ask("GET", f"{where}/{name}") for name in (photo["id"], "x")]
        listed = (await town.ask("GET", where)).json()["items"][0]
        return listed.get("gone"), [(a.status_code, a.json()["detail"]) for a in told]

    gone, told = in_town(clean_valkey_url, postgres_url, body)
    assert gone
    assert told == [(404, "that photo is not kept, or not any more"), (404, "the incident has no such photo")]
