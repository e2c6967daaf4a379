"""The console as a supervisor meets it: in a browser, on a running application."""

import asyncio

import pytest

from tests.api.samples import NOW_US, S, alert, changed, dwell, incident, live, open_dwell, stray
from tests.api.world import answering
from tests.web.browsing import NO_GL, browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

STALL = open_dwell(alert=True, area="k-1", silent_s=1200.0, observed_s=600.0, last_us=NOW_US - 1200 * S)
STALLED = live("t-1", alert=True, dwell=STALL, area="k-1", time_us=NOW_US - 1200 * S, since_us=NOW_US - 1800 * S)
MOVING = live("t-2", motion="moving", speed_mps=10.0, course_deg=90.0, area="k-1")
QUIET = live("t-3", motion="moving", time_us=NOW_US - 400 * S)
PHONE = live("p-1", cls="phone")


async def stalled(console):
    """A truck that stands past its limit, one that moves, one that fell silent, a volunteer; signed in."""
    await console.there.archived(changed(STALL, "limit"), alert())
    await console.there.shown(STALLED, MOVING, QUIET, PHONE)
    await console.enter()
    await console.page.wait_for_selector(".banner.alert .ack")


def test_a_visitor_without_a_link_sees_how_to_get_one_and_no_data(postgres_url):
    """The page explains the link; nothing of the fleet was answered."""

    async def body(console):
        await console.page.goto(console.address)
        words = await console.text(".signin")
        return words, await console.there.get("/api/v1/positions", None)

    words, refused = browse(postgres_url, body)
    assert "sepuluh menit" in words
    assert refused.status_code == 401


def test_a_used_link_says_so(postgres_url):
    """And the address no longer carries the secret."""

    async def body(console):
        await console.page.goto(f"{console.address}?token={'x' * 43}")
        return await console.text(".signin .wrong"), console.page.url

    said, url = browse(postgres_url, body)
    assert "sudah dipakai atau kedaluwarsa" in said
    assert "token" not in url


def test_what_needs_attention_comes_first(postgres_url):
    """Alert, then silence, then the moving, then people; the address bar holds no secret."""

    async def body(console):
        await stalled(console)
        rows = await console.page.eval_on_selector_all(".unit .row-title b", "rows => rows.map(row => row.textContent)")
        return rows, console.page.url, console.address, console.errors

    rows, url, address, errors = browse(postgres_url, body)
    assert rows == ["KPG-1", "KPG-3", "KPG-2", "p-1"]
    assert (url, errors) == (address, [])


def test_the_alert_tells_how_long_why_and_what_was_not_heard(postgres_url):
    """Thirty minutes, twenty of them without a fix, no explanation."""

    async def body(console):
        await stalled(console)
        return await console.text(".banner.alert"), await console.text('.unit[data-band="alert"] .what')

    banner, row = browse(postgres_url, body)
    assert "KPG-1 berhenti 30 mnt · Oesapa" in banner
    assert "belum ada keterangan" in banner
    assert row == "Berhenti 30 mnt · tanpa titik 20 mnt · Oesapa"


def test_taking_an_alert_on_puts_it_away(postgres_url):
    """The click is a command; the banner goes when its effect is known, and the row says who took it."""

    def effect(command):
        return [alert(revision=2, state="acknowledged", by=command.actor, at_us=NOW_US)]

    async def body(console):
        await stalled(console)
        async with answering(console.there, "in.0", effect) as seen:
            await console.page.click(".banner.alert .ack")
            await console.page.wait_for_selector('.unit[data-band="handled"]')
        return seen, await console.text('.unit[data-band="handled"]'), await console.page.is_visible(".banner.alert")

    seen, row, banner = browse(postgres_url, body)
    assert [(c.kind, c.actor) for c in seen] == [("alert.ack", "sari")]
    assert "ditangani oleh sari" in row
    assert banner is False


def test_a_new_position_reaches_the_glass(postgres_url):
    """The map says which fix of which device it has painted."""
    listen = """() => { window.seen = new Promise(done => document.addEventListener("ronda:painted", event => {
        const hit = event.detail.units.find(([device]) => device === "t-2"); if (hit) done(hit); })); }"""

    async def body(console):
        await stalled(console)
        await console.page.evaluate(listen)
        await console.there.shown(live("t-2", motion="moving", time_us=NOW_US, lon=123.61))
        return await console.page.evaluate("window.seen")

    assert browse(postgres_url, body) == ["t-2", NOW_US // 1000]


def test_a_click_shows_the_last_two_hours(postgres_url):
    """By keyboard: down to a row, enter; escape closes."""

    async def body(console):
        await console.there.archived(changed(dwell("d-2", area="k-1", device="t-2")))
        await stalled(console)
        await console.page.focus('.unit[data-band="silent"] .row')
        await console.page.keyboard.press("ArrowDown")
        await console.page.keyboard.press("Enter")
        await console.page.wait_for_selector(".detail .stop")
        said = await console.text(".detail")
        await console.page.keyboard.press("Escape")
        await console.page.wait_for_selector(".detail", state="hidden")
        return said

    said = browse(postgres_url, body)
    assert "KPG-2" in said
    assert "36 km/j" in said
    assert "06:50" in said


def test_a_lost_connection_is_said_and_the_map_is_dated(postgres_url):
    """The server goes away: the console says from when its picture is."""

    async def body(console):
        await stalled(console)
        await console.page.context.set_offline(True)
        await console.page.wait_for_selector('.link[data-link="lost"]')
        frozen = await console.text(".banner.frozen")
        await console.page.context.set_offline(False)
        await console.page.wait_for_selector('.link[data-link="live"]')
        return frozen

    assert "keadaan pukul 08:00" in browse(postgres_url, body)


def test_the_console_speaks_english_too(postgres_url):
    """One click, kept for the next visit."""

    async def body(console):
        await stalled(console)
        await console.page.click(".topbar .lang")
        now = await console.text(".banner.alert")
        await console.page.reload()
        await console.page.wait_for_selector(".tabs")
        return now, await console.text(".tabs")

    banner, tabs = browse(postgres_url, body)
    assert "KPG-1 stopped for 30 min · Oesapa" in banner
    assert "Attention" in tabs


def test_nothing_is_fetched_from_anywhere_else(postgres_url):
    """No tile server, no font, no script of another host: it works on an island."""

    async def body(console):
        await stalled(console)
        await console.page.wait_for_selector(".maplibregl-canvas")
        await asyncio.sleep(0.5)
        return console.address, console.requests

    address, requests = browse(postgres_url, body)
    ours = (address, address.replace("http", "ws"), "blob:", "data:")
    assert [url for url in requests if not url.startswith(ours)] == []


def test_without_webgl_the_lists_are_all_there(postgres_url):
    """A machine that cannot draw the map still shows what needs attention, side by side."""

    async def body(console):
        await stalled(console)
        return await console.text(".no-map"), await console.text(".panel")

    notice, lists = browse(postgres_url, body, flags=NO_GL)
    assert "WebGL 2" in notice
    assert "KPG-1" in lists
    assert "Sedang berlangsung" in lists


def test_the_demo_can_be_flooded(postgres_url):
    """The button opens an exercise with water on the ground, and asks for volunteers at once."""

    def effect(command):
        if command.kind == "incident.open":
            return [incident(command.id, status="reported", exercise=True)]
        return [incident(command.body["id"], status="dispatching", exercise=True, revision=2)]

    async def body(console):
        await stalled(console)
        await console.page.keyboard.press("3")
        async with answering(console.there, "dispatch.in", effect) as seen:
            await console.page.click(".flood")
            await console.page.wait_for_selector('.card[data-exercise] [data-status="dispatching"]')
        return seen, await console.text(".drill-banner:visible")

    (opened, asked), drill = browse(postgres_url, body, role="coordinator", demo=True)
    assert (opened.kind, opened.body["kind"], opened.body["exercise"]) == ("incident.open", "flood", True)
    assert opened.body["hazard"]["depth_cm"] == 25
    assert (asked.kind, asked.body["id"], asked.body["revision"]) == ("incident.dispatch", opened.id, 1)
    assert drill == "LATIHAN: bukan kejadian nyata"


@pytest.mark.parametrize(("role", "ack", "flood"), [("auditor", False, False), ("coordinator", True, True)])
def test_a_role_is_offered_only_what_it_may_do(postgres_url, role, ack, flood):
    """A button that would be refused is not shown."""

    async def body(console):
        await console.there.archived(changed(STALL, "limit"), alert())
        await console.there.shown(STALLED, MOVING)
        await console.enter()
        await console.page.wait_for_selector(".banner.alert")
        shown = await console.page.is_visible(".ack")
        await console.page.keyboard.press("3")
        await console.page.wait_for_selector('[data-tab="incidents"][aria-selected="true"]')
        return shown, await console.page.is_visible(".flood")

    assert browse(postgres_url, body, role=role, demo=True) == (ack, flood)


def test_a_truck_with_a_wrong_clock_is_said_to_have_one(postgres_url):
    """It stands where it says that it is; nothing is said of a stop; the page that says why is one click away."""

    async def body(console):
        parked = live("t-1", dwell=open_dwell(area="k-1"), area="k-1", stray=stray(lon=123.61))
        await console.there.shown(parked, MOVING)
        await console.enter()
        row = await console.text(".unit .what")
        await console.page.click(".unit .row")
        await console.page.wait_for_selector('.detail .state:text("Jam alat mundur")')
        shown = await console.text(".detail .now")
        return row, shown, await console.text(".detail .facts")

    row, now, facts = browse(postgres_url, body)
    assert row == "Jam alat mundur 24 j"
    assert "waktunya mundur: jamnya salah atau ia mengirim simpanan lama" in now
    assert "Berhenti" not in now
    assert "-10.15000, 123.61000" in facts
