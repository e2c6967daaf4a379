"""A volunteer's own pages: report, duty, data, by a link alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.errors import UnavailableError
from core.links import PersonLink, signed
from store import offers, photos, read
from tests.api.dispatching import SECRET, Town, in_town, person
from tests.api.pictures import jpeg
from tests.api.samples import NOW_US, S
from tests.api.test_volunteers import BROWSER

pytestmark = pytest.mark.service
REPORT = {"kind": "kebakaran", "severity": "3", "text": "asap <tebal>", "area": "a-1", "key": "k1"}


def link(who: str = "ana", number: int = 0, until_s: int = NOW_US // S + 3600) -> str:
    return f"/l/{signed(SECRET, PersonLink(who, number, until_s))}"


async def sent(town: Town, form: dict[str, str], photo: bytes | None = None, path: str = "", who: str = "ana") -> Any:
    files = {"photo": ("a.jpg", b"" if photo is None else photo, "image/jpeg")}
    return await town.there.client.post(link(who) + path, data=form, files=files)


async def incidents(town: Town) -> list[Any]:
    return (await read.incidents(town.there.deps.pool, limit=100)).rows


def test_the_form_works_without_script_and_is_small(clean_valkey_url: str, postgres_url: str) -> None:
    """Kinds, areas and the camera; kept by nobody on the way; at most 30 kB."""

    async def body(town: Town) -> Any:
        return await town.there.client.get(link())

    page = in_town(clean_valkey_url, postgres_url, body)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert len(page.content) <= 30_000
    for part in ('value="kebakaran"', 'value="a-1"', 'capture="environment"', 'enctype="multipart/form-data"'):
        assert part in page.text


def test_a_report_without_script(clean_valkey_url: str, postgres_url: str) -> None:
    """It is a volunteer's report in the middle of the area, asks nobody, and its page says what becomes of it."""

    async def body(town: Town) -> Any:
        answer = await sent(town, REPORT)
        page = await town.there.client.get(answer.headers["location"])
        (found,) = await incidents(town)
        return answer.status_code, page, found, await town.offers(found.id)

    status, page, found, asked = in_town(clean_valkey_url, postgres_url, body)
    assert (status, page.status_code, asked) == (303, 200, [])
    assert (found.status, found.source, found.severity, found.text) == ("reported", "volunteer", 3, "asap <tebal>")
    assert (found.area, found.placed, found.lon, found.lat) == ("a-1", "area", 123.6, -10.17)
    assert "asap &lt;tebal&gt;" in page.text
    assert "sedang diperiksa" in page.text


def test_what_the_phone_measured_counts_more_than_the_area(clean_valkey_url: str, postgres_url: str) -> None:
    """The place is believed; the area is found by it. An exercise stays one."""

    async def body(town: Town) -> Any:
        await sent(town, REPORT | {"lat": "-10.165", "lon": "123.605", "exercise": "yes"})
        (found,) = await incidents(town)
        return found.lon, found.lat, found.placed, found.area, found.exercise

    assert in_town(clean_valkey_url, postgres_url, body) == (123.605, -10.165, "", "a-1", True)


def test_a_report_sent_twice_is_one(clean_valkey_url: str, postgres_url: str) -> None:
    """By the form's key, whatever else is in it; another key is another report."""

    async def body(town: Town) -> Any:
        answers = [
            await sent(town, REPORT),
            await sent(town, REPORT | {"text": "lagi"}),
            await sent(town, REPORT | {"key": "k2"}),
        ]
        return [a.headers["location"] for a in answers], len(await incidents(town))

    (first, again, other), many = in_town(clean_valkey_url, postgres_url, body)
    assert (first == again, first == other, many) == (True, False, 2)


def test_a_double_tap_is_one_report(clean_valkey_url: str, postgres_url: str) -> None:
    """Both at the same moment, before either was answered."""

    async def body(town: Town) -> Any:
        answers = await asyncio.gather(sent(town, REPORT), sent(town, REPORT))
        return {a.headers["location"] for a in answers}, len(await incidents(town))

    places, many = in_town(clean_valkey_url, postgres_url, body)
    assert (len(places), many) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": ""}, "Pilih dulu apa yang terjadi"),
        ({"kind": "ufo"}, "Pilih dulu apa yang terjadi"),
        ({"severity": "9"}, "seberapa parah"),
        ({"area": ""}, "Di mana?"),
        ({"area": "nowhere"}, "Di mana?"),
        ({"lat": "nan", "lon": "x", "area": ""}, "Di mana?"),
        ({"lat": "50", "lon": "8"}, "di luar Kupang"),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(
    clean_valkey_url: str, postgres_url: str, wrong: dict[str, str], said: str
) -> None:
    """422 with what is wrong; the words are there still, and nothing is opened."""

    async def body(town: Town) -> Any:
        return await sent(town, REPORT | wrong), await incidents(town)

    page, found = in_town(clean_valkey_url, postgres_url, body)
    assert (page.status_code, found) == (422, [])
    assert said in page.text
    assert "asap &lt;tebal&gt;" in page.text
    assert 'value="k1"' not in page.text


def test_a_photo_goes_with_the_report(clean_valkey_url: str, postgres_url: str) -> None:
    """Its bytes are in the archive, without what the camera wrote; another one can follow; who may see it are staff."""

    async def body(town: Town) -> Any:
        raw = jpeg(64, 48, camera="Kamera Rahasia", gps=True)
        answer = await sent(town, REPORT, raw)
        await sent(town, {}, jpeg(80, 60), answer.headers["location"].removeprefix(link()))
        (found,) = await incidents(town)
        where = f"/api/v1/incidents/{found.id}/photos"
        listed = (await town.ask("GET", where)).json()["items"]
        shown = await town.ask("GET", f"{where}/{listed[0]['id']}")
        barred = [await town.ask("GET", f"{where}/{listed[0]['id']}", role) for role in ("volunteer", "leader", None)]
        story = (await town.ask("GET", f"/api/v1/incidents/{found.id}/timeline")).json()["items"]
        return found.photos, listed, shown, [b.status_code for b in barred], [(s["act"], s["who"]) for s in story]

    named, listed, shown, barred, story = in_town(clean_valkey_url, postgres_url, body)
    assert [(shot.sha256, shot.by) for shot in named] == [(row["id"], "ana") for row in listed]
    assert [(row["width"], row["height"]) for row in listed] == [(64, 48), (80, 60)]
    assert (shown.headers["content-type"], shown.headers["cache-control"]) == ("image/jpeg", "no-store")
    assert b"Rahasia" not in shown.content
    assert barred == [403, 403, 401]
    assert ("incident.photo", "ana") in story


@pytest.mark.parametrize(
    ("photo", "said"),
    [(b"GIF89a", "tidak terpakai"), (jpeg(300, 300)[:3000], "tidak terpakai"), (b"x" * (6 << 20), "paling besar 5 MB")],
)
def test_a_bad_photo_loses_no_report(clean_valkey_url: str, postgres_url: str, photo: bytes, said: str) -> None:
    """The report is in, and the page says what is wrong with the photo and takes another one."""

    async def body(town: Town) -> Any:
        page = await sent(town, REPORT, photo)
        (found,) = await incidents(town)
        return page, found.text, found.photos

    page, text, shots = in_town(clean_valkey_url, postgres_url, body)
    assert (page.status_code, text, shots) == (422, "asap <tebal>", ())
    assert said in page.text
    assert 'name="photo"' in page.text


def test_fifty_megabytes_are_not_kept(clean_valkey_url: str, postgres_url: str) -> None:
    """Read and thrown away, so that the browser hears that the report is in."""

    async def body(town: Town) -> Any:
        return (await sent(town, REPORT, b"x" * (50 << 20))).status_code, len(await incidents(town))

    assert in_town(clean_valkey_url, postgres_url, body) == (422, 1)


def test_one_person_reports_so_often_and_no_more(clean_valkey_url: str, postgres_url: str) -> None:
    """Six within ten minutes; another person and ten minutes later go on."""

    async def body(town: Town) -> Any:
        told = [(await sent(town, REPORT | {"key": f"k{n}"})).status_code for n in range(7)]
        told += [
            (await sent(town, REPORT | {"key": "k1"})).status_code,
            (await sent(town, REPORT, who="budi")).status_code,
        ]
        town.there.clock.advance(601 * S)
        return [*told, (await sent(town, REPORT | {"key": "k8"})).status_code]

    found = in_town(clean_valkey_url, postgres_url, body, person("ana"), person("budi"))
    assert found == [303] * 6 + [422, 303, 303] + [303]


def test_nobody_elses_page(clean_valkey_url: str, postgres_url: str) -> None:
    """Too old, changed, made up, a driver's, void by number: 410 whatever is asked; another person's report is 404."""

    async def body(town: Town) -> Any:
        good = link()
        bad = [
            link(until_s=NOW_US // S),
            link("nobody"),
            link(number=1),
            good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        ]
        bad += [f"/l/{signed(SECRET, PersonLink('x', 0, 2**40))}", "/l/x"]
        paths = ("", "/saya", "/data", "/r/c-1")
        told = {(await town.there.client.get(one + path)).status_code for one in bad for path in paths}
        told |= {
            (await town.there.client.post(one + path)).status_code for one in bad for path in ("", "/saya", "/r/c-1")
        }
        told |= {(await town.there.client.put(one + "/push", json=BROWSER)).status_code for one in bad}
        answer = await sent(town, REPORT)
        path = answer.headers["location"].removeprefix(link())
        others = [await town.there.client.get(link("budi") + path), await sent(town, {}, jpeg(), path, "budi")]
        return told, [a.status_code for a in others]

    assert in_town(clean_valkey_url, postgres_url, body, person("ana"), person("budi")) == ({410}, [404, 404])


def test_links_that_were_given_out_are_made_void(clean_valkey_url: str, postgres_url: str) -> None:
    """A coordinator shows the link, then makes it void; the new one opens."""

    async def body(town: Town) -> Any:
        path = "/api/v1/volunteers/ana/link"
        first = (await town.ask("GET", path)).json()
        voided = await town.ask("DELETE", path)
        second = (await town.ask("GET", path)).json()
        told = [(await town.there.client.get(one["url"])).status_code for one in (first, second)]
        kept = await town.ask("PUT", "/api/v1/people/ana", "admin", json={"kind": "volunteer", "name": "Ana B"})
        again = (await town.there.client.get(second["url"])).status_code
        return (
            first,
            voided.status_code,
            told,
            kept.status_code,
            again,
            (await town.ask("GET", path, "auditor")).status_code,
        )

    first, voided, told, kept, again, barred = in_town(clean_valkey_url, postgres_url, body)
    assert first["qr"].startswith("<svg")
    assert (voided, told, kept, again, barred) == (204, [410, 200], 200, 200, 403)


async def pressed(town: Town, **form: str) -> Any:
    return await town.there.client.post(link() + "/saya", data=form)


def test_duty_and_consent_by_buttons(clean_valkey_url: str, postgres_url: str) -> None:
    """Consent comes first; then on duty for eight hours, off, and consent taken back, which ends the duty too."""

    async def body(town: Town) -> Any:
        told = []
        for word in ("on", "consent", "on", "off", "on", "noconsent", "nonsense"):
            answer = await pressed(town, do=word)
            row = await read.registry_row(town.there.deps.pool, "people", "ana")
            assert row is not None
            on = any(a <= NOW_US < b for a, b in row["duty"])
            told.append((word, answer.status_code, row["consent_us"] is not None, on))
        return told, (await town.there.client.get(link() + "/saya")).text

    told, page = in_town(clean_valkey_url, postgres_url, body, person("ana", duty=False, consent_us=None))
    assert told == [
        ("on", 409, False, False), ("consent", 303, True, False), ("on", 303, True, True), ("off", 303, True, False),
        ("on", 303, True, True), ("noconsent", 303, False, False), ("nonsense", 409, False, False),
    ]  # fmt: skip
    assert "Persetujuan" in page
    assert len(page) < 30_000


def test_times_are_the_citys(clean_valkey_url: str, postgres_url: str) -> None:
    """A duty until nine in Kupang is one until a quarter to seven in Kathmandu."""

    async def body(town: Town) -> Any:
        there = town.there.app.state
        pages = [(await town.there.client.get(link() + "/saya")).text]
        there.deps = replace(there.deps, city=replace(there.deps.city, tz="Asia/Kathmandu"))
        pages.append((await town.there.client.get(link() + "/saya")).text)
        return [page.split("bertugas sampai ")[1][:5] for page in pages]

    assert in_town(clean_valkey_url, postgres_url, body) == ["09.00", "06.45"]


def test_being_woken_needs_a_home(clean_valkey_url: str, postgres_url: str) -> None:
    """The area is chosen with the button."""

    async def body(town: Town) -> Any:
        told, nowhere = list[Any](), {"do": "wake", "area": "x" * 9000}
        for form in ({"do": "wake"}, nowhere, {"do": "wake", "area": "a-1"}, {"do": "nowake"}):
            answer = await pressed(town, **form)
            row = await read.registry_row(town.there.deps.pool, "people", "ana")
            assert row is not None
            told.append((answer.status_code, row["wake"], row["area"]))
        return told

    assert in_town(clean_valkey_url, postgres_url, body) == [
        (409, False, None),
        (409, False, None),
        (303, True, "a-1"),
        (303, False, "a-1"),
    ]


def test_the_page_shows_what_was_asked_and_reported(clean_valkey_url: str, postgres_url: str) -> None:
    """A live offer leads to its page."""

    async def body(town: Town) -> Any:
        await town.asked(await town.fire())
        await sent(town, REPORT)
        page = (await town.there.client.get(link() + "/saya")).text
        offer = page.split('href="/o/')[1].split('"')[0]
        return page, (await town.there.client.get(f"/o/{offer}")).status_code

    page, status = in_town(clean_valkey_url, postgres_url, body)
    assert (status, "menunggu jawaban Anda" in page, "sedang diperiksa" in page) == (200, True, True)


def test_the_data_is_a_file_with_reports_and_photos(clean_valkey_url: str, postgres_url: str) -> None:
    """All that is kept, as the person said it."""

    async def body(town: Town) -> Any:
        await sent(town, REPORT, jpeg())
        return (await town.there.client.get(link() + "/data")).json()

    told = in_town(clean_valkey_url, postgres_url, body)
    (report,) = [word for word in told["said"] if word["kind"] == "incident.open"]
    assert (told["person"]["id"], report["body"]["text"]) == ("ana", "asap <tebal>")
    assert [shot["incident"] for shot in told["photos"]] == [report["id"]]


def test_a_person_erases_themselves(clean_valkey_url: str, postgres_url: str) -> None:
    """Only with the box ticked, and not while they are expected; then the link opens nothing, and no photo of what is
    over is left.
    """

    async def body(town: Town) -> Any:
        await sent(town, REPORT, jpeg())
        offer = await town.asked(await town.fire())
        told = [
            (await pressed(town, do="erase")).status_code,
            (await pressed(town, do="erase", sure="yes")).status_code,
        ]
        await town.press(town.link(offer), answer="decline")
        for found in await incidents(town):
            await town.act(found.id, "cancel")
        told += [(await pressed(town, do="erase", sure="yes")).status_code]
        told += [(await town.there.client.get(link())).status_code]
        return (
            told,
            await photos.taken_by(town.there.deps.pool, "ana"),
            await photos.taken_by(town.there.deps.pool, "terhapus"),
        )

    assert in_town(clean_valkey_url, postgres_url, body, geo=True) == ([409, 409, 200, 410], [], [])


def test_a_browser_is_told_by_the_link_alone(clean_valkey_url: str, postgres_url: str) -> None:
    """From the own page and from an offer's; what is no subscription is refused; one button ends them all."""

    async def body(town: Town) -> Any:
        other = BROWSER | {"endpoint": "https://push.example/y"}
        offer = town.link(await town.asked(await town.fire()))
        asked = [
            (link(), BROWSER),
            (offer, other),
            (link(), BROWSER | {"endpoint": "http://push.example"}),
            (link(), {}),
        ]
        told = [(await town.there.client.put(f"{path}/push", json=sent)).status_code for path, sent in asked]
        many = len(await offers.pushes_of(town.there.deps.pool, "ana"))
        await pressed(town, do="nopush")
        return told, many, await offers.pushes_of(town.there.deps.pool, "ana")

    assert in_town(clean_valkey_url, postgres_url, body) == ([204, 204, 422, 422], 2, [])


def test_when_the_engine_is_away_the_words_stay(clean_valkey_url: str, postgres_url: str) -> None:
    """503 with the form as it was and its key, so that the next press is the same report."""

    async def body(town: Town) -> Any:
        commands = town.there.app.state.commands

        class Away:
            """A log that does not answer."""

            async def append(self, *_: Any) -> None:
                raise UnavailableError("Valkey does not answer")

        commands._log, log = Away(), commands._log
        first = await sent(town, REPORT)
        commands._log = log
        return first, (await sent(town, REPORT)).status_code, len(await incidents(town))

    page, status, many = in_town(clean_valkey_url, postgres_url, body)
    assert (page.status_code, status, many) == (503, 303, 1)
    assert "asap &lt;tebal&gt;" in page.text
    assert 'value="k1"' in page.text
