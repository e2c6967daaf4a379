"""One cause, one thread: its story in order of time, and one acknowledgement for all of it."""

from __future__ import annotations

from typing import Any

import pytest

from core.entries import Config
from tests.api.samples import NOW_US, S, alert, changed, dwell, spell, told
from tests.api.world import World, answering, in_world

pytestmark = pytest.mark.service


def ruled(**given: Any) -> Any:
    """An alert of a rule about the dwell d-1."""
    usual: dict[str, Any] = {"kind": "rule", "rule": "u-1", "thread": "d-1", "at_us": NOW_US - 4000 * S}
    return alert(**{"id": "r-1"} | usual | given)


def test_a_thread_tells_the_whole_story(postgres_url: str) -> None:
    """The row, its alerts in their newest version, and what happened in order of time."""
    label = {"id": "d-1", "reason": "ban bocor", "by": "sopir-01", "at_us": NOW_US - 100 * S}
    said = [
        changed(dwell()),
        alert(thread="d-1", at_us=NOW_US - 3900 * S),
        ruled(),
        ruled(level=2, revision=2, at_us=NOW_US - 3800 * S),
        ruled(level=2, revision=3, at_us=NOW_US - 3700 * S, state="acknowledged", by="ana", note="saya telepon"),
    ]

    async def body(there: World) -> Any:
        await there.archived(*said, configs=[Config(section="labels", rows=(label,))])
        return (await there.get("/api/v1/threads/d-1")).json()

    found = in_world(postgres_url, body)
    assert (found["thread"], found["kind"], found["row"]["id"]) == ("d-1", "dwell", "d-1")
    assert [(a["id"], a["state"], a["level"]) for a in found["alerts"]] == [
        ("a-1", "raised", 1),
        ("r-1", "acknowledged", 2),
    ]
    assert [(s["at"][11:19], s["what"], s.get("by")) for s in found["story"]] == [
        ("06:50:00", "began", None),
        ("06:53:20", "raised", None),
        ("06:55:00", "raised", None),
        ("06:56:40", "escalated", None),
        ("06:58:20", "acknowledged", "ana"),
        ("07:00:00", "closed", None),
        ("07:58:20", "reason", "sopir-01"),
    ]


@pytest.mark.parametrize(("thread", "kind"), [("v-1", "visit"), ("q-1", None)])
def test_a_thread_may_be_about_a_spell_or_no_row_at_all(postgres_url: str, thread: str, kind: str | None) -> None:
    """A silence is no row: its alerts are all there is."""

    async def body(there: World) -> Any:
        visit = told(spell("v-1", kind="visit", subject="zone:a"))
        await there.archived(visit, ruled(id="r-2", thread="v-1"), ruled(id="r-3", thread="q-1"))
        return (await there.get(f"/api/v1/threads/{thread}")).json()

    found = in_world(postgres_url, body)
    assert (found["kind"], len(found["alerts"]), (found["row"] or {}).get("id")) == (kind, 1, kind and thread)


def test_an_unknown_thread_is_a_404(postgres_url: str) -> None:
    """Neither a row nor an alert."""

    async def body(there: World) -> int:
        return (await there.get("/api/v1/threads/none")).status_code

    assert in_world(postgres_url, body) == 404


def test_the_digest_lists_what_came_too_late(postgres_url: str) -> None:
    """`digest=true` keeps those, `rule=` and `thread=` the others' kin."""

    async def body(there: World) -> list[list[str]]:
        late = ruled(id="r-2", digest=True, rule="u-2", thread="d-2")
        await there.archived(alert(thread="d-1"), ruled(), late)
        asked: list[dict[str, Any]] = [{"digest": True}, {"digest": False}, {"rule": "u-1"}, {"thread": "d-1"}]
        answers = [(await there.get("/api/v1/alerts", **params)).json()["items"] for params in asked]
        return [sorted(each["id"] for each in items) for items in answers]

    assert in_world(postgres_url, body) == [["r-2"], ["a-1", "r-1"], ["r-1"], ["a-1", "r-1"]]


def test_an_acknowledgement_names_what_else_stands_in_the_thread(postgres_url: str) -> None:
    """So that one answer of a person ends them all."""

    def effect(command: Any) -> list[Any]:
        return [ruled(revision=2, state="acknowledged", by=command.actor, at_us=NOW_US)]

    async def body(there: World) -> Any:
        await there.archived(alert(thread="d-1"), ruled(), ruled(id="r-2", state="cleared"))
        async with answering(there, "in.0", effect) as seen:
            await there.ask("POST", "/api/v1/alerts/r-1/ack")
        return seen[0].body

    found = in_world(postgres_url, body)
    assert (found["alert"], found["rule"], found["thread"]) == ("r-1", "u-1", "d-1")
    assert [(also["alert"], also["kind"]) for also in found["also"]] == [("a-1", "dwell_limit")]
