"""The page that says why a device is not on the map, and takes in those that nobody registered."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from core.codec import encode
from core.entries import Config
from core.fixes import Fixes, Flag
from core.heard import HEARD, Heard
from ronda.adopt import Registrar
from store.memory import MemoryLog
from tests.api.samples import NOW_US, S, live
from tests.api.writing import PARTITIONS, archiving, configured
from tests.web.browsing import browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

FLEET = [
    Config(section="devices", rows=({"id": "t-2", "cls": "truck"},)),
    Config(section="vehicles", rows=({"id": "KPG-2", "plate": "DH 8123 AB"}, {"id": "KPG-9", "plate": "DH 9 XY"})),
]
LIAR = Heard(
    device="t-2",
    received_us=NOW_US - 90 * S,
    source="door",
    topic="ronda/v1/t-2/fix",
    dialect="native",
    payload=b'{"lat": -10.2}',
    fixes=1,
    time_us=NOW_US - 120 * S,
    lon=123.6,
    lat=-10.2,
    flags=int(Flag.MOCK | Flag.JUMP),
    clock_error_s=-30.0,
    lateness_s=4.0,
)
STRANGER = Fixes.of(
    ["new-1"],
    device=[0, 0],
    time_us=[NOW_US - 20 * S, NOW_US - 10 * S],
    received_us=[NOW_US - 19 * S, NOW_US - 9 * S],
    lon=[123.6, 123.61],
    lat=[-10.2, -10.2],
    dialect=[1, 1],
)


async def ask(console, words):
    """Sign in, open the page by its key and ask."""
    await console.enter()
    await console.page.keyboard.press("w")
    await console.page.wait_for_selector(".why-form input:focus")
    await console.page.fill(".why-form input", words)


@asynccontextmanager
async def registering(console):
    """A registry that can be written, and a stranger that spoke."""
    deps = console.there.deps
    async with archiving(deps.log, deps.pool):
        register = Registrar(deps.log, deps.pool, deps.clock, PARTITIONS)
        console.there.app.state.deps = replace(deps, register=register)
        console.there.deps = console.there.app.state.deps
        await configured(console.there, *FLEET)
        await deps.log.append([("held", encode(STRANGER))])
        yield


def test_a_plate_leads_to_the_device_and_what_is_wrong_with_it(postgres_url):
    """Every check with its remedy, the message as it came, its flags and what its clock is worth."""

    async def body(console):
        await console.there.archived(configs=FLEET)
        await console.there.deps.log.note({HEARD + "t-2": msgspec.msgpack.encode(LIAR)}, 3600)
        await console.there.shown(live("t-2"))
        await ask(console, "dh8123")
        await console.page.click(".suggestions .row")
        await console.page.wait_for_selector(".checks li")
        verdict = await console.page.get_attribute(".verdict", "data-ok")
        wrong = await console.page.locator('.checks [data-ok="no"] .check-remedy').count()
        await console.page.click(".heard summary")
        return await console.text(".answer"), verdict, wrong, console.errors

    said, verdict, wrong, errors = browse(postgres_url, body)
    assert said.startswith("t-2 · KPG-2")
    assert (verdict, errors) == ("false", [])
    assert wrong >= 1
    assert "lokasi palsu (mock)" in said
    assert "lompatan mustahil" in said
    assert "pintu MQTT · ronda/v1/t-2/fix · native" in said
    assert "lebih lambat 30 dtk" in said
    assert '{"lat": -10.2}' in said


def test_an_id_that_nobody_registered_is_answered_too(postgres_url):
    """Typed and sent by the enter key, in the second language as well."""

    async def body(console):
        await ask(console, "no-such-device")
        await console.page.keyboard.press("Enter")
        await console.page.wait_for_selector(".checks li")
        first = await console.text(".verdict")
        await console.page.click(".topbar .lang")
        return first, await console.text(".verdict"), await console.text(".why h2")

    assert browse(postgres_url, body) == ("Belum terdaftar.", "Not registered.", "Why is it not on the map?")


def test_a_vehicle_without_a_device_is_told_so(postgres_url):
    """Its plate is not taken for the id of a device."""

    async def body(console):
        await console.there.archived(configs=FLEET)
        await ask(console, "DH 9 XY")
        await console.page.click(".suggestions .row")
        await console.page.wait_for_selector('.answer h3:text("KPG-9")')
        return await console.text(".answer")

    said = browse(postgres_url, body)
    assert said.startswith("KPG-9 · DH 9 XY")
    assert "Tidak ada perangkat yang dipasang" in said


def test_who_is_silent_has_a_way_to_ask(postgres_url):
    """From its details, for that device; escape closes the page and nothing else."""

    async def body(console):
        await console.there.shown(live("t-2", motion="moving", time_us=NOW_US - 900 * S))
        await console.enter()
        await console.page.click(".unit .row")
        await console.page.click(".last-known .link-button")
        await console.page.wait_for_selector(".checks li")
        asked = await console.text(".answer h3")
        await console.page.keyboard.press("Escape")
        await console.page.wait_for_selector(".why", state="hidden")
        return asked, await console.page.is_visible(".detail")

    assert browse(postgres_url, body) == ("t-2 · KPG-2", True)


def test_a_stranger_is_taken_in_with_its_fixes(postgres_url):
    """The panel says that somebody waits; the form registers it, with its vehicle, and it leaves the list."""

    async def body(console):
        async with registering(console):
            await ask(console, "")
            await console.page.wait_for_selector(".held li")
            waiting = await console.text(".search .badge"), await console.text(".held li")
            await console.page.click(".held .strong")
            await console.page.fill('.adopt input[name="name"]', "Truk baru")
            await console.page.fill('.adopt input[name="vehicle"]', "KPG-9")
            await console.page.click(".adopt .go")
            await console.page.wait_for_selector(".held li", state="detached")
            device = await console.there.get("/api/v1/devices/new-1")
            return waiting, device.json()["name"], await joined(console), console.errors

    (badge, row), name, vehicles, errors = browse(postgres_url, body, log=MemoryLog())
    assert badge == "1"
    assert "new-1" in row
    assert "native · 2 titik" in row
    assert (name, vehicles, errors) == ("Truk baru", ["KPG-9"], [])


async def joined(console):
    rows = (await console.there.get("/api/v1/assignments")).json()["items"]
    return [row["vehicle"] for row in rows if row["device"] == "new-1"]


def test_a_refusal_is_said_where_it_was_asked(postgres_url):
    """A vehicle that is not there: the API's own words, and the stranger keeps waiting."""

    async def body(console):
        async with registering(console):
            await ask(console, "")
            await console.page.click(".held .strong")
            await console.page.fill('.adopt input[name="vehicle"]', "KPG-77")
            await console.page.click(".adopt .go")
            await console.page.wait_for_selector(".adopt .bad:visible")
            return await console.text(".adopt .bad"), await console.page.is_visible(".held li")

    said, waits = browse(postgres_url, body, log=MemoryLog())
    assert "KPG-77" in said
    assert waits is True


def test_who_may_not_register_may_still_look(postgres_url):
    """A coordinator sees who waits and has no button to take it in."""

    async def body(console):
        async with registering(console):
            await ask(console, "")
            await console.page.wait_for_selector(".held li")
            await asyncio.sleep(0.1)
            return await console.page.is_visible(".held .strong")

    assert browse(postgres_url, body, log=MemoryLog(), role="coordinator") is False
