"""`GET /api/v1/chain`: what an auditor notes down."""

from __future__ import annotations

from typing import Any

import pytest

from store import chain
from store.inputs import ends
from tests.api.world import World, in_world
from tests.ronda.floods import archived

pytestmark = pytest.mark.service


def test_the_newest_sealed_block_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To auditors and leaders, and again by its number; the one that still grows is not told."""
    monkeypatch.setattr(chain, "SEAL_LEAVES", 1000)

    async def body(there: World) -> Any:
        empty = (await there.get("/api/v1/chain", "auditor")).status_code
        await archived(there.deps.pool)
        _, last = await ends(there.deps.pool)
        newest = (await there.get("/api/v1/chain", "leader")).json()
        codes = [(await there.get(f"/api/v1/chain/{no}", "auditor")).status_code for no in (0, last, last + 1)]
        by_no = (await there.get(f"/api/v1/chain/{last - 1}", "auditor")).json()
        return empty, last, newest, by_no, codes, (await there.get("/api/v1/chain", "driver")).status_code

    empty, last, newest, by_no, codes, driver = in_world(postgres_url, body)
    assert (empty, codes, driver) == (404, [200, 404, 404], 403)
    assert (newest["no"], newest["anchor"]) == (last - 1, f"{last - 1}:{newest['digest']}")
    assert newest == by_no
