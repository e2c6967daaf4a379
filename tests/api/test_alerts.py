"""Alerts, their acknowledgement, incidents, rejects: commands are answered after their effect."""

import pytest
from msgspec.structs import replace

from core.events import Candidate, PlanMade
from core.rejects import Reject
from tests.api.samples import NOW_US, S, alert, incident
from tests.api.world import answering, in_world

pytestmark = pytest.mark.service
ACK = "/api/v1/alerts/a-1/ack"
FLOOD = {"kind": "flood", "lat": -10.2, "lon": 123.6, "severity": 3, "text": "Air naik"}


def test_alerts_are_listed_newest_first(postgres_url):
    """With the time of raising and the filters of the other routes."""

    async def body(there):
        await there.archived(alert("a-1"), alert("a-2", device="t-2", at_us=NOW_US - S))
        everything = (await there.get("/api/v1/alerts")).json()["items"]
        one = (await there.get("/api/v1/alerts", device="t-1", state="raised")).json()["items"]
        return [a["id"] for a in everything], one

    ids, (one,) = in_world(postgres_url, body)
    assert ids == ["a-2", "a-1"]
    assert one == {
        "id": "a-1",
        "kind": "dwell_limit",
        "device": "t-1",
        "vehicle": None,
        "state": "raised",
        "raised": "2026-01-05T07:59:00+08:00",
        "at": "2026-01-05T07:59:00+08:00",
        "lon": 123.6,
        "lat": -10.2,
        "dwell": "d-1",
        "spell": None,
        "rule": None,
        "thread": "d-1",
        "level": 1,
        "digest": False,
        "quiet": False,
        "by": None,
        "note": "",
        "revision": 1,
    }


def test_an_acknowledgement_is_answered_after_its_effect(postgres_url):
    """The command goes to every partition under the person's name; the answer is the alert as it then is."""

    def effect(command):
        return [alert(revision=2, state="acknowledged", by=command.actor, note=command.body["note"], at_us=NOW_US)]

    async def body(there):
        await there.archived(alert())
        async with answering(there, "in.1", effect) as seen:
            answer = await there.ask("POST", ACK, json={"note": "I call him"})
            again = await there.ask("POST", ACK)
        return answer, again, seen, [await there.deps.log.length(s) for s in ("in.0", "in.1")]

    answer, again, seen, lengths = in_world(postgres_url, body)
    assert (answer.status_code, answer.json()["state"], answer.json()["by"]) == (200, "acknowledged", "supervisor@test")
    assert answer.json()["note"] == "I call him"
    assert (again.status_code, lengths) == (200, [1, 1])
    assert [(c.kind, c.actor) for c in seen] == [("alert.ack", "supervisor@test")]
    assert seen[0].body == {
        "alert": "a-1",
        "note": "I call him",
        "kind": "dwell_limit",
        "device": "t-1",
        "revision": 1,
        "lon": 123.6,
        "lat": -10.2,
        "dwell": "d-1",
        "rule": None,
        "spell": None,
        "thread": None,
        "level": 1,
        "digest": False,
        "also": [],
    }


def test_without_an_effect_in_time_the_answer_is_503(postgres_url):
    """Nobody behind us: the caller hears that the effect is not known, not that all is well."""

    async def body(there):
        there.app.state.commands.wait_s = 0.2
        await there.archived(alert())
        return await there.ask("POST", ACK)

    answer = in_world(postgres_url, body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "effect is not known" in answer.json()["detail"]


def test_a_refused_command_is_a_conflict(postgres_url):
    """409 with the engine's own reason."""

    async def body(there):
        await there.archived(alert())
        async with answering(there, "in.0", lambda _: [], ok=False):
            return await there.ask("POST", ACK)

    answer = in_world(postgres_url, body)
    assert (answer.status_code, answer.json()["detail"]) == (409, "not now")


def test_a_cleared_alert_cannot_be_acknowledged(postgres_url):
    """409 at once; an unknown one is 404; a role without the right 403."""

    async def body(there):
        await there.archived(alert(), replace(alert(), revision=2, state="cleared"))
        asked = [(ACK, "supervisor"), ("/api/v1/alerts/x/ack", "supervisor"), (ACK, "auditor")]
        return [(await there.ask("POST", path, role)).status_code for path, role in asked]

    assert in_world(postgres_url, body) == [409, 404, 403]


def test_an_incident_is_opened_and_its_people_are_explained(postgres_url):
    """201 with the incident; the plan says who was chosen and by which figures."""
    person = Candidate(device="p-1", lon=123.6, lat=-10.2, position_age_s=5.0, distance_m=900.0, eta_s=200.0)

    def effect(command):
        opened = incident(command.id, **{k: command.body[k] for k in ("kind", "severity", "lon", "lat", "text")})
        return [opened, PlanMade(at_us=NOW_US, incident=command.id, chosen=(person,), others=(), method="exact")]

    async def body(there):
        async with answering(there, "dispatch.in", effect):
            made = await there.ask("POST", "/api/v1/incidents", "coordinator", json=FLOOD)
        listed = (await there.get("/api/v1/incidents")).json()["items"]
        one = (await there.get(made.headers["location"])).json()
        return made, listed, one, (await there.get(made.headers["location"] + "/plan")).json()

    made, listed, one, plan = in_world(postgres_url, body)
    assert made.status_code == 201
    assert made.json() == one | {"remark": None}
    assert one == listed[0]
    assert (one["kind"], one["severity"], one["status"], one["closed"]) == ("flood", 3, "reported", None)
    assert plan["chosen"] == [
        {"device": "p-1", "lon": 123.6, "lat": -10.2, "position_age_s": 5.0, "distance_m": 900.0, "eta_s": 200.0}
    ]


@pytest.mark.parametrize(
    "change",
    [{"lat": 91}, {"lon": "east"}, {"severity": 4}, {"kind": ""}, {"text": "a\0b"}, {"extra": 1}, {"text": "x" * 2001}],
)
def test_a_wrong_incident_never_reaches_the_log(postgres_url, change):
    """422 names the member; nothing was appended."""

    async def body(there):
        answer = await there.ask("POST", "/api/v1/incidents", json=FLOOD | change)
        return answer, await there.deps.log.length("dispatch.in")

    answer, length = in_world(postgres_url, body)
    assert (answer.status_code, length) == (422, 0)
    assert next(iter(change)) in answer.json()["detail"]


def test_rejects_say_what_was_refused_and_why(postgres_url):
    """Newest first; bytes that are no text do not break the answer."""
    refused = Reject(
        received_us=NOW_US,
        reason="not_json",
        dialect="native",
        topic="ronda/v1/t-1/fix",
        device="t-1",
        payload=b"\xff{",
    )

    async def body(there):
        await there.archived(rejects=[refused, replace(refused, reason="future", device="")])
        listed = (await there.get("/api/v1/rejects")).json()["items"]
        return listed, (await there.get("/api/v1/rejects", reason="not_json")).json()["items"]

    listed, (one,) = in_world(postgres_url, body)
    assert [r["reason"] for r in listed] == ["future", "not_json"]
    assert (one["device"], one["payload"], one["received"]) == ("t-1", "\ufffd{", "2026-01-05T08:00:00+08:00")
