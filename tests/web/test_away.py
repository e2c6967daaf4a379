"""While you were away: alerts that came too late to be acted on are listed, quietly, until somebody has seen them."""

import pytest

from core.entries import Config
from tests.api.samples import NOW_US, S, alert, live
from tests.api.world import answering
from tests.web.browsing import browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

RULES = Config(section="rules", rows=({"id": "u-1", "name": "Lama di pasar", "fact": "dwell"},))


def late(id_, **given):
    usual = {"kind": "rule", "rule": "u-1", "thread": f"d-{id_}", "dwell": f"d-{id_}", "digest": True}
    return alert(id_, **usual | {"at_us": NOW_US - 7200 * S} | given)


def seen(command):
    return [late("r-1", revision=2, state="acknowledged", by=command.actor)]


def test_late_alerts_are_listed_and_can_be_taken_note_of(postgres_url):
    """How many, which rule, when, which vehicle; one that was seen is gone."""

    async def body(console):
        await console.there.archived(
            late("r-1"), late("a-2", kind="dwell_limit", rule=None, device="t-2"), configs=[RULES]
        )
        await console.there.shown(live("t-1"))
        await console.enter()
        await console.page.wait_for_selector(".away .banner")
        title = await console.text(".away .banner-what")
        await console.page.click(".away .banner .plain")
        await console.page.wait_for_selector(".away li")
        listed = await console.text(".away ul")
        async with answering(console.there, "in.0", seen):
            await console.page.click('.away li:has-text("Lama di pasar") .ack')
            await console.page.wait_for_selector('.away .banner-what:text("1 peringatan")')
        return title, listed, await console.page.query_selector(".banner.alert:visible"), console.errors

    title, listed, loud, errors = browse(postgres_url, body)
    assert title == "Selama Anda tidak ada: 2 peringatan"
    assert "KPG-1" in listed
    assert "06.00" in listed or "06:00" in listed
    assert "Lama di pasar" in listed
    assert "berhenti melewati batas" in listed
    assert loud is None
    assert errors == []
