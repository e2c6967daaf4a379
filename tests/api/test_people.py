"""Duty and consent of volunteers, by themselves or by staff."""

from __future__ import annotations

from typing import Any

import pytest

from core.entries import Config
from ronda.registry import Directory
from tests.api.samples import S
from tests.api.world import World
from tests.api.writing import configured, in_writing_world

pytestmark = pytest.mark.service
RANI = {"id": "volunteer@test", "kind": "volunteer", "name": "Rani"}  # the subject of the volunteer's token
DUTY, CONSENT = "/api/v1/volunteers/volunteer@test/duty", "/api/v1/volunteers/volunteer@test/consent"


def in_town(postgres_url: str, body: Any) -> Any:
    """A volunteer with a phone since ever, another one, and a driver."""
    people = (RANI, {"id": "tr-2", "kind": "volunteer"}, {"id": "ana", "kind": "driver"})
    join = {"id": "j", "device": "hp", "person": RANI["id"], "from_us": 0}
    configs = [Config(section="people", rows=people), Config(section="assignments", rows=(join,))]

    async def main(there: World) -> Any:
        await configured(there, *configs)
        return await body(there)

    return in_writing_world(postgres_url, main)


async def kept(there: World, *after_s: float) -> list[bool]:
    """Whether ingest keeps fixes of the phone so many seconds from now, by what the archive has."""
    directory = Directory()
    await directory.load(there.deps.pool)
    return [directory.keeps("hp", there.clock.now_us() + round(s * S)) for s in after_s]


def test_duty_and_consent_open_the_ear_for_eight_hours(postgres_url: str) -> None:
    """Neither alone is enough; with both, fixes from now until the duty ends itself are kept."""

    async def body(there: World) -> list[Any]:
        none = await kept(there, 1)
        on = await there.ask("PUT", DUTY, "volunteer", json={"on": True})
        half = await kept(there, 1)
        both = await there.ask("PUT", CONSENT, "volunteer", json={"given": True})
        return [none, on.json(), half, both.json(), await kept(there, -1, 1, 8 * 3600 - 1, 8 * 3600)]

    none, on, half, both, whole = in_town(postgres_url, body)
    assert (none, half, whole) == ([False], [False], [False, True, True, False])
    until = "2026-01-05T16:00:00+08:00"
    assert on == {"id": RANI["id"], "consent": None, "on_duty": True, "until": until, "kept": False}
    assert both == on | {"consent": "2026-01-05T08:00:00+08:00", "kept": True}


def test_off_duty_ends_it_now(postgres_url: str) -> None:
    """What was on duty stays; withdrawing consent drops what comes in later, of whatever time."""

    async def body(there: World) -> list[Any]:
        await there.ask("PUT", CONSENT, "coordinator", json={"given": True})
        await there.ask("PUT", DUTY, "coordinator", json={"on": True})
        there.clock.advance(60 * S)
        off = await there.ask("PUT", DUTY, "volunteer", json={"on": False})
        after = await kept(there, -1, 1)
        gone = await there.ask("PUT", CONSENT, "volunteer", json={"given": False})
        return [off.json()["on_duty"], after, gone.json()["consent"], await kept(there, -1, 1)]

    assert in_town(postgres_url, body) == [False, [True, False], None, [False, False]]


def test_staff_cannot_consent_by_editing_the_row(postgres_url: str) -> None:
    """A person's row put back as it was shown, or without, leaves consent and duty as they are."""

    async def body(there: World) -> list[Any]:
        await there.ask("PUT", CONSENT, "volunteer", json={"given": True})
        await there.ask("PUT", DUTY, "volunteer", json={"on": True})
        path = f"/api/v1/people/{RANI['id']}"
        shown = (await there.get(path)).json()
        put = await there.ask("PUT", path, json={"kind": "volunteer", "consent": None, "duty": []})
        other = await there.ask("PUT", "/api/v1/people/tr-2", json={"kind": "volunteer", "consent": "2026-01-01"})
        return [shown, put.json(), other.json()["consent"]]

    shown, put, other = in_town(postgres_url, body)
    span = {"from": "2026-01-05T08:00:00+08:00", "until": "2026-01-05T16:00:00+08:00"}
    assert (shown["duty"], shown["on_duty"], shown["consent"]) == ([span], True, span["from"])
    assert (put["duty"], put["consent"], put["name"]) == ([span], span["from"], "")
    assert other is None


@pytest.mark.parametrize(
    ("role", "person", "status"),
    [
        ("volunteer", "tr-2", 403),
        ("volunteer", RANI["id"], 200),
        ("coordinator", "tr-2", 200),
        ("coordinator", "ana", 404),
        ("coordinator", "nobody", 404),
        ("supervisor", "tr-2", 403),
        ("auditor", "tr-2", 403),
    ],
)
def test_whose_duty_it_is(postgres_url: str, role: str, person: str, status: int) -> None:
    """Volunteers decide for themselves, coordinators for anybody who is a volunteer."""

    async def body(there: World) -> int:
        return (await there.ask("PUT", f"/api/v1/volunteers/{person}/duty", role, json={"on": True})).status_code

    assert in_town(postgres_url, body) == status


def test_pressing_twice_writes_once_more_only_if_it_changes(postgres_url: str) -> None:
    """Off duty when off duty, consent when given: nothing enters the log."""

    async def body(there: World) -> list[int]:
        await there.ask("PUT", CONSENT, "volunteer", json={"given": True})
        before = await there.deps.log.length("in.0")
        await there.ask("PUT", CONSENT, "volunteer", json={"given": True})
        await there.ask("PUT", DUTY, "volunteer", json={"on": False})
        return [await there.deps.log.length("in.0") - before]

    assert in_town(postgres_url, body) == [0]


def test_a_body_that_says_more_is_refused(postgres_url: str) -> None:
    """A typing error must not pass for consent."""

    async def body(there: World) -> list[int]:
        bodies: list[dict[str, Any]] = [{"give": True}, {"given": True, "for": 1}, {}]
        return [(await there.ask("PUT", CONSENT, "volunteer", json=sent)).status_code for sent in bodies]

    assert in_town(postgres_url, body) == [422, 422, 422]
