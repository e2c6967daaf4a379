"""The phone's pages in a real browser of a phone's size: on a poor network, with a photo, and told by push."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright

from core.events import IncidentChanged
from core.links import PersonLink, signed
from store import photos, read
from tests.api.dispatching import SECRET, Town, in_town
from tests.api.pictures import jpeg
from tests.api.samples import NOW_US, S
from tests.api.world import served

pytestmark = [pytest.mark.service, pytest.mark.browser]
HERE = {"latitude": -10.165, "longitude": 123.605, "accuracy": 12}


class Phone(NamedTuple):
    town: Town
    context: BrowserContext
    page: Page
    home: str  # the person's own page
    host: str

    async def reports(self) -> list[IncidentChanged]:
        return (await read.incidents(self.town.there.deps.pool, limit=10)).rows

    async def fill(self) -> None:
        await self.page.goto(self.home)
        await self.page.select_option('[name="kind"]', "kebakaran")
        await self.page.select_option('[name="area"]', "a-1")
        await self.page.fill('[name="text"]', "asap tebal")


@asynccontextmanager
async def phone(town: Town, **options: Any) -> AsyncIterator[Phone]:
    """A browser with a phone's screen, that may say where it is."""
    async with served(town.there) as host, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        given = {"viewport": {"width": 390, "height": 800}, "geolocation": HERE, "permissions": ["geolocation"]}
        context = await browser.new_context(**given | options)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        token = signed(SECRET, PersonLink("ana", 0, NOW_US // S + 3600))
        try:
            yield Phone(town, context, page, f"http://{host}/l/{token}", f"http://{host}")
        finally:
            await browser.close()


def on_phone(valkey: str, postgres: str, body: Callable[[Phone], Awaitable[Any]], **options: Any) -> Any:
    async def main(town: Town) -> Any:
        async with phone(town, **options) as one:
            return await body(one)

    return in_town(valkey, postgres, main)


def test_a_report_where_the_phone_is_with_a_photo_made_smaller(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """The place is the phone's; of a 12 megapixel photo some hundred kilobytes are sent."""
    (tmp_path / "a.jpg").write_bytes(jpeg(4000, 3000))

    async def body(one: Phone) -> Any:
        sizes: list[int] = []
        one.page.on("request", lambda r: sizes.append(int(r.headers.get("content-length", 0))) if r.method == "POST" else None)
        await one.fill()
        await one.page.click("#here")
        await one.page.wait_for_selector('#where:has-text("12 m")')
        await one.page.set_input_files('[name="photo"]', tmp_path / "a.jpg")
        await one.page.wait_for_selector('#state:has-text("Foto siap")')
        await one.page.click("form button:not([type])")
        await one.page.wait_for_url("**/r/*")
        (found,) = await one.reports()
        (shot,) = found.photos
        size = (await photos.sizes(one.town.there.deps.pool, [shot.sha256]))[shot.sha256]
        return found.lon, found.lat, found.text, size, await one.page.inner_text("h1")

    found = on_phone(clean_valkey_url, postgres_url, body)
    assert found == (123.605, -10.165, "asap tebal", (1280, 960), "Laporan masuk")


def test_without_script_all_the_same(clean_valkey_url: str, postgres_url: str) -> None:
    """Form, answer, own page, duty: by plain forms."""

    async def body(one: Phone) -> Any:
        await one.fill()
        await one.page.click("form button:not([type])")
        await one.page.wait_for_url("**/r/*")
        await one.page.click('a:has-text("Halaman saya")')
        await one.page.click('button[value="off"]')
        return await one.page.inner_text("h2 >> nth=0"), len(await one.reports())

    assert on_phone(clean_valkey_url, postgres_url, body, java_script_enabled=False) == ("Tidak bertugas / Off duty", 1)


def test_a_photo_that_is_too_large_loses_no_words(clean_valkey_url: str, postgres_url: str, tmp_path: Path) -> None:
    """Without script nothing makes it smaller: the browser hears that the report is in, and the photo is not."""
    (tmp_path / "a.jpg").write_bytes(jpeg(800, 600) + bytes(9 << 20))

    async def body(one: Phone) -> Any:
        await one.fill()
        await one.page.set_input_files('[name="photo"]', tmp_path / "a.jpg")
        await one.page.click("form button:not([type])")
        told = await one.page.inner_text('[role="alert"]')
        (found,) = await one.reports()
        return "paling besar 5 MB" in told, found.text, found.photos

    found = on_phone(clean_valkey_url, postgres_url, body, java_script_enabled=False)
    assert found == (True, "asap tebal", ())


def test_what_was_typed_outlives_the_network_and_the_page(
    clean_valkey_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """Sent while there is no network it is kept; the page closed and opened again sends it by itself, once."""
    (tmp_path / "a.jpg").write_bytes(jpeg(800, 600))

    async def body(one: Phone) -> Any:
        await one.fill()
        await one.page.set_input_files('[name="photo"]', tmp_path / "a.jpg")
        await one.page.wait_for_selector('#state:has-text("Foto siap")')
        await one.context.set_offline(True)
        await one.page.click("form button:not([type])")
        await one.page.wait_for_selector('#state:has-text("Belum terkirim")')
        before = len(await one.reports())
        await one.page.close()
        await one.context.set_offline(False)
        again = await one.context.new_page()
        await again.goto(one.home)
        await again.wait_for_url("**/r/*")
        left = await again.evaluate("localStorage.length")
        await again.goto(one.home)
        (found,) = await one.reports()
        return before, found.text, len(found.photos), left, await again.input_value('[name="text"]')

    assert on_phone(clean_valkey_url, postgres_url, body) == (0, "asap tebal", 1, 0, "")


def test_a_draft_comes_back(clean_valkey_url: str, postgres_url: str) -> None:
    """A page that is loaded anew before anything was sent has what was typed."""

    async def body(one: Phone) -> Any:
        await one.fill()
        await one.page.check('[name="severity"][value="3"]')
        await one.page.reload()
        return await one.page.input_value('[name="text"]'), await one.page.is_checked('[name="severity"][value="3"]')

    assert on_phone(clean_valkey_url, postgres_url, body) == ("asap tebal", True)


def test_what_is_wrong_is_said_and_the_photo_stays(clean_valkey_url: str, postgres_url: str, tmp_path: Path) -> None:
    """Sent without a place: the page says so, and once corrected the report has its photo."""
    (tmp_path / "a.jpg").write_bytes(jpeg(80, 60))

    async def body(one: Phone) -> Any:
        await one.fill()
        await one.page.select_option('[name="area"]', "")
        await one.page.set_input_files('[name="photo"]', tmp_path / "a.jpg")
        await one.page.wait_for_selector('#state:has-text("Foto siap")')
        await one.page.click("form button:not([type])")
        told = await one.page.inner_text('[role="alert"]')
        await one.page.select_option('[name="area"]', "a-1")
        await one.page.click("form button:not([type])")
        await one.page.wait_for_url("**/r/*")
        (found,) = await one.reports()
        return told.split("\n")[0], found.text, len(found.photos)

    told, text, many = on_phone(clean_valkey_url, postgres_url, body)
    assert (told, text, many) == ("Di mana? Tekan “Pakai lokasi HP”, atau pilih kelurahan.", "asap tebal", 1)


def test_a_phone_elsewhere_chooses_the_area(clean_valkey_url: str, postgres_url: str) -> None:
    """What was measured lies outside the city: it is not sent again, the area counts then."""

    async def body(one: Phone) -> Any:
        await one.fill()
        await one.page.click("#here")
        await one.page.wait_for_selector('#where:has-text("12 m")')
        await one.page.click("form button:not([type])")
        told = await one.page.inner_text('[role="alert"]')
        await one.page.click("form button:not([type])")
        await one.page.wait_for_url("**/r/*")
        (found,) = await one.reports()
        return "di luar" in told, found.placed, found.text

    far = {"latitude": -8.65, "longitude": 115.2, "accuracy": 12}
    assert on_phone(clean_valkey_url, postgres_url, body, geolocation=far) == (True, "area", "asap tebal")


def test_the_page_of_an_offer_is_seen(clean_valkey_url: str, postgres_url: str) -> None:
    """By whoever has it before their eyes, not by a messenger that fetches it for a preview."""

    async def body(one: Phone) -> Any:
        incident = await one.town.fire()
        link = one.town.link(await one.town.asked(incident))
        await one.town.there.client.get(link)
        before = (await one.town.offers(incident))[0].state
        async with one.page.expect_response(lambda r: r.request.method == "POST"):
            await one.page.goto(one.host + link)
        return before, (await one.town.offers(incident))[0].state

    assert on_phone(clean_valkey_url, postgres_url, body) == ("offered", "seen")


async def pushed(one: Phone, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Have the browser's own push machinery deliver this to our worker; what it shows then."""
    devtools = await one.context.new_cdp_session(one.page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if not found.done():
                found.set_result(each["registrationId"])

    devtools.on("ServiceWorker.workerRegistrationUpdated", note)
    await devtools.send("ServiceWorker.enable")
    await one.page.evaluate("""async () => {
        const found = await navigator.serviceWorker.register("/phone/worker.js");
        while (!found.active) await new Promise((done) => setTimeout(done, 20));
    }""")
    push = {"origin": one.host, "registrationId": await found, "data": json.dumps(told)}
    await devtools.send("ServiceWorker.deliverPushMessage", push)
    return await one.page.evaluate("""async () => {
        const found = await navigator.serviceWorker.getRegistration("/phone/worker.js");
        for (let n = 0; n < 200; n++) {
            const shown = await found.getNotifications();
            if (shown.length) return shown.map(({title, body, tag, data}) => ({title, body, tag, link: data.link}));
            await new Promise((done) => setTimeout(done, 20));
        }
        return [];
    }""")


def test_a_push_is_shown_with_its_link(clean_valkey_url: str, postgres_url: str) -> None:
    """Title and words of the notice; a newer word about the same offer takes its place."""

    async def body(one: Phone) -> Any:
        await one.page.goto(f"{one.home}/saya")
        told = {"title": "Kebakaran: bisa datang?", "body": "Oebobo.", "offer": "c-1.2", "link": f"{one.host}/o/x"}
        return await pushed(one, told), one.host

    permissions = ["geolocation", "notifications"]
    shown, host = on_phone(clean_valkey_url, postgres_url, body, permissions=permissions)
    assert shown == [{"title": "Kebakaran: bisa datang?", "body": "Oebobo.", "tag": "c-1.2", "link": f"{host}/o/x"}]


def test_a_browser_that_cannot_be_told_says_so(clean_valkey_url: str, postgres_url: str) -> None:
    """The button is there where the server sends by Web Push; refused by the person, the page says it in words."""

    async def body(one: Phone) -> Any:
        app = one.town.there.app
        await one.page.goto(f"{one.home}/saya")
        before = await one.page.is_visible("#push")
        app.state.deps = replace(app.state.deps, push_key="BPo")
        await one.page.reload()
        await one.page.click("#push")
        await one.page.wait_for_selector('#pushed:has-text("tidak diizinkan")')
        return before, await one.page.is_visible("#push")

    assert on_phone(clean_valkey_url, postgres_url, body, permissions=[]) == (False, True)
