"""A call for help on the console: at once, for everybody who may act, until a person takes it."""

import time

import pytest

from tests.api.samples import NOW_US, S, alert, live
from tests.api.world import answering
from tests.web.browsing import browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

CALL = alert("s-1", kind="sos", device="t-2", dwell=None, at_us=NOW_US - 60 * S)
CALLING = live("t-2", motion="moving", speed_mps=10.0, course_deg=90.0, area="k-1", alert=True, sos="s-1")


def taken(command):
    return [alert("s-1", kind="sos", device="t-2", dwell=None, revision=2, state="acknowledged", by=command.actor)]


def test_it_is_on_the_console_within_a_second(postgres_url):
    """From the archive's entry to the glass: who, where, when it was pressed; the tab says so too."""

    async def body(console):
        await console.there.shown(live("t-2", motion="moving", area="k-1"))
        await console.enter()
        await console.page.wait_for_selector('.unit[data-band="moving"]')
        before = time.monotonic()
        await console.there.archived(CALL)
        await console.page.wait_for_selector(".sos li")
        took_s = time.monotonic() - before
        await console.page.wait_for_selector('.sos-where:text("Oesapa")')
        return took_s, await console.text(".sos"), await console.page.title(), console.errors

    took_s, said, title, errors = browse(postgres_url, body)
    assert took_s < 1.0
    assert "SOS" in said
    assert "KPG-2" in said
    assert "Oesapa" in said
    assert "ditekan 07:59 · 1 mnt lalu" in said
    assert title.endswith("SOS KPG-2")
    assert errors == []


def test_it_needs_no_archive(postgres_url):
    """The live row alone shows it, so a database that is away hides no call."""

    async def body(console):
        await console.there.shown(CALLING)
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        return await console.text(".sos"), await console.text('.unit[data-band="alert"] .what')

    said, row = browse(postgres_url, body)
    assert "KPG-2" in said
    assert row.startswith("Tombol darurat ditekan")


def test_it_needs_no_position_on_the_map(postgres_url):
    """A device that was never heard before its call is shown where it called."""

    async def body(console):
        await console.there.archived(alert("s-9", kind="sos", device="new-phone", dwell=None))
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        await console.page.click(".sos .plain")
        return await console.text(".sos"), console.errors

    said, errors = browse(postgres_url, body)
    assert "new-phone" in said
    assert errors == []


@pytest.mark.parametrize("role", ["supervisor", "coordinator"])
def test_a_person_takes_it(postgres_url, role):
    """It stays over reloads until somebody says that they look after it; then it is gone, also before the row knows."""

    async def body(console):
        await console.there.archived(CALL)
        await console.there.shown(CALLING)
        await console.enter()
        await console.page.reload()
        await console.page.wait_for_selector(".sos .ack")
        async with answering(console.there, "in.0", taken) as seen:
            await console.page.click(".sos .ack")
            await console.page.wait_for_selector(".sos", state="hidden")
        return seen, await console.page.title()

    seen, title = browse(postgres_url, body, role=role)
    assert [(c.kind, c.actor, c.body["alert"], c.body["kind"]) for c in seen] == [("alert.ack", "sari", "s-1", "sos")]
    assert title == "Ronda"


def test_taken_elsewhere_it_is_gone_here(postgres_url):
    """One person is enough: the others' consoles learn of it by the event."""

    async def body(console):
        await console.there.archived(CALL)
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        await console.there.archived(
            alert(
                "s-1", kind="sos", device="t-2", dwell=None, revision=2, state="acknowledged", by="budi", at_us=NOW_US
            )
        )
        await console.page.wait_for_selector(".sos", state="hidden")

    browse(postgres_url, body)


def test_who_may_not_act_sees_it_all_the_same(postgres_url):
    """An auditor has no button, but is not kept in the dark."""

    async def body(console):
        await console.there.archived(CALL)
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        return await console.page.is_visible(".sos .ack")

    assert browse(postgres_url, body, role="auditor") is False


def test_it_makes_no_sound_before_a_gesture_and_says_so(postgres_url):
    """The browser allows none: the button offers it; after a click it can be hushed, and the banner stays."""

    async def body(console):
        await console.there.archived(CALL)
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        locked = await console.text(".sos-foot .plain")
        await console.page.click(".sos-foot .plain")
        await console.page.wait_for_selector('.sos-foot .plain:text("Diamkan suara")')
        await console.page.click(".sos-foot .plain")
        await console.page.wait_for_selector(".sos-foot .plain", state="hidden")
        return locked, await console.page.is_visible(".sos li")

    assert browse(postgres_url, body) == ("Nyalakan suara", True)


def test_the_letter_that_takes_stops_takes_no_call(postgres_url):
    """A call for help is never taken by a slip of the finger."""

    async def body(console):
        await console.there.archived(CALL)
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        await console.page.keyboard.press("a")
        asked = [url for url in console.requests if url.endswith("/ack")]
        return asked, await console.page.is_visible(".sos li")

    assert browse(postgres_url, body) == ([], True)


def test_every_call_can_be_reached_on_a_phone(postgres_url):
    """The newest stands there; the others come with a click, also those whose device has no row."""

    async def body(console):
        await console.page.set_viewport_size({"width": 390, "height": 844})
        await console.there.archived(CALL, alert("s-9", kind="sos", device="new-phone", dwell=None, at_us=NOW_US - S))
        await console.enter()
        await console.page.wait_for_selector(".sos li")
        first = await console.text(".sos ul")
        await console.page.click(".sos .banner-more")
        await console.page.wait_for_selector(".sos li >> nth=1")
        return first, await console.text(".sos ul")

    first, both = browse(postgres_url, body)
    assert "new-phone" in first
    assert "KPG-2" not in first
    assert "KPG-2" in both
