"""What became of an incident, of many, and what it did: asked for, printed, and entered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.dispatching import Town, in_town, person
from tests.api.samples import S
from tests.api.world import World, in_world

pytestmark = pytest.mark.service
LIFE = "/api/v1/incidents"
TWO = [{"role": "bantuan", "count": 1}]


async def helped(town: Town, **more: Any) -> str:
    """An incident that somebody accepted, came to and left, ten seconds between two steps; then it is closed."""
    incident = await town.fire(needs=TWO, **more)
    offer = await town.asked(incident)
    for word in ("accept", "arrived", "left"):
        town.there.clock.advance(10 * S)
        await town.ask("POST", f"{LIFE}/{incident}/offers/{offer.id}/answer", json={"answer": word})
    await town.act(incident, "close")
    return incident


def test_an_incident_afterwards(clean_valkey_url: str, postgres_url: str) -> None:
    """Instants, each person's part, the heads over time, and what was worth it."""

    async def body(town: Town) -> Any:
        return (await town.ask("GET", f"{LIFE}/{await helped(town)}/after-action")).json()

    told = in_town(clean_valkey_url, postgres_url, body)
    at = {name: us and us[11:19] for name, us in told["times"].items()}
    assert at == {
        "reported": "08:00:00", "verified": None, "dispatched": "08:00:00", "asked": "08:00:00",
        "filled": "08:00:10", "first_there": "08:00:20", "all_there": "08:00:20", "closed": "08:00:30",
    }  # fmt: skip
    (ana,) = told["people"]
    assert (ana["volunteer"], ana["outcome"], ana["state"]) == ("ana", "accepted", "released")
    assert (ana["answer_s"], ana["travel_s"], ana["on_scene_s"]) == (10.0, 10.0, 10.0)
    assert [(h["coming"], h["there"]) for h in told["heads"]] == [(1, 0), (0, 1), (0, 0)]
    assert told["saved"]["from"] == {"places": 1, "greedy": [193], "ours": [193]}
    assert told["saved"]["words"]["id"] == "Di sini: sama dengan cara daftar. Semua kejadian bersama: sama."
    assert told["in_sequence"] == {"filled_s": 10.0, "sequence_s": 10.0, "silent_s": 45.0}


def test_what_a_coordinator_decided_is_told_with_its_price(clean_valkey_url: str, postgres_url: str) -> None:
    """The farther one was sent: 11 s of way and the 60 s that hold a plan together. The page says it by name."""

    async def body(town: Town) -> Any:
        incident = await town.fire(needs=TWO)
        await town.act(incident, "verify")
        await town.act(incident, "assign", person="budi")
        path = f"{LIFE}/{incident}/after-action"
        return (await town.ask("GET", path)).json(), await town.ask("GET", path + "?format=html")

    told, page = in_town(clean_valkey_url, postgres_url, body, person("ana"), person("budi"))
    (hand,) = told["by_hand"]
    assert (hand["act"], hand["who"], hand["volunteer"]) == ("incident.assign", "coordinator@test", "budi")
    assert hand["cost"] == {"unfilled_3": 0, "unfilled_2": 0, "unfilled_1": 0, "seconds": 71}
    assert "menugaskan Budi" in page.text
    assert "Mengirim Budi: 71 detik lebih lama seluruhnya." in page.text


def test_a_report_after_the_end_shows_and_tells_what_became_of_it(clean_valkey_url: str, postgres_url: str) -> None:
    """A picture and figures, nobody's name; the periodic one names who is there; an exercise says so everywhere."""

    async def body(town: Town) -> Any:
        incident = await town.fire(needs=TWO, exercise=True)
        offer = await town.asked(incident)
        path = f"{LIFE}/{incident}"
        for word in ("accept", "arrived"):
            await town.ask("POST", f"{path}/offers/{offer.id}/answer", json={"answer": word})
        during = await town.ask("GET", path + "/report?kind=berkala&format=csv")
        calls = await town.ask("GET", path + "/calls")
        await town.act(incident, "close")
        asked = ("/report?kind=akhir", "/report?kind=akhir&format=csv", "/after-action?format=html")
        return during, calls.text, *[await town.ask("GET", path + rest) for rest in asked]

    during, calls, page, table, after = in_town(clean_valkey_url, postgres_url, body)
    lines = during.text.splitlines()
    assert '5. Kebutuhan,bantuan,"1 orang: 1 di lokasi, 0 dalam perjalanan, 0 belum ada"' in lines
    assert '7. Relawan di lokasi,Ana,"bantuan, sejak 05-01-2026 08.00.00 WITA"' in lines
    assert during.headers["content-disposition"] == 'attachment; filename="latihan-laporan-berkala.csv"'
    assert "8. Evaluasi,Permintaan kepada relawan,1 kali: 1 bersedia" in table.text.splitlines()
    assert "Ana" not in page.text + table.text
    for text in (page.text, after.text, calls):
        assert "<h1>LATIHAN: " in text
    assert "<svg" in page.text
    assert "<svg" in after.text


def test_what_it_did_is_entered_piece_by_piece(clean_valkey_url: str, postgres_url: str) -> None:
    """What is left out stays, 0 is a figure, null is unknown again; reports and timeline have it."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        path, rows = f"{LIFE}/{incident}", []
        changes = (
            {"deaths": 0, "houses_light": 3},
            {"displaced_families": 12, "urgent_needs": "=terpal"},
            {"deaths": None},
        )
        for change in changes:
            answer = await town.ask("PATCH", path, json={"impact": change})
            rows.append({name: value for name, value in answer.json()["impact"].items() if value is not None})
        report = await town.ask("GET", path + "/report?format=csv")
        timeline = (await town.ask("GET", path + "/timeline")).json()["items"]
        gone = (await town.ask("PATCH", path, json={"impact": None})).json()["impact"]
        return rows, report.text.splitlines(), [e["impact"] for e in timeline if e["kind"] == "incident"], gone

    rows, report, timeline, gone = in_town(clean_valkey_url, postgres_url, body)
    later = {"houses_light": 3, "displaced_families": 12, "urgent_needs": "=terpal"}
    assert rows == [{"deaths": 0, "houses_light": 3}, later | {"deaths": 0}, later]
    assert "3. Dampak,Meninggal,belum ada data" in report
    assert "3. Dampak,Rumah rusak ringan (RR),3" in report
    assert "5. Kebutuhan,Kebutuhan mendesak,'=terpal" in report
    assert (timeline[0], timeline[-1]["displaced_families"], gone) == (None, 12, None)


@pytest.mark.parametrize(
    "impact", [{"deaths": -1}, {"deaths": "2"}, {"dead": 1}, {"losses": "x" * 2001}, {"deaths": True}]
)
def test_what_cannot_be_is_refused(clean_valkey_url: str, postgres_url: str, impact: dict[str, Any]) -> None:
    """422, and nothing is written."""

    async def body(town: Town) -> Any:
        path = f"{LIFE}/{await town.fire()}"
        answer = await town.ask("PATCH", path, json={"impact": impact})
        return answer.status_code, (await town.ask("GET", path)).json()["impact"]

    assert in_town(clean_valkey_url, postgres_url, body) == (422, None)


@pytest.mark.parametrize(
    "span", ["?to=0001-01-05", "?from=0001-01-02", "?from=9999-01-01", "?from=2026-01-05&to=2026-01-05"]
)
def test_any_span_has_figures(postgres_url: str, span: str) -> None:
    """At the ends of the calendar too: nothing there."""

    async def body(there: World) -> Any:
        return await there.ask("GET", "/api/v1/dispatch/summary" + span, "leader")

    answer = in_world(postgres_url, body)
    assert (answer.status_code, answer.json()["incidents"]["opened"]) == (200, 0)


def test_a_span_in_figures(clean_valkey_url: str, postgres_url: str) -> None:
    """For leaders, without exercises unless they alone are asked for; nobody is named in it."""

    async def body(town: Town) -> Any:
        await helped(town)
        await helped(town, exercise=True)
        path = "/api/v1/dispatch/summary"
        told = await town.ask("GET", path, "leader")
        drills = (await town.ask("GET", path + "?exercise=true", "leader")).json()
        before = (await town.ask("GET", path + "?to=2026-01-05T07:59:59%2B08:00", "leader")).json()
        wrong = await town.ask("GET", path + "?from=2026-01-06&to=2026-01-05", "leader")
        printed = [await town.ask("GET", path + f"?exercise=true&format={form}", "leader") for form in ("html", "csv")]
        return told, drills, before, wrong.status_code, (await town.ask("GET", path, "driver")).status_code, printed

    told, drills, before, wrong, driver, (page, table) = in_town(clean_valkey_url, postgres_url, body)
    figures = told.json()
    assert (figures["incidents"]["by_status"], figures["offers"]["accepted"]) == ({"closed": 1}, 1)
    assert figures["times"]["fill_s"] == {"n": 1, "median_s": 10.0, "p95_s": 10.0}
    assert figures["by_hour"] == [{"hour": 8, "asked": 1, "accepted": 1, "rate": 1.0}]
    assert figures["by_kind"][0]["name"] == "Kebakaran"
    assert figures["from"] == "2025-12-06T08:01:00.000001+08:00"
    assert "ana" not in told.text.lower()
    assert (drills["exercise"], drills["incidents"]["opened"]) == (True, 1)
    assert (before["incidents"]["opened"], before["times"]["fill_s"]["n"]) == (0, 0)
    assert (wrong, driver) == (422, 403)
    assert "<h1>LATIHAN: RINGKASAN KEJADIAN</h1>" in page.text
    assert page.text.count("<svg") == 1
    assert "Kesediaan relawan,Bersedia,100 % (1 dari 1 yang bisa menjawab)" in table.text.splitlines()
    assert "Kesediaan menurut jam saat diminta,pukul 08,100 % (1 dari 1 yang bisa menjawab)" in table.text.splitlines()
    assert table.headers["content-disposition"] == 'attachment; filename="latihan-ringkasan-kejadian.csv"'
