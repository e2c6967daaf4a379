"""The console in a real Chromium, in front of a running application (tests.api.world)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page, Request, async_playwright

from core.entries import Config
from store import credentials
from tests.api.samples import NOW_US
from tests.api.world import World, served, world
from tests.web.tree import STATIC

SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
NO_GL = ("--disable-gpu", "--disable-3d-apis")

SQUARE = [[[[123.55, -10.25], [123.65, -10.25], [123.65, -10.15], [123.55, -10.15], [123.55, -10.25]]]]
TOWN = [
    Config(section="areas", rows=({"id": "k-1", "name": "Oesapa", "polygons": SQUARE},)),
    Config(section="city", rows=({"id": "streets", "lines": [[[123.56, -10.2], [123.64, -10.2]]]},)),
    Config(
        section="assignments",
        rows=tuple(
            {"id": f"a-{n}", "device": f"t-{n}", "vehicle": f"KPG-{n}", "from_us": 0, "until_us": None}
            for n in (1, 2, 3)
        ),
    ),
]


@dataclass
class Console:
    """A browser on the console; `there` is the application behind it."""

    there: World
    page: Page
    address: str
    link: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def enter(self) -> None:
        """Sign in by the link and wait for live data."""
        await self.page.goto(self.link)
        await self.page.wait_for_selector('.link[data-link="live"]')

    async def text(self, selector: str) -> str:
        return await self.page.inner_text(selector)


def browse(
    postgres_url: str,
    body: Callable[[Console], Awaitable[Any]],
    *,
    role: str = "supervisor",
    flags: tuple[str, ...] = SOFTWARE_GL,
    **given: Any,
) -> Any:
    """Run `body(console)`."""

    async def main() -> Any:
        async with asyncio.timeout(50), world(postgres_url, static_dir=STATIC, **given) as there, served(there) as host:
            await there.archived(configs=TOWN)
            await there.app.state.hub.name_vehicles()
            async with opened(there, host, role, flags) as console:
                return await body(console)

    return asyncio.run(main())


@asynccontextmanager
async def opened(there: World, host: str, role: Any, flags: tuple[str, ...]) -> AsyncIterator[Console]:
    secret = await credentials.create_link(there.deps.pool, role=role, subject="sari", now_us=NOW_US)
    chromium = shutil.which("chromium") or "chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *flags])
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(15_000)
        console = Console(there, page, f"http://{host}/", f"http://{host}/?token={secret}")
        page.on("request", lambda request: _noted(console, request))
        page.on("pageerror", lambda error: console.errors.append(str(error)))
        try:
            yield console
        finally:
            await browser.close()


def _noted(console: Console, request: Request) -> None:
    console.requests.append(request.url)
