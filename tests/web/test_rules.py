"""Alerts of rules on the console: by the name of the rule, until somebody takes them."""

import pytest

from core.entries import Config
from tests.api.samples import alert, live
from tests.api.world import answering
from tests.web.browsing import browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

RULES = Config(
    section="rules", rows=({"id": "r-1", "name": "Masuk pasar", "fact": "inside", "subjects": ["zone:pasar"]},)
)
RULED = {"kind": "rule", "device": "t-2", "dwell": None, "rule": "r-1", "thread": "s-1", "spell": "s-1"}


async def ruled(console, *alerts):
    """A rule of that name, its alerts, and the vehicle that they are about; signed in."""
    await console.there.archived(*alerts, configs=[RULES])
    await console.there.shown(live("t-2", motion="moving", area="k-1"))
    await console.enter()


def test_a_rules_alert_is_named_by_its_rule(postgres_url):
    """In the banner and in the list: who, which rule, where, since when, and how often it was told."""

    async def body(console):
        await ruled(console, alert("a-1", **RULED, level=2))
        await console.page.wait_for_selector('.banner.alert .banner-what:has-text("Oesapa")')
        await console.page.click(".ruled .row")
        await console.page.wait_for_selector(".detail .ruled b")
        banner, row = await console.text(".banner.alert"), await console.text(".list .ruled .row")
        return banner, row.split("\n"), await console.text(".detail .ruled .row"), console.errors

    banner, row, detail, errors = browse(postgres_url, body)
    assert banner.startswith("KPG-2 · Masuk pasar · Oesapa")
    assert "tingkat 2 · sejak 07:59" in banner
    assert row == ["KPG-2", "tingkat 2", "Masuk pasar · sejak 07:59 · Oesapa"]
    assert detail.startswith("Masuk pasar")
    assert errors == []


def taken(command):
    return [alert("a-1", **RULED, revision=2, state="acknowledged", by=command.actor)]


def test_a_rules_alert_can_be_taken(postgres_url):
    """By the key; the banner and the row go."""

    async def body(console):
        async with answering(console.there, "in.0", taken) as seen:
            await ruled(console, alert("a-1", **RULED))
            await console.page.wait_for_selector(".ruled .ack:visible")
            await console.page.keyboard.press("a")
            await console.page.wait_for_selector(".ruled .row", state="detached")
            return [command.kind for command in seen], await console.page.is_visible(".banner.alert")

    assert browse(postgres_url, body) == (["alert.ack"], False)


def test_one_cause_is_one_alert(postgres_url):
    """The limit's and the rule's alert of a thread are shown once, by the rule's name."""

    async def body(console):
        await ruled(console, alert("a-1", **RULED), alert("a-2", **RULED | {"rule": "r-2"}, level=3))
        await console.page.wait_for_selector(".ruled .row")
        return await console.text(".list .ruled"), await console.page.is_visible(".banner-more")

    row, more = browse(postgres_url, body)
    assert "r-2" in row
    assert "Masuk pasar" not in row
    assert more is False
