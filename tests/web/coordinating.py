"""The console of a coordinator in a real Chromium, before a dispatch, an archive and volunteers that are at work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import expect

from tests.api.dispatching import Town, in_town
from tests.api.world import served
from tests.web.browsing import SOFTWARE_GL, Console, opened
from tests.web.tree import STATIC

Body = Callable[[Town, Console], Awaitable[Any]]


def coordinate(valkey: str, postgres: str, body: Body, *people: dict[str, Any], **given: Any) -> Any:
    """Run `body(town, console)` with a coordinator signed in and the incidents in sight."""

    async def main(town: Town) -> Any:
        async with served(town.there) as host, opened(town.there, host, "coordinator", SOFTWARE_GL) as console:
            await enter(console)
            return await body(town, console)

    return in_town(valkey, postgres, main, *people, static_dir=STATIC, **given)


async def enter(console: Console) -> None:
    """By the link, to the list of incidents."""
    await console.enter()
    await console.page.click('[data-tab="incidents"]')


async def look_at(console: Console, which: str = "") -> None:
    """Open the details of an incident, by a selector of its card."""
    card = f".card{which}"
    await console.page.click(f"{card} .row")
    await console.page.wait_for_selector(".incident-detail .now")
    await said(console, await console.text(f"{card} b"), ".incident-detail h2")


async def said(console: Console, words: str, within: str) -> str:
    """Wait until these words stand there; all that stands there then."""
    place = console.page.locator(f"{within}:visible").first
    await expect(place).to_contain_text(words, timeout=20_000)
    return await place.inner_text()
