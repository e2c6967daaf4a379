"""The console in Chromium, and the moment at which it shows that somebody comes to an incident."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page, async_playwright

FLAGS = (
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--no-sandbox",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
# A card is known by its incident, else by the text of its report; the frame after its words changed is when a person
# can read them.
WATCH = """([mark, word]) => {
  window.shown = {};
  const look = () => {
    for (const row of document.querySelectorAll("[data-incident], li")) {
      const text = row.textContent;
      if (!text.includes(word)) continue;
      const key = row.dataset.incident ?? new RegExp(mark).exec(text)?.[0];
      if (key && !(key in window.shown)) {
        window.shown[key] = 0;
        requestAnimationFrame(() => setTimeout(() => { window.shown[key] = Date.now(); }));
      }
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
MARK, WORD = "laporan [0-9]{4}", "relawan menuju lokasi"


@dataclass(slots=True)
class Screen:
    """A page that notes when."""

    page: Page

    async def shown(self) -> dict[str, float]:
        """By incident or text of its report: when the page showed that somebody comes, in seconds."""
        seen: dict[str, int] = await self.page.evaluate("window.shown")
        return {key: at_ms / 1000 for key, at_ms in seen.items() if at_ms}


@asynccontextmanager
async def screen(link: str) -> AsyncIterator[Screen]:
    """The list of incidents, open."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="id-ID")
        await page.goto(link)
        await page.wait_for_selector('.link[data-link="live"]', timeout=20_000)
        await page.get_by_role("tab", name="Kejadian").click()
        await page.evaluate(WATCH, [MARK, WORD])
        yield Screen(page)
        await browser.close()
