"""The coordinator's console: whom to ask and why, what they say on the telephone, and two coordinators at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect

from core.events import Gauge, Need, OfferChanged, PlanMade, Words
from tests.api.dispatching import Town, person
from tests.api.samples import NOW_US, S, incident
from tests.web.browsing import Console, browse
from tests.web.coordinating import coordinate, look_at, said

pytestmark = [pytest.mark.service, pytest.mark.browser]

DETAIL = ".incident-detail"
PEOPLE = (person("ana", phone="0812 3456 7890"), person("budi"), person("citra"))


async def press(console: Console, act: str, within: str = DETAIL, *, times: int = 1) -> None:
    """Press the button of an act; what sends people home is pressed twice."""
    for _ in range(times):
        await console.page.click(f'{within} [data-act="{act}"]:visible')


def test_it_says_why_these_people(clean_valkey_url: str, postgres_url: str) -> None:
    """Behind "Mengapa": the decision in words, its proof as a sentence, and what somebody else would cost."""

    async def body(town: Town, console: Console) -> Any:
        await town.act(await town.fire(), "dispatch")
        await look_at(console)
        await press(console, "why")
        await said(console, "Terbukti", f"{DETAIL} .proof")
        return await said(console, "Kalau bukan mereka", f"{DETAIL} .why-plan"), console.errors

    crowd = [person(name) for name in ("ana", "budi", "citra", "dewi", "eko", "fajar", "gita", "hadi", "intan")]
    why, errors = coordinate(clean_valkey_url, postgres_url, body, *crowd)
    assert "relawan dipilih dari 9 yang terdekat" in why
    assert "Terbukti: selisih dengan susunan terbaik 0 detik. 9 relawan diperiksa." in why
    assert "Mengirim Hadi: " in why
    assert errors == []


def test_an_answer_is_entered_for_somebody_on_the_telephone(clean_valkey_url: str, postgres_url: str) -> None:
    """The place is filled in the list at once, and the row says who entered it."""

    async def body(town: Town, console: Console) -> Any:
        fire = await town.fire()
        await town.asked(fire)
        await look_at(console)
        await expect(console.page.locator(f"{DETAIL} .asked a")).to_have_attribute("href", "tel:081234567890")
        await press(console, "answer")
        await press(console, "accept")
        await said(console, "1/1 bersedia", ".card")
        return await said(console, "dicatat sari", f"{DETAIL} .asked"), (await town.offers(fire))[0]

    row, offer = coordinate(clean_valkey_url, postgres_url, body)
    assert "bersedia" in row
    assert (offer.state, offer.by, offer.actor) == ("accepted", "coordinator", "sari")


def test_two_coordinators_lose_nothing(clean_valkey_url: str, postgres_url: str) -> None:
    """Who was slower is told who changed what; what they typed stays, and goes in when they insist."""

    async def body(town: Town, console: Console) -> Any:
        fire = await town.fire(severity=1)
        await look_at(console)
        await console.page.click(f"{DETAIL} .more-acts summary")
        await press(console, "edit")
        await console.page.fill(f"{DETAIL} .edit-place textarea", "dua rumah")
        await town.ask("PATCH", f"/api/v1/incidents/{fire}", json={"severity": 3})
        await console.page.click(f"{DETAIL} .edit-place [type=submit]")
        await said(console, "lebih dulu mengubah", f"{DETAIL} .refusal")
        told = await said(console, "tingkat", f"{DETAIL} .refusal")
        typed = await console.page.input_value(f"{DETAIL} .edit-place textarea")
        await console.page.click(f"{DETAIL} .refusal .do:visible >> nth=0")
        await said(console, "dua rumah", f"{DETAIL} .said")
        return told, typed, (await town.ask("GET", f"/api/v1/incidents/{fire}")).json()

    told, typed, now = coordinate(clean_valkey_url, postgres_url, body)
    assert "coordinator@test lebih dulu mengubah kejadian ini." in told
    assert "tingkat ringan → berat" in told
    assert typed == "dua rumah"
    assert (now["severity"], now["text"], now["revision"]) == (3, "dua rumah", 3)


def test_the_whole_city_is_paused_and_goes_on(clean_valkey_url: str, postgres_url: str) -> None:
    """Asked once more first; across the top it says that nobody is asked, until somebody lets it go on."""

    async def body(town: Town, console: Console) -> Any:
        await press(console, "city_pause", ".incident-tools", times=2)
        await said(console, "dijeda di seluruh kota", ".city-paused")
        fire = await town.fire()
        await town.act(fire, "dispatch")
        while_paused = await town.offers(fire)
        await press(console, "city_resume", ".city-paused")
        await console.page.wait_for_selector(".city-paused", state="hidden")
        await look_at(console)
        await said(console, "Ana", f"{DETAIL} .asked")
        return while_paused

    assert coordinate(clean_valkey_url, postgres_url, body) == []


def test_an_exercise_cannot_be_taken_for_real(clean_valkey_url: str, postgres_url: str) -> None:
    """LATIHAN in the list and across the details; a real incident has neither."""

    async def body(town: Town, console: Console) -> Any:
        await town.fire(exercise=True)
        await town.fire(lon=123.61, kind="longsor")
        await expect(console.page.locator(".card")).to_have_count(2)
        await look_at(console, "[data-exercise]")
        drill = await said(console, "LATIHAN", f"{DETAIL} .drill-banner")
        await look_at(console, ":not([data-exercise])")
        return drill, await console.page.locator(f"{DETAIL} .drill-banner:visible").count()

    assert coordinate(clean_valkey_url, postgres_url, body) == ("LATIHAN: bukan kejadian nyata", 0)


def test_how_many_are_on_duty_is_always_in_sight(clean_valkey_url: str, postgres_url: str) -> None:
    """In the bar at the top whatever tab is open, and above the incidents in words."""

    async def body(_town: Town, console: Console) -> Any:
        words = await said(console, "dari", ".duty")
        await console.page.click('[data-tab="attention"]')
        return words, await console.text(".duty-chip:visible")

    words, chip = coordinate(clean_valkey_url, postgres_url, body, person("ana"), person("budi", duty=False))
    assert words == "1 dari 2 bertugas"
    assert chip.split() == ["1/2", "bertugas"]


def offered(state: Any, name: str = "ana", **more: Any) -> OfferChanged:
    known = {"at_us": NOW_US, "made_us": NOW_US, "incident": "i-1", "person": name, "device": f"hp-{name}"}
    return OfferChanged(**known | {"id": f"o-{name}", "state": state, "eta_s": 240.0} | more)


def test_delivered_seen_and_unanswered_differ(postgres_url: str) -> None:
    """Each state has words and a sign of its own, and changes while somebody looks, without asking the server again."""
    states = [
        ("offered", "terkirim, belum sampai", "asked"), ("delivered", "sampai di ponsel, belum dilihat", "asked"),
        ("seen", "dilihat, belum menjawab", "seen"), ("committed", "bersedia, tempatnya tetap", "promised"),
        ("en_route", "berangkat", "coming"), ("arrived", "tiba", "there"), ("expired", "tidak menjawab", "over"),
    ]  # fmt: skip

    async def body(console: Console) -> Any:
        fire = incident("i-1", kind="kebakaran", status="dispatching", needs=(Need(role="bantuan", count=5),))
        await console.there.archived(fire, offered("offered"))
        await console.enter()
        await console.page.click('[data-tab="incidents"]')
        await console.page.click(".card .row")
        await console.page.wait_for_selector(f"{DETAIL} .asked")
        before = len(console.requests)
        for n, (state, words, sign) in enumerate(states):
            await console.there.archived(offered(state, revision=2 + n))
            row = console.page.locator(f'{DETAIL} .asked[data-stand="{sign}"] .state')
            await expect(row).to_contain_text(words)
        return [url for url in console.requests[before:] if "incidents" in url]

    assert browse(postgres_url, body, role="coordinator") == []


def test_the_chance_and_the_time_stand_in_the_list(postgres_url: str) -> None:
    """Places filled, who is under way and there, how likely all come, and from when to when."""

    async def body(console: Console) -> Any:
        gauge = Gauge(wanted=5, promised=2, on_scene=1, asked=2, full=0.97, fill_s=360.0)
        fire = incident("i-1", kind="kebakaran", status="responding", needs=(Need(role="bantuan", count=5),))
        late = offered("committed", "citra", eta_s=360.0)
        people = [offered("arrived"), offered("en_route", "budi"), late, offered("seen", "dewi")]
        made = PlanMade(at_us=NOW_US, incident="i-1", chosen=(), others=(), method="", gauge=gauge)
        await console.there.archived(fire, *people, made)
        await console.enter()
        await console.page.click('[data-tab="incidents"]')
        return await said(console, "1 ditanya", ".card .crew"), await said(console, "97", ".card .chance")

    crew, chance = browse(postgres_url, body, role="coordinator")
    assert crew == "3/5 bersedia · 1 berangkat · 1 di lokasi · 1 ditanya · 1 sudah lihat"
    assert chance == "97 % semua tempat terisi · 4\u20136 mnt"


def test_what_sends_people_home_is_asked_for_once_more(clean_valkey_url: str, postgres_url: str) -> None:
    """One press changes the button's words; escape takes it back; two presses close the incident."""

    async def body(town: Town, console: Console) -> Any:
        fire = await town.fire()
        await town.asked(fire)
        await look_at(console)
        await press(console, "close")
        words = await said(console, "Yakin", f'{DETAIL} [data-act="close"]')
        await console.page.keyboard.press("Escape")
        await said(console, "Selesai", f'{DETAIL} [data-act="close"]:not([data-armed])')
        still = (await town.ask("GET", f"/api/v1/incidents/{fire}")).json()["status"]
        await press(console, "close", times=2)
        await said(console, "selesai", f"{DETAIL} .now .state")
        return words, still, (await town.ask("GET", f"/api/v1/incidents/{fire}")).json()["status"]

    assert coordinate(clean_valkey_url, postgres_url, body) == ("Yakin? Selesai", "dispatching", "closed")


def test_an_incident_is_opened_at_a_place_on_the_map(clean_valkey_url: str, postgres_url: str) -> None:
    """N, a click on the map, the kind with its usual needs; volunteers are asked at once."""

    async def body(town: Town, console: Console) -> Any:
        await console.page.wait_for_selector(".map canvas")
        await console.page.keyboard.press("n")
        await console.page.click(".map canvas", position={"x": 250, "y": 400})
        await console.page.select_option(f"{DETAIL} [name=kind]", "kebakaran")
        await console.page.fill(f"{DETAIL} [name=text]", "rumah terbakar")
        needs = await console.text(f"{DETAIL} .needs-fields:visible")
        await press(console, "submit-dispatch")
        await said(console, "Ana", f"{DETAIL} .asked")
        return needs, (await town.ask("GET", "/api/v1/incidents")).json()["items"], console.errors

    needs, (made,), errors = coordinate(clean_valkey_url, postgres_url, body)
    assert needs.strip() == "bantuan"
    assert (made["kind"], made["text"], made["status"]) == ("kebakaran", "rumah terbakar", "dispatching")
    assert 123.5 < made["lon"] < 123.7
    assert errors == []


async def version(town: Town, path: str, revision: int) -> Any:
    """The incident, once it has this revision."""
    async with asyncio.timeout(15):
        while (row := (await town.ask("GET", path)).json())["revision"] < revision:  # noqa: ASYNC110  no bell in a test
            await asyncio.sleep(0.05)
    return row


def test_an_incident_is_moved_by_a_click_and_back_again(clean_valkey_url: str, postgres_url: str) -> None:
    """The next click on the map is its new place; "Urungkan" takes the command back."""

    async def body(town: Town, console: Console) -> Any:
        path = f"/api/v1/incidents/{await town.fire()}"
        await look_at(console)
        await console.page.click(f"{DETAIL} .more-acts summary")
        await press(console, "move")
        await said(console, "Klik tempatnya di peta", f"{DETAIL} .placing")
        await console.page.click(".map canvas", position={"x": 200, "y": 300})
        moved = await version(town, path, 2)
        await expect(console.page.locator(f'{DETAIL} [data-act="undo"]')).to_be_enabled()
        await press(console, "undo")
        return moved["lon"], (await version(town, path, 3))["lon"], console.errors

    lon, back, errors = coordinate(clean_valkey_url, postgres_url, body)
    assert lon != 123.605
    assert (back, errors) == (123.605, [])


def test_a_place_outside_the_city_keeps_what_was_typed(clean_valkey_url: str, postgres_url: str) -> None:
    """The reason is told in Indonesian, and the form is as it was."""

    async def body(_town: Town, console: Console) -> Any:
        await console.page.keyboard.press("n")
        await console.page.select_option(f"{DETAIL} [name=area]", "a-1")
        await console.page.select_option(f"{DETAIL} [name=kind]", "kebakaran")
        await console.page.fill(f"{DETAIL} [name=text]", "rumah terbakar")
        await console.page.route("**/api/v1/incidents", lambda route: route.continue_(post_data=ELSEWHERE))
        await console.page.click(f"{DETAIL} form [type=submit]:visible")
        await said(console, "di luar wilayah kota", f"{DETAIL} .refusal")
        return await console.page.input_value(f"{DETAIL} [name=text]")

    assert coordinate(clean_valkey_url, postgres_url, body) == "rumah terbakar"


ELSEWHERE = '{"kind": "kebakaran", "lon": 124.9, "lat": -10.17}'


def test_a_proposed_duplicate_is_merged_or_is_none(clean_valkey_url: str, postgres_url: str) -> None:
    """A person says that it is none, for everybody; merged, the reports count together, and can be taken apart."""

    async def body(town: Town, console: Console) -> Any:
        one, two, three = await town.fire(), await town.fire(severity=2), await town.fire(severity=1)
        await expect(console.page.locator(".card")).to_have_count(3)
        await look_at(console, '[data-severity="1"]')
        await console.page.click(f'{DETAIL} .alike:has-text("Kebakaran") [data-act="distinct"] >> nth=0')
        await expect(console.page.locator(f"{DETAIL} .unit.alike:visible")).to_have_count(1)
        await press(console, "merge", times=2)
        await said(console, "pisahkan", f"{DETAIL} .act-area")
        merged = [(await town.ask("GET", f"/api/v1/incidents/{id_}")).json() for id_ in (one, two, three)]
        await press(console, "unmerge")
        await said(console, "Benar terjadi", f"{DETAIL} .act-area")
        return [(row["duplicates"], row["reports"]) for row in merged], merged[2]["merged_into"], (one, two, three)

    rows, into, (one, two, three) = coordinate(clean_valkey_url, postgres_url, body)
    assert into in (one, two)
    assert sorted(reports for _, reports in rows[:2]) == [1, 2]
    assert three not in rows[0][0] + rows[1][0]


def test_a_person_is_given_a_place_by_hand_and_sent_home(clean_valkey_url: str, postgres_url: str) -> None:
    """Chosen from a list, nearest first; locked from then on; standing down is asked for once more."""

    async def body(town: Town, console: Console) -> Any:
        fire = await town.fire()
        await look_at(console)
        await press(console, "add")
        await console.page.fill(f"{DETAIL} .adding input", "bud")
        await press(console, "assign", f"{DETAIL} .adding")
        await said(console, "dikunci", f"{DETAIL} .asked")
        row = await console.text(f"{DETAIL} .asked .row")
        await press(console, "stand_down", times=2)
        await console.page.wait_for_selector(f"{DETAIL} .folded-past:visible")
        return row, [(o.person, o.state) for o in await town.offers(fire)]

    row, offers = coordinate(clean_valkey_url, postgres_url, body, *PEOPLE)
    assert "Budi" in row
    assert ("budi", "stood_down") in offers


def test_a_reason_of_the_engine_is_told_in_the_readers_language(clean_valkey_url: str, postgres_url: str) -> None:
    """Somebody who is off duty cannot be given a place; the incident stays as it is."""

    async def body(town: Town, console: Console) -> Any:
        await town.fire()
        await look_at(console)
        await press(console, "add")
        await console.page.fill(f"{DETAIL} .adding input", "budi")
        await press(console, "assign", f"{DETAIL} .adding")
        return await said(console, "tidak dilakukan", f"{DETAIL} .refusal")

    told = coordinate(clean_valkey_url, postgres_url, body, person("ana"), person("budi", duty=False))
    assert "“Tambah orang” tidak dilakukan." in told
    assert "Relawan itu tidak bertugas atau belum setuju diikuti. Telepon dulu." in told


def test_the_source_of_an_alert_is_named(postgres_url: str) -> None:
    """What came from BMKG says so, in the list and with the attribution in the details."""

    async def body(console: Console) -> Any:
        await console.there.archived(incident("i-1", kind="angin_kencang", status="reported", source="cap"))
        await console.enter()
        await console.page.click('[data-tab="incidents"]')
        await console.page.click(".card .row")
        return await console.text(".card .source"), await console.text(f"{DETAIL} .attribution:visible")

    tag, thanks = browse(postgres_url, body, role="coordinator")
    assert tag == "BMKG"
    assert thanks.startswith("Sumber: BMKG")


def test_a_phone_reaches_everything(clean_valkey_url: str, postgres_url: str) -> None:
    """At 390 px nothing lies beyond the edge, and the buttons can be met with a thumb."""

    async def body(town: Town, console: Console) -> Any:
        await console.page.set_viewport_size({"width": 390, "height": 844})
        fire = await town.fire(severity=3)
        await town.asked(fire)
        await look_at(console)
        wide = await console.page.evaluate("document.documentElement.scrollWidth")
        low = await console.page.eval_on_selector_all(
            f"{DETAIL} .acts.first .do", "all => all.filter(b => b.offsetHeight).map(b => b.offsetHeight)"
        )
        return wide, low

    wide, low = coordinate(clean_valkey_url, postgres_url, body)
    assert wide == 390
    assert min(low) >= 40


def test_who_may_only_read_is_offered_no_act(postgres_url: str) -> None:
    """An auditor sees the incident, who was asked and why, and no button that would be refused."""

    async def body(console: Console) -> Any:
        why = Words(id="Budi dipilih.", en="Budi was chosen.")
        made = PlanMade(at_us=NOW_US, incident="i-1", chosen=(), others=(), method="", words=(why,))
        await console.there.archived(
            incident("i-1", status="dispatching", opened_us=NOW_US - 60 * S), offered("seen"), made
        )
        await console.enter()
        await console.page.click('[data-tab="incidents"]')
        await console.page.click(".card .row")
        await console.page.wait_for_selector(f"{DETAIL} .asked")
        await press(console, "why")
        shown = await console.page.eval_on_selector_all(
            f"{DETAIL} [data-act], .incident-tools button",
            "all => all.filter(b => b.offsetHeight).map(b => b.dataset.act)",
        )
        return shown, await said(console, "dipilih", f"{DETAIL} .sentences")

    assert browse(postgres_url, body, role="auditor") == (["why"], "Budi dipilih.")
