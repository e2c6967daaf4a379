"""Many coordinators write to one incident at once, over HTTP, with all stages at work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.ronda.house import House, Settable, house

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]
WRITERS = 50
ADDRESS = "/api/v1/incidents"


async def opened(there: House) -> str:
    body = {"kind": "banjir_genangan", "lat": -10.17, "lon": 123.61, "text": "0"}
    answer = (await there.http.post(ADDRESS, json=body, timeout=30)).raise_for_status()
    return f"{ADDRESS}/{answer.json()['id']}"


async def written(there: House, path: str, revision: int, text: str) -> tuple[int, dict[str, Any]]:
    match = {"If-Match": f'"{revision}"'}
    answer = await there.http.patch(path, json={"text": text}, headers=match, timeout=60)
    return answer.status_code, answer.json()


async def at_once(there: House) -> None:
    """All have seen the same version."""
    path = await opened(there)
    answers = await asyncio.gather(*(written(there, path, 1, f"w{n}") for n in range(WRITERS)))
    held = [body for status, body in answers if status == 200]
    refused = [body for status, body in answers if status == 409]
    assert (len(held), len(refused)) == (1, WRITERS - 1)
    assert {(body["newest"]["revision"], body["newest"]["text"]) for body in refused} == {(2, held[0]["text"])}


async def one_after_another(there: House) -> None:
    """Each adds a word to what it has seen, and tries again from what it is told."""

    async def write(path: str, word: str) -> None:
        seen = (await there.http.get(path)).json()
        while True:
            status, body = await written(there, path, seen["revision"], f"{seen['text']} {word}")
            if status == 200:
                return
            assert status == 409, body
            seen = body["newest"]

    path, words = await opened(there), [f"w{n}" for n in range(10)]
    await asyncio.gather(*(write(path, word) for word in words))
    assert sorted((await there.http.get(path)).json()["text"].split()) == sorted(["0", *words])


@pytest.mark.parametrize("body", [at_once, one_after_another])
def test_no_update_is_lost(clean_valkey_url: str, postgres_url: str, tmp_path: Path, body: Any) -> None:
    """Of fifty at once one holds, the others are told the newest version; whoever tries again from it is heard."""

    async def main() -> None:
        async with house(clean_valkey_url, postgres_url, tmp_path, Settable()) as there:
            await body(there)

    asyncio.run(main())
