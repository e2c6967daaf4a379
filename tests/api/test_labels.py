"""Labels of stops: who may say what, and where it is kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from api.sayings import judge_of, spoken, teller_of
from core.entities import Label
from core.entries import Config
from core.events import DwellChanged
from store import joins
from tests.api.samples import NOW_US, dwell
from tests.api.world import World
from tests.api.writing import configured, in_writing_world, said

pytestmark = pytest.mark.service
DRIVER = "driver@test"  # the subject of the driver's token
LABEL, REASON = "/api/v1/dwells/{}/label", "/api/v1/dwells/{}/reason"


def in_town(postgres_url: str, body: Any) -> Any:
    """A stop of the driver's truck, one of another's, one of a phone, one that was retracted."""
    rows = (
        {"id": "j1", "device": "t-1", "vehicle": "v1", "from_us": 0},
        {"id": "j2", "vehicle": "v1", "person": DRIVER, "from_us": 0},
    )

    async def main(there: World) -> Any:
        await configured(there, Config(section="assignments", rows=rows))
        stops = (
            dwell("d-1"), dwell("d-2", device="t-2"), dwell("d-3", device="hp", cls="phone"),
            dwell("d-4", state="retracted", merged_into="d-1"),
        )  # fmt: skip
        await said(there, *(DwellChanged(at_us=NOW_US, cause="close", row=row) for row in stops))
        return await body(there)

    return in_writing_world(postgres_url, main)


async def labels(there: World, dwell_id: str = "d-1") -> dict[str, Any]:
    """The label as the registry has it."""
    return (await joins.rows_of(there.deps.pool, "labels", [dwell_id])).get(dwell_id, {})


def test_a_label_is_kept_with_its_author(postgres_url: str) -> None:
    """Purpose and reason, who said it and when; the device goes with it."""

    async def body(there: World) -> Any:
        answer = await there.ask("POST", LABEL.format("d-1"), json={"purpose": "allowed", "reason": "flat tyre"})
        return answer.status_code, answer.json(), await labels(there)

    status, told, kept = in_town(postgres_url, body)
    assert (status, told) == (200, {
        "id": "d-1", "purpose": "allowed", "reason": "flat tyre", "by": "supervisor@test",
        "at": "2026-01-05T08:00:00+08:00",
        "labelled_by": "supervisor@test", "labelled_at": "2026-01-05T08:00:00+08:00",
        "reason_by": "supervisor@test", "reason_at": "2026-01-05T08:00:00+08:00",
    })  # fmt: skip
    assert kept == {
        "id": "d-1", "purpose": "allowed", "reason": "flat tyre", "by": "supervisor@test", "device": "t-1",
        "at_us": NOW_US, "reason_by": "supervisor@test", "reason_at_us": NOW_US,
    }  # fmt: skip


def test_purpose_and_reason_change_apart(postgres_url: str) -> None:
    """The driver's reason stays under the supervisor's label, and the label under a new reason; null takes it away."""

    async def body(there: World) -> list[tuple[str | None, str]]:
        found = []
        for role, path, given in (
            ("driver", REASON, {"reason": "queue"}),
            ("supervisor", LABEL, {"purpose": "planned"}),
            ("coordinator", REASON, {"reason": "long queue"}),
            ("supervisor", LABEL, {"purpose": None}),
        ):
            answer = (await there.ask("POST", path.format("d-1"), role, json=given)).json()
            found.append((answer["purpose"], answer["reason"]))
        return found

    assert in_town(postgres_url, body) == [
        (None, "queue"), ("planned", "queue"), ("planned", "long queue"), (None, "long queue")
    ]  # fmt: skip


def test_who_labelled_and_who_gave_the_reason(postgres_url: str) -> None:
    """A driver's reason under a supervisor's label: each keeps name and time, in the row, the table and the thread."""

    async def body(there: World) -> Any:
        await there.ask("POST", LABEL.format("d-1"), json={"purpose": "allowed"})
        there.clock.advance(60_000_000)
        told = await there.ask("POST", REASON.format("d-1"), "driver", json={"reason": "queue"})
        row = dwell("d-1", purpose="allowed", why="label", reason="queue", revision=9)
        await said(there, DwellChanged(at_us=NOW_US, cause="relabel", row=row))
        table = (await there.get("/api/v1/dwells", device="t-1", format="csv")).text
        row, thread = [(await there.get(f"/api/v1/{path}/d-1")).json() for path in ("dwells", "threads")]
        return told.json(), row, table, thread["story"]

    told, row, table, story = in_town(postgres_url, body)
    expected = {
        "labelled_by": "supervisor@test", "labelled_at": "2026-01-05T08:00:00+08:00",
        "reason_by": DRIVER, "reason_at": "2026-01-05T08:01:00+08:00",
    }  # fmt: skip
    assert told.items() >= expected.items()
    assert row.items() >= expected.items()
    assert table.splitlines()[1].endswith(",".join(expected.values()))
    assert [(step["what"], step["by"], step["at"][11:16]) for step in story[-2:]] == [
        ("labelled", "supervisor@test", "08:00"), ("reason", DRIVER, "08:01"),
    ]  # fmt: skip


OLD = {"id": "d-1", "reason": "flat tyre", "by": "budi", "at_us": 5}
SPOKEN = [  # what an old version kept, what is said now, who labelled and who gave the reason
    (OLD, {"purpose": "allowed"}, ("sari", 9), ("budi", 5)),
    (OLD, {"reason": "queue"}, None, ("sari", 9)),
    (OLD | {"purpose": "break"}, {"reason": "queue"}, ("budi", 5), ("sari", 9)),
    (OLD | {"purpose": "break"}, {"purpose": "allowed"}, ("sari", 9), ("", 5)),
    (OLD | {"purpose": "break"}, {"purpose": None}, None, ("", 5)),
]


@pytest.mark.parametrize(("kept", "now", "judge", "teller"), SPOKEN)
def test_labels_of_an_old_version(kept: Any, now: Any, judge: Any, teller: Any) -> None:
    """They tell who spoke last; what follows from that is kept, and nobody is made an author of what another said."""
    label = spoken(msgspec.convert(kept, Label), now, "sari", 9)
    assert (judge_of(label), teller_of(label)) == (judge, teller)


def test_the_same_again_is_no_change(postgres_url: str) -> None:
    """A repeated request leaves the author and the time of the first."""

    async def body(there: World) -> Any:
        first = await there.ask("POST", REASON.format("d-1"), "supervisor", json={"reason": "queue"})
        there.clock.advance(60_000_000)
        again = await there.ask("POST", REASON.format("d-1"), "admin", json={"reason": "queue"})
        return first.json(), again.json()

    first, again = in_town(postgres_url, body)
    assert first == again


REFUSED = [
    ("driver", LABEL, "d-1", {"purpose": "allowed"}, 403),
    ("coordinator", LABEL, "d-1", {"purpose": "allowed"}, 403),
    ("auditor", REASON, "d-1", {"reason": "x"}, 403),
    ("driver", REASON, "d-2", {"reason": "x"}, 403),
    ("driver", REASON, "none", {"reason": "x"}, 403),
    ("supervisor", REASON, "none", {"reason": "x"}, 404),
    ("supervisor", LABEL, "d-3", {"purpose": "allowed"}, 409),
    ("supervisor", LABEL, "d-4", {"purpose": "allowed"}, 409),
    ("supervisor", LABEL, "d-1", {"purpose": "unlabelled"}, 422),
    ("supervisor", LABEL, "d-1", {"purpose": "allowed", "by": "x"}, 422),
    ("supervisor", REASON, "d-1", {"reason": "x" * 501}, 422),
    ("supervisor", REASON, "d-1", {"reason": "\0"}, 422),
]


def test_what_is_refused(postgres_url: str) -> None:
    """Roles that may not, other trucks' stops, phones, retracted rows, bodies that say nothing; nothing is kept."""

    async def body(there: World) -> Any:
        asked = [
            (await there.ask("POST", path.format(row), role, json=given)).status_code
            for role, path, row, given, _ in REFUSED
        ]
        return asked, [await labels(there, f"d-{n}") for n in range(1, 5)]

    assert in_town(postgres_url, body) == ([status for *_, status in REFUSED], [{}, {}, {}, {}])
