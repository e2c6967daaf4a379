"""What people say of a stop on the console: its purpose, a reason in words, and what follows."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from core.entries import Config
from ronda.adopt import Registrar
from store.memory import MemoryLog
from tests.api.samples import NOW_US, changed, dwell, live, open_dwell
from tests.api.writing import PARTITIONS, archiving
from tests.web.browsing import browse

pytestmark = [pytest.mark.service, pytest.mark.browser]

STALL = open_dwell("d-1", device="t-1", why="none", purpose="unexplained")
STANDING = live("t-1", dwell=STALL)


@asynccontextmanager
async def judging(console):
    """A registry that takes labels, and a truck that stands without explanation; its form open in the list of stops."""
    deps = console.there.deps
    async with archiving(deps.log, deps.pool):
        register = Registrar(deps.log, deps.pool, deps.clock, PARTITIONS)
        console.there.app.state.deps = console.there.deps = replace(deps, register=register)
        await console.there.archived(changed(STALL, "open"))
        await console.there.shown(STANDING)
        await console.enter()
        await console.page.keyboard.press("2")
        await console.page.click(".dwells .say-ask")
        await console.page.wait_for_selector(".say-form")
        yield


def test_a_row_tells_why_and_what_was_said(postgres_url):
    """The word of the rules in the language in use, the driver's reason in theirs; in the vehicle's details as well."""

    async def body(console):
        row = dwell("d-2", device="t-1", purpose="unlabelled", why="off_shift", reason="ban bocor")
        await console.there.shown(live("t-1", motion="moving"))
        await console.enter()
        await console.there.archived(changed(row))
        await console.page.keyboard.press("2")
        await console.page.wait_for_selector(".dwells .stop")
        row_said = await console.text(".dwells .stop")
        await console.page.click(".dwells .stop")
        await console.page.wait_for_selector(".detail .stop")
        return row_said, await console.text(".detail .stop"), await console.text(".detail .say-ask"), console.errors

    in_list, in_detail, button, errors = browse(postgres_url, body)
    assert "di luar jam kerja" in in_list
    assert "ban bocor" in in_list
    assert "di luar jam kerja" in in_detail
    assert "ban bocor" in in_detail
    assert (button, errors) == ("Ubah keterangan", [])


def test_two_people_said_two_things(postgres_url):
    """Who labelled, today; whose reason it is, yesterday: each with the time."""
    label = {"id": "d-2", "device": "t-1", "purpose": "allowed", "by": "sari", "at_us": NOW_US, "reason": "ban bocor"}
    label |= {"reason_by": "budi", "reason_at_us": NOW_US - 86_400_000_000}

    async def body(console):
        await console.enter()
        row = dwell("d-2", device="t-1", purpose="allowed", why="label", reason="ban bocor")
        await console.there.archived(changed(row), configs=[Config(section="labels", rows=(label,))])
        await console.page.keyboard.press("2")
        await console.page.wait_for_selector(".dwells .stop-by")
        return await console.text(".dwells .stop")

    said = browse(postgres_url, body)
    assert "dinilai sari, 08:00" in said
    assert said.endswith("ban bocor\nbudi, 4 Jan 08:00")


def test_a_stop_that_goes_on_tells_it_too(postgres_url):
    """By the live row, without asking the archive."""

    async def body(console):
        said = open_dwell("d-1", device="t-1", why="queue", purpose="allowed", reason="antre")
        await console.there.shown(live("t-1", dwell=said))
        await console.enter()
        await console.page.click(".unit .row")
        await console.page.wait_for_selector(".detail .stop")
        return await console.text(".detail .parts"), await console.text(".detail .stop")

    parts, stop = browse(postgres_url, body)
    assert parts.startswith("antrean TPA · terpantau 30 mnt")
    assert "antre" in stop.split("\n")[-1]


def test_a_supervisor_judges_a_stop(postgres_url):
    """Chosen and written in the form; sent as a label, and shown at once."""

    async def body(console):
        async with judging(console):
            await console.page.click('.say-form label:has-text("diizinkan")')
            await console.page.fill('.say-form [name="reason"]', "menunggu suku cadang")
            await console.page.keyboard.press("Enter")
            await console.page.wait_for_selector(".say-form", state="detached")
            sent = [url.rsplit("/", 1)[1] for url in console.requests if url.endswith(("/label", "/reason"))]
            return sent, await console.text(".dwells .stop"), console.errors

    sent, row, errors = browse(postgres_url, body, log=MemoryLog())
    assert sent == ["label"]
    assert "diizinkan" in row
    assert "dinilai sari, 08:00" in row
    assert row.endswith("menunggu suku cadang\nsari, 08:00")
    assert errors == []


def test_who_may_not_judge_gives_a_reason(postgres_url):
    """A coordinator's form has words only; the purpose stays."""

    async def body(console):
        async with judging(console):
            choices = await console.page.locator(".say-form fieldset").count()
            await console.page.fill('.say-form [name="reason"]', "ban bocor")
            await console.page.click(".say-form .go")
            await console.page.wait_for_selector('.stop-said:text("ban bocor")')
            sent = [url.rsplit("/", 1)[1] for url in console.requests if url.endswith(("/label", "/reason"))]
            return choices, sent, await console.text(".dwells .tag")

    found = browse(postgres_url, body, log=MemoryLog(), role="coordinator")
    assert found == (0, ["reason"], "belum ada keterangan")


def test_nothing_said_is_nothing_to_send(postgres_url):
    """Neither a purpose nor a word: the button waits; escape puts the form away and nothing else."""

    async def body(console):
        async with judging(console):
            waits = await console.page.is_disabled(".say-form .go")
            await console.page.keyboard.press("Escape")
            await console.page.wait_for_selector(".say-form", state="detached")
            return waits, await console.page.is_visible(".dwells .stop")

    assert browse(postgres_url, body, log=MemoryLog()) == (True, True)


def test_a_refusal_is_said_in_the_form(postgres_url):
    """The stop was retracted meanwhile: the API's own words, and what was written stays."""

    async def body(console):
        async with judging(console):
            gone = dwell("d-1", device="t-1", state="retracted", revision=9)
            await console.there.archived(changed(gone, "retract"))
            await console.page.fill('.say-form [name="reason"]', "ban bocor")
            await console.page.click(".say-form .go")
            await console.page.wait_for_selector(".say-form .bad:visible")
            return await console.text(".say-form .bad"), await console.page.input_value('.say-form [name="reason"]')

    said, kept = browse(postgres_url, body, log=MemoryLog())
    assert said.startswith("Belum tersimpan: ")
    assert len(said) > len("Belum tersimpan: ")
    assert kept == "ban bocor"


def test_who_may_say_nothing_has_no_button(postgres_url):
    """An auditor reads."""

    async def body(console):
        await console.there.shown(STANDING)
        await console.enter()
        await console.page.keyboard.press("2")
        await console.page.wait_for_selector(".dwells .stop")
        return await console.page.is_visible(".say-ask")

    assert browse(postgres_url, body, role="auditor") is False
