"""Who is asked for an incident, what a coordinator enters for them, and what is told of it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.dispatching import Town, in_town, person

pytestmark = pytest.mark.service
LIFE = "/api/v1/incidents"


def test_an_answer_on_the_telephone_is_audited(clean_valkey_url: str, postgres_url: str) -> None:
    """The coordinator says yes for somebody, then that they are there and gone; each step says who entered it."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        offer = await town.asked(incident)
        path, told = f"{LIFE}/{incident}/offers", []
        for word in ("accept", "arrived", "left"):
            answer = (await town.ask("POST", f"{path}/{offer.id}/answer", json={"answer": word})).json()
            told.append((answer["state"], answer["by"], answer["actor"]))
        again = await town.ask("POST", f"{path}/{offer.id}/answer", json={"answer": "accept"})
        listed = (await town.ask("GET", path)).json()["items"]
        return told, again.status_code, again.json()["newest"]["state"], [(o["volunteer"], o["state"]) for o in listed]

    told, again, newest, listed = in_town(clean_valkey_url, postgres_url, body)
    by = ("coordinator", "coordinator@test")
    assert told == [("accepted", *by), ("arrived", *by), ("released", *by)]
    assert (again, newest, listed) == (409, "released", [("ana", "released")])


def test_an_incident_says_who_comes_and_who_is_there(clean_valkey_url: str, postgres_url: str) -> None:
    """Asked is neither; a promise is coming, an arrival is there, who left is gone; in the list too."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        offer = await town.asked(incident)
        told = []
        for word in ("", "accept", "arrived", "left"):
            if word:
                await town.ask("POST", f"{LIFE}/{incident}/offers/{offer.id}/answer", json={"answer": word})
            one = (await town.ask("GET", f"{LIFE}/{incident}")).json()
            listed = (await town.ask("GET", LIFE)).json()["items"][0]
            told += [(one["coming"], one["there"], listed["coming"], listed["there"])]
        return told

    assert in_town(clean_valkey_url, postgres_url, body) == [(0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (0, 0, 0, 0)]


def test_a_place_is_locked_and_given_up(clean_valkey_url: str, postgres_url: str) -> None:
    """Lock marks it as given by hand; stand down ends it; an offer of another incident is not found."""

    async def body(town: Town) -> Any:
        incident, other = await town.fire(), await town.fire(lat=-10.165)
        path = f"{LIFE}/{incident}/offers/{(await town.asked(incident)).id}"
        await town.ask("POST", f"{path}/answer", json={"answer": "accept_in", "minutes": 20})
        locked = (await town.ask("POST", f"{path}/lock")).json()
        down = (await town.ask("POST", f"{path}/stand_down")).json()
        wrong = await town.ask("POST", path.replace(incident, other, 1) + "/lock")
        return locked["manual"], locked["minutes"], down["state"], wrong.status_code

    assert in_town(clean_valkey_url, postgres_url, body) == (True, 20, "stood_down", 404)


def test_the_plan_explains_itself(clean_valkey_url: str, postgres_url: str) -> None:
    """Who was chosen, what another would cost in seconds, how sure it is, and the proof."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        await town.asked(incident)
        return (await town.ask("GET", f"{LIFE}/{incident}/plan")).json()

    plan = in_town(clean_valkey_url, postgres_url, body, *(person(name) for name in ("ana", "budi", "citra")))
    assert plan["chosen"][0]["device"] == "hp-ana"
    assert (plan["proven"], plan["gauge"]["wanted"]) == (True, 1)
    assert {one["device"] for one in plan["alternatives"]} <= {"hp-budi", "hp-citra"}
    assert plan["one_more"]["seconds"] > 0


def test_the_timeline_says_what_happened_and_who_did_it(clean_valkey_url: str, postgres_url: str) -> None:
    """In order, page by page."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        offer = await town.asked(incident)
        await town.press(town.link(offer), answer="decline")
        path, events = f"{LIFE}/{incident}/timeline?limit=2", list[dict[str, Any]]()
        while path:
            page = (await town.ask("GET", path)).json()
            path, events = page["next"], events + page["items"]
        return [(e["kind"], e["act"], e["who"]) for e in events], [e["seq"] for e in events]

    told, order = in_town(clean_valkey_url, postgres_url, body)
    desk = "coordinator@test"
    assert told[:2] == [("incident", "incident.open", desk), ("plan", "incident.open", desk)]
    assert ("offer", "incident.dispatch", desk) in told
    assert ("offer", "offer.answer", "ana") in told
    assert order == sorted(set(order))


def test_a_report_holds_what_is_known_and_no_more(clean_valkey_url: str, postgres_url: str) -> None:
    """Printable, in the BPBD's words; victims are not made up; the final one only when it is over."""

    async def body(town: Town) -> Any:
        incident = await town.fire(text="<b>asap</b>", exercise=True)
        offer = await town.asked(incident)
        await town.ask("POST", f"{LIFE}/{incident}/offers/{offer.id}/answer", json={"answer": "arrived"})
        await town.ask("POST", f"{LIFE}/{incident}/offers/{offer.id}/answer", json={"answer": "accept"})
        await town.ask("POST", f"{LIFE}/{incident}/offers/{offer.id}/answer", json={"answer": "arrived"})
        path = f"{LIFE}/{incident}/report"
        early = await town.ask("GET", path + "?kind=akhir")
        first = await town.ask("GET", path)
        await town.act(incident, "close")
        last = await town.ask("GET", path + "?kind=akhir&format=csv")
        return early.status_code, first, last

    early, first, last = in_town(clean_valkey_url, postgres_url, body)
    assert early == 409
    assert first.headers["content-type"].startswith("text/html")
    for text in (
        "LAPORAN AWAL",
        "&lt;b&gt;asap",
        "LATIHAN",
        "belum ada data",
        "Oebobo",
        "05-01-2026 08.00.00",
    ):
        assert text in first.text
    lines = last.text.splitlines()
    assert lines[0] == "bagian,uraian,keterangan"
    assert "4. Upaya penanganan,Relawan yang pernah tiba,1" in lines
    assert "3. Dampak,Meninggal,belum ada data" in lines
    assert "7. Penutupan,Ditutup,05-01-2026 08.00.00 WITA" in lines


def test_the_call_sheet_calls(clean_valkey_url: str, postgres_url: str) -> None:
    """Numbers as links for the coordinator's own phone, the chat with the link to the offer; staff only."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        await town.asked(incident)
        path = f"{LIFE}/{incident}/calls"
        page, rows = await town.ask("GET", path), (await town.ask("GET", path + "?format=json")).json()["items"]
        return page.text, rows, (await town.ask("GET", path, "leader")).status_code

    page, (row,), leader = in_town(clean_valkey_url, postgres_url, body)
    assert (row["name"], row["tel"], leader) == ("Ana", "tel:+6281234567890", 403)
    assert row["wa"].startswith("https://wa.me/6281234567890?text=Kebakaran")
    assert "%2Fo%2F" in row["wa"]
    assert 'href="tel:+6281234567890"' in page
