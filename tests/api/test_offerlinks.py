"""A volunteer's page for one offer: no script, no password, and looking at it answers nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest

from tests.api.dispatching import Town, in_town
from tests.api.pictures import jpeg
from tests.api.samples import NOW_US, S
from tests.api.writing import said

pytestmark = pytest.mark.service


def test_looking_answers_nothing(clean_valkey_url: str, postgres_url: str) -> None:
    """A messenger fetches the link for its preview: the offer stays as it was. The page is small and kept by nobody."""

    async def body(town: Town) -> Any:
        incident = await town.fire(text="asap <tebal>")
        offer = await town.asked(incident)
        page = await town.there.client.get(town.link(offer))
        await town.there.client.head(town.link(offer))
        return page, (await town.offers(incident))[0].revision

    page, revision = in_town(clean_valkey_url, postgres_url, body)
    assert (page.status_code, revision) == (200, 1)
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert len(page.content) <= 30_000
    assert re.findall("<script[^>]*>[^<]*", page.text) == ['<script src="/phone/push.js" defer>']  # works without it
    assert "Kebakaran: bisa datang?" in page.text
    assert "asap &lt;tebal&gt;" in page.text
    for word in ("accept", "accept_in", "decline", "decline_today"):
        assert f'value="{word}"' in page.text


def test_a_quick_phone_waits_for_the_archive(clean_valkey_url: str, postgres_url: str) -> None:
    """Its link is there before the archive knows the offer: the page waits a little; of one that never was, says so."""

    async def body(town: Town) -> Any:
        offer = await town.asked(await town.fire())
        coming = msgspec.structs.replace(offer, id=f"{offer.incident}.99")
        page = asyncio.create_task(town.there.client.get(town.link(coming)))
        await asyncio.sleep(0.3)
        waits = not page.done()
        await said(town.there, coming)
        never = await town.there.client.get(town.link(msgspec.structs.replace(offer, id="never.1")))
        return waits, (await page).status_code, never.status_code

    assert in_town(clean_valkey_url, postgres_url, body) == (True, 200, 503)


def test_from_yes_to_gone_by_buttons(clean_valkey_url: str, postgres_url: str) -> None:
    """Each button leads back to the page, which then has the next one; an answer that comes too late is told so."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        link, told = town.link(await town.asked(incident)), []
        for form in ({"answer": "accept_in", "minutes": 10}, {"answer": "arrived"}, {"answer": "left"}):
            pressed = await town.press(link, **form)
            page = await town.there.client.get(pressed.headers["location"])
            told.append((pressed.status_code, (await town.offers(incident))[0].state, 'value="left"' in page.text))
        late = await town.press(link, answer="accept")
        return told, late.status_code, "Sudah berubah" in late.text, (await town.offers(incident))[0].minutes

    told, late, said, minutes = in_town(clean_valkey_url, postgres_url, body)
    assert told == [(303, "accepted", False), (303, "arrived", True), (303, "released", False)]
    assert (late, said, minutes) == (409, True, 10)


def test_a_button_pressed_twice_is_no_quarrel(clean_valkey_url: str, postgres_url: str) -> None:
    """The second time leads to the page as the first did, and changes nothing."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        link = town.link(await town.asked(incident))
        pressed = [await town.press(link, answer="accept") for _ in range(2)]
        return [p.status_code for p in pressed], (await town.offers(incident))[0].revision

    assert in_town(clean_valkey_url, postgres_url, body) == ([303, 303], 2)


def test_who_looked_says_what_they_saw(clean_valkey_url: str, postgres_url: str) -> None:
    """Their word verifies the report, and stands in it."""

    async def body(town: Town) -> Any:
        incident = await town.fire(text="asap")
        await town.act(incident, "look", count=1)
        offer = (await town.offers(incident))[0]
        page = await town.there.client.get(town.link(offer))
        pressed = await town.press(town.link(offer), answer="real", text="api besar")
        told = (await town.ask("GET", f"/api/v1/incidents/{incident}")).json()
        return "Tolong lihat" in page.text, pressed.status_code, told["status"], told["text"], told["verified_by"]

    assert in_town(clean_valkey_url, postgres_url, body) == (True, 303, "verified", "asap\napi besar", ["ana"])


@pytest.mark.parametrize(("photo", "status", "many"), [(jpeg(), 303, 1), (b"GIF89a", 200, 0)])
def test_who_looked_adds_a_photo(
    clean_valkey_url: str, postgres_url: str, photo: bytes, status: int, many: int
) -> None:
    """It goes to the incident; a bad one is said, and the answer counts all the same."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        await town.act(incident, "look", count=1)
        link = town.link((await town.offers(incident))[0])
        pressed = await town.there.client.post(
            link, data={"text": "api", "answer": "real"}, files={"photo": ("a", photo)}
        )
        told = (await town.ask("GET", f"/api/v1/incidents/{incident}")).json()
        return (
            pressed.status_code,
            "fotonya tidak" in pressed.text,
            told["status"],
            [shot["by"] for shot in told["photos"]],
        )

    found = in_town(clean_valkey_url, postgres_url, body)
    assert found == (status, status == 200, "verified", ["ana"] * many)


def test_the_pages_script_says_that_it_was_seen(clean_valkey_url: str, postgres_url: str) -> None:
    """Which looking alone does not; said once more, or after the answer, it changes nothing."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        link, told = town.link(await town.asked(incident)), []
        for word in ("seen", "seen", "accept", "seen"):
            pressed = await town.press(link, answer=word)
            told.append((pressed.status_code, (await town.offers(incident))[0].state))
        return told

    found = in_town(clean_valkey_url, postgres_url, body)
    assert found == [(303, "seen"), (303, "seen"), (303, "accepted"), (303, "accepted")]


def test_a_link_that_is_not_ours_opens_nothing(clean_valkey_url: str, postgres_url: str) -> None:
    """Too old, of somebody else, changed in one letter, or made up: told so, and nothing is done."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        offer = await town.asked(incident)
        good = town.link(offer)
        changed = good[:-3] + ("A" if good[-3] != "A" else "B") + good[-2:]
        bad = [town.link(offer, until_s=NOW_US // S), changed, "/o/x", "/o/" + "A" * 90]
        asked = [await town.there.client.get(link) for link in bad] + [
            await town.press(link, answer="accept") for link in bad
        ]
        foreign = await town.press(town.link(offer, person="budi"), answer="accept")
        return {a.status_code for a in asked}, foreign.status_code, (await town.offers(incident))[0].state

    assert in_town(clean_valkey_url, postgres_url, body) == ({410}, 409, "offered")


@pytest.mark.parametrize(
    "form", [{}, {"answer": "x"}, {"answer": "accept_in"}, {"answer": "accept_in", "minutes": "-5"}, {"minutes": "5"}]
)
def test_what_is_no_answer_enters_no_log(clean_valkey_url: str, postgres_url: str, form: dict[str, str]) -> None:
    """422, whatever the form holds."""

    async def body(town: Town) -> Any:
        offer = await town.asked(await town.fire())
        before = await town.runtime.log.length("dispatch.in")
        answer = await town.press(town.link(offer), **form)
        return answer.status_code, await town.runtime.log.length("dispatch.in") - before

    status, written = in_town(clean_valkey_url, postgres_url, body)
    assert (status, written <= 1) == (422, True)  # a tick may come between
