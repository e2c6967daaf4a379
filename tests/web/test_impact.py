"""A coordinator enters what an incident did, in a real browser with a session cookie."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.dispatching import Town, in_town
from tests.api.world import served
from tests.web.browsing import NO_GL, opened

pytestmark = [pytest.mark.service, pytest.mark.browser]


def test_a_form_posts_with_the_cookie(clean_valkey_url: str, postgres_url: str) -> None:
    """From the report by its button to the form, and back to a report that has the figure."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        async with served(town.there) as host, opened(town.there, host, "coordinator", NO_GL) as console:
            page = console.page
            await page.goto(console.link)
            await page.goto(f"http://{host}/api/v1/incidents/{incident}/report")
            await page.click("text=Isi dampak")
            await page.get_by_label("Meninggal").fill("2")
            await page.click("text=Simpan")
            await page.wait_for_url("**/report?kind=berkala")
            return await page.inner_text("tr:has-text('Meninggal') td")

    assert in_town(clean_valkey_url, postgres_url, body) == "2"
