"""Days of the calendar and tasks are written like every registry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import World
from tests.api.writing import in_writing_world

pytestmark = pytest.mark.service
TASK = {
    "name": "Market", "lon": 123.6, "lat": -10.2, "radius_m": 80.0, "from": "2026-01-05T06:00:00+08:00",
    "until": "2026-01-05T09:00:00+08:00", "vehicle": "v1",
}  # fmt: skip


def test_a_task_is_written_and_read(postgres_url: str) -> None:
    """Under the names of the other registries: its span in times, not in microseconds."""

    async def body(there: World) -> Any:
        put = await there.ask("PUT", "/api/v1/tasks/t1", json=TASK)
        return put.status_code, (await there.get("/api/v1/tasks/t1")).json()

    assert in_writing_world(postgres_url, body) == (201, {"id": "t1", **TASK})


def test_a_day_is_its_id(postgres_url: str) -> None:
    """A holiday is put under its date; what is no day is refused."""

    async def body(there: World) -> Any:
        put = await there.ask("PUT", "/api/v1/calendar/2026-12-25", json={"name": "Natal"})
        wrong = await there.ask("PUT", "/api/v1/calendar/2026-02-30", json={})
        return put.status_code, wrong.status_code, (await there.get("/api/v1/calendar")).json()["items"]

    status, wrong, items = in_writing_world(postgres_url, body)
    assert (status, wrong) == (201, 422)
    assert items == [{"id": "2026-12-25", "name": "Natal", "kind": "holiday"}]
