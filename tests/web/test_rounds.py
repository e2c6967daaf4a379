"""The page "today's rounds": the roll, coverage, figures and recurring places, as the real reports answer."""

import datetime as dt

import msgspec
import pytest

from api.reporting import Reporter
from store import days
from tests.api.samples import NOW_US
from tests.api.test_reports import morning, said
from tests.geo.books import DEPOT, service, spell, stay
from tests.web.browsing import browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

LATE_AND_MISSED = (
    service("p1", 391),
    spell("trip", 300, 60, distance_m=9000.0),
    spell("visit", 440, 5, subject="place:tpa"),
)


async def look(console, *rows, **given):
    """The small city of `tests.geo.books` at eight in the morning; signed in, the page opened by its key."""
    await morning(console.there, *rows, **given)
    await console.enter()
    await console.page.keyboard.press("r")
    await console.page.wait_for_selector(".status-bar i")
    await console.page.wait_for_selector(".roll .row")


def test_the_roll_names_who_is_missing(postgres_url):
    """Counts as chips; by name who was never heard and who still stands at the depot; a chip lists the others."""

    async def body(console):
        await look(console, stay(300, 180, place=DEPOT))
        chips = await console.text(".rounds .chips")
        rows = await console.page.locator(".roll .row").all_inner_texts()
        await console.page.click('.rounds .chip[data-doing="never_seen"]')
        await console.page.wait_for_selector(".roll .row >> nth=1", state="detached")
        return chips.split("\n"), rows, await console.text(".roll"), console.errors

    chips, rows, only, errors = browse(postgres_url, body)
    assert (chips[:2], chips[4:6]) == (["1", "belum terdengar"], ["1", "di depo"])
    assert [row.split("\n") for row in rows] == [
        ["v2", "t2 belum pernah mengirim posisi"],
        ["v1", "di depo · sejak 05:00"],
    ]
    assert only.startswith("v2")
    assert errors == []


def test_the_roll_of_a_quarter_past_six_is_one_click_away(postgres_url):
    """Now it drives; then it stood at the depot."""

    async def body(console):
        await look(console, stay(300, 80, place=DEPOT))
        now = await console.text(".rounds .chip[data-doing=depot] b")
        await console.page.click('.switch button:text("06:15")')
        await console.page.wait_for_selector('.band .sub:text("pukul 06:15")')
        return now, await console.text(".rounds .chip[data-doing=depot] b")

    assert browse(postgres_url, body) == ("0", "1")


def test_who_was_never_heard_leads_to_the_reason(postgres_url):
    """There is nothing to show on the map, so the page that says why opens."""

    async def body(console):
        await look(console)
        await console.page.click('.roll .row:has-text("v2")')
        await console.page.wait_for_selector(".checks li")
        return await console.text(".answer h3")

    assert browse(postgres_url, body).startswith("t2")


def test_a_round_opens_to_its_missed_points(postgres_url):
    """One bar, told in words for those who see no colours; behind it the point, and that nobody came near."""

    async def body(console):
        await look(console, *LATE_AND_MISSED)
        bar = await console.page.get_attribute(".routes .status-bar", "aria-label")
        await console.page.click(".routes .row")
        await console.page.wait_for_selector(".behind .row")
        return bar, await console.text(".behind"), await console.text(".status-key"), await console.text(".figures")

    bar, point, key, figures = browse(postgres_url, body)
    assert bar == "1 terlambat, 1 terlewat"
    assert point.split("\n") == ["TPS 2", "terlewat · seharusnya 07:00 · tidak ada yang mendekat"]
    assert "1 terlewat" in key
    assert "0 tidak diketahui" in key
    assert "9,0 km" in figures
    assert figures.endswith("ritase ke TPA\n1")


def test_what_nobody_heard_is_not_missed(postgres_url):
    """A tracker that was off: unknown, since when, with another word and another pattern."""

    async def body(console):
        await look(console, minutes=(100, 200))
        await console.page.click(".routes .row")
        await console.page.wait_for_selector(".behind .row")
        kinds = await console.page.eval_on_selector_all(
            ".routes .status-bar i", "all => all.map(i => i.dataset.status)"
        )
        return kinds, await console.page.locator(".behind .row").all_inner_texts(), await console.text(".status-key")

    kinds, points, key = browse(postgres_url, body)
    assert kinds == ["unknown"]
    assert points[0].split("\n") == [
        "TPS 1",
        "tidak diketahui · tanpa titik 04:30\u201308:00; mungkin ke sana · seharusnya 06:00",
    ]
    assert "0 terlewat" in key


def test_places_that_recur_take_the_map_there(postgres_url):
    """Whose, how often, how long; the page stays, and the place is marked."""

    async def body(console):
        await look(console, stay(500 - 1440, 60), stay(520 - 2880, 20), stay(300, 30))
        await console.page.click(".haunts .row")
        await console.page.wait_for_selector(".spot")
        said = await console.text(".haunts .row")
        await console.page.keyboard.press("Escape")
        await console.page.wait_for_selector(".rounds", state="hidden")
        return said, await console.page.locator(".spot").count()

    said, marks = browse(postgres_url, body)
    assert "v1" in said
    assert "3 kali pada 3 hari" in said
    assert "1 j 50 mnt" in said
    assert marks == 0


def test_a_stall_of_every_tuesday_says_so(postgres_url):
    """Four Mondays of the last thirty days: the weekday, the hour, how often, how many trucks, how long."""

    async def body(console):
        await look(console, *(stay(300 - 7 * 1440 * week, 60) for week in range(4)))
        return await console.text(".haunts .row")

    assert browse(postgres_url, body).split("\n")[1:3] == ["v1", "tiap Senin sekitar 05:00 · 4 kali"]


def test_a_route_that_nobody_drove_is_named(postgres_url):
    """By its name, with the reason; one whose day it is not is no trouble."""
    routes = [
        {"id": "r1", "name": "Satu", "points": ["p1", "p2"], "due_min": [360, 420]},
        {"id": "r2", "name": "Pasar Inpres", "points": ["p1", "p2"]},
        {"id": "r3", "name": "Minggu pagi", "points": ["p1"], "days": [7]},
    ]

    async def body(console):
        await look(console, *LATE_AND_MISSED, routes=routes)
        return await console.text(".undriven"), await console.page.locator(".rounds .note:visible").all_inner_texts()

    undriven, notes = browse(postgres_url, body)
    assert undriven.split("\n") == ["Pasar Inpres", "tidak ada kendaraan · 2 titik"]
    assert "Tidak dijadwalkan hari ini: Minggu pagi" in notes


async def closed_sunday(there):
    """Yesterday with one point served late; closed, and corrected afterwards."""
    day, late = dt.date(2026, 1, 4), service("p1", 391 - 1440)
    await morning(there, late, minutes=range(300 - 1440, 480 - 1440))
    await days.begin_closing(there.deps.pool, day)

    async def report():
        return await Reporter(there.deps.pool).made(day, NOW_US)

    await days.close(there.deps.pool, day, days.span_of(day, there.deps.zone), report, now_us=NOW_US)
    await there.archived(said(msgspec.structs.replace(late, state="retracted", revision=2)))


def test_a_closed_day_says_so(postgres_url):
    """Yesterday, by the arrow: frozen, and how many rows were corrected since."""

    async def body(console):
        await closed_sunday(console.there)
        await console.enter()
        await console.page.click(".rounds-open")
        await console.page.click('.day-picker button[aria-label="Sehari sebelumnya"]')
        await console.page.wait_for_selector(".tag.closed:visible")
        await console.page.wait_for_selector(".routes .status-bar i")
        return await console.text(".day-picker"), await console.text(".sum"), await console.text(".rounds h2 >> nth=0")

    picked, sums, title = browse(postgres_url, body)
    assert "ditutup · 1 koreksi sesudahnya" in picked
    assert "kemarin · Min, 4 Jan" in picked
    assert "1 terlambat" in sums
    assert title == "Ronda"


def test_the_page_in_english_on_a_phone(postgres_url):
    """All of it fits 360 pixels, in the second language too."""

    async def body(console):
        await console.page.set_viewport_size({"width": 360, "height": 740})
        await look(console, *LATE_AND_MISSED, stay(500 - 1440, 60), stay(520 - 2880, 20), stay(330, 30))
        await console.page.wait_for_selector(".haunts .row")
        await console.page.evaluate("document.querySelector('.topbar .lang').click()")
        await console.page.wait_for_selector('.rounds h2:text("Today\'s rounds")')
        wide = await console.page.evaluate("document.querySelector('.rounds-body').scrollWidth")
        return wide, await console.text(".status-key"), console.errors

    wide, key, errors = browse(postgres_url, body)
    assert wide == 360
    assert "1 missed" in key
    assert errors == []
