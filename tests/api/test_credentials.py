"""Credentials of devices over the API: made, rotated, revoked, and never shown twice."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from core.entries import Config
from store import credentials
from tests.api.samples import S
from tests.api.world import World, in_world

pytestmark = pytest.mark.service
PATH = "/api/v1/devices/g1/credentials"


def with_device(postgres_url: str, body: Any) -> Any:
    """Where a device `g1` is registered."""

    async def main(there: World) -> Any:
        await there.archived(configs=[Config(section="devices", rows=({"id": "g1"}, {"id": "g2"}))])
        return await body(there)

    return in_world(postgres_url, main)


async def device_of(there: World, secret: str) -> str | None:
    """For whom a secret speaks now."""
    identity = await credentials.find_token(there.deps.pool, secret, there.clock.now_us())
    return identity.device if identity else None


def test_a_credential_is_made_and_shown_once(postgres_url: str) -> None:
    """The answer holds the secret, the list does not."""

    async def body(there: World) -> Any:
        made = await there.ask("POST", PATH, json={"label": "cab", "expires": "2026-02-01"})
        listed = await there.get(PATH)
        return made, listed, await device_of(there, made.json()["secret"])

    made, listed, device = with_device(postgres_url, body)
    secret = made.json()["secret"]
    assert (made.status_code, made.headers["cache-control"], device) == (201, "no-store", "g1")
    assert secret not in listed.text
    assert [(t["label"], t["state"], t["expires"], t["used"]) for t in listed.json()["items"]] == [
        ("cab", "live", "2026-02-01T00:00:00+08:00", None)
    ]


def test_the_list_says_when_it_was_last_used(postgres_url: str) -> None:
    """In the city's time."""

    async def body(there: World) -> Any:
        made = (await there.ask("POST", PATH)).json()
        await device_of(there, made["secret"])
        return (await there.get(PATH, "auditor")).json()["items"][0]["used"]

    assert with_device(postgres_url, body) == "2026-01-05T08:00:00+08:00"


def test_rotation_lets_the_old_one_go_on_for_a_while(postgres_url: str) -> None:
    """Both open during the overlap."""

    async def body(there: World) -> Any:
        old = (await there.ask("POST", PATH)).json()
        new = (await there.ask("POST", f"{PATH}/rotate", json={"overlap_s": 60})).json()
        both = [await device_of(there, each["secret"]) for each in (old, new)]
        there.clock.advance(60 * S)
        after = [await device_of(there, each["secret"]) for each in (old, new)]
        return new["in_place_of"] == [old["id"]], both, after

    assert with_device(postgres_url, body) == (True, ["g1", "g1"], [None, "g1"])


def test_a_revoked_credential_opens_nothing(postgres_url: str) -> None:
    """Once, and only by the device that it belongs to."""

    async def body(there: World) -> Any:
        made = (await there.ask("POST", PATH)).json()
        other = await there.ask("DELETE", f"/api/v1/devices/g2/credentials/{made['id']}")
        still = await device_of(there, made["secret"])
        gone = [(await there.ask("DELETE", f"{PATH}/{made['id']}")).status_code for _ in range(2)]
        return other.status_code, still, gone, await device_of(there, made["secret"])

    assert with_device(postgres_url, body) == (404, "g1", [204, 404], None)


ASKED: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("POST", "/api/v1/devices/who/credentials", None, 404),
    ("GET", "/api/v1/devices/who/credentials", None, 404),
    ("POST", f"{PATH}/rotate", None, 404),
    ("POST", PATH, {"expires": "2020-01-01"}, 422),
    ("POST", PATH, {"expires": "soon"}, 422),
    ("POST", PATH, {"expires": "9999-12-31T23:59:59Z"}, 422),
    ("POST", PATH, {"label": "a\0b"}, 422),
    ("GET", PATH, None, 200),
    ("POST", PATH, {"role": "admin"}, 422),
    ("POST", f"{PATH}/rotate", {"overlap_s": -1}, 422),
]


def test_what_cannot_be_is_refused(postgres_url: str) -> None:
    """Unknown devices, the past, and whatever else is not ours to give."""

    async def body(there: World) -> Any:
        return [(await there.ask(method, path, json=sent)).status_code for method, path, sent, _ in ASKED]

    assert with_device(postgres_url, body) == [status for *_, status in ASKED]


def test_only_those_who_may_make_credentials(postgres_url: str) -> None:
    """A device least of all."""

    async def body(there: World) -> Any:
        roles = ("admin", "supervisor", "coordinator", "auditor", "driver", "device")
        return {role: (await there.ask("POST", PATH, role)).status_code for role in roles}

    made = with_device(postgres_url, body)
    assert made == {"admin": 201, "supervisor": 201, "coordinator": 403, "auditor": 403, "driver": 403, "device": 403}


def test_who_did_it_is_logged_and_the_secret_is_not(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """An audit without secrets."""
    caplog.set_level(logging.DEBUG, "ronda")

    async def body(there: World) -> Any:
        return (await there.ask("POST", PATH)).json()

    made = with_device(postgres_url, body)
    (record,) = [r for r in caplog.records if getattr(r, "action", "") == "credential.made"]
    assert (record.__dict__["subject"], record.__dict__["tokens"]) == ("supervisor@test", [made["id"]])
    assert made["secret"] not in caplog.text
