"""Invitations: one link sets up one phone, once, and the former phone ends."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from base64 import b64decode
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from core.entities import Assignment
from core.entries import Config
from core.errors import UnavailableError
from store import credentials, read
from tests.api.samples import NOW_US, S
from tests.api.world import World
from tests.api.writing import configured, in_writing_world

pytestmark = pytest.mark.service
PUBLIC = "https://ronda.example"
PEOPLE = (
    {"id": "budi", "name": "Budi <b>", "kind": "volunteer", "skills": ["sar"], "note": "kept"},
    {"id": "ana", "kind": "driver"},
    {"id": "pos siaga é", "kind": "staff"},
)


def in_city(postgres_url: str, body: Any, *configs: Config, **given: Any) -> Any:
    async def main(there: World) -> Any:
        await configured(there, Config(section="people", rows=PEOPLE), *configs)
        return await body(there)

    return in_writing_world(postgres_url, main, public_url=PUBLIC, **given)


async def invited(there: World, person: str = "budi") -> str:
    """The path of a new invitation."""
    answer = await there.ask("POST", f"/api/v1/people/{person}/invite", "coordinator")
    assert answer.status_code == 201
    url: str = answer.json()["url"]
    assert url.startswith(f"{PUBLIC}/i/")
    return urlsplit(url).path


async def answered(there: World, path: str, consent: str = "") -> httpx.Response:
    """Press the button, as a phone without any credential."""
    return await there.ask("POST", path, None, data={"consent": consent} if consent else {})


def configuration(page: httpx.Response) -> dict[str, Any]:
    """What the page's link tells OwnTracks."""
    link = unescape(re.findall(r'href="(owntracks:[^"]+)"', page.text)[0])
    config: dict[str, Any] = json.loads(b64decode(unquote(link.removeprefix("owntracks:///config?inline="))))
    return config


async def joins(there: World) -> dict[str, Assignment]:
    rows = (await read.registry(there.deps.pool, "assignments")).rows
    return {
        row["id"]: Assignment(**{k: v for k, v in row.items() if k in Assignment.__struct_fields__}) for row in rows
    }


async def states(there: World) -> dict[str, str]:
    """Whether each device has a live credential."""
    now_us = there.clock.now_us()
    return {str(token.device): token.state(now_us) for token in await credentials.list_tokens(there.deps.pool)}


def test_an_invitation_is_a_link_and_a_code(postgres_url: str) -> None:
    """With its end, in the city's time, and a QR code as SVG."""

    async def body(there: World) -> Any:
        return (await there.ask("POST", "/api/v1/people/budi/invite", "coordinator")).json()

    made = in_city(postgres_url, body)
    assert re.fullmatch(rf"{PUBLIC}/i/[\w-]{{43}}", made["url"])
    assert made["expires"] == "2026-01-08T08:00:00+08:00"
    assert made["qr"].startswith("<svg")


def test_looking_uses_nothing_up(postgres_url: str) -> None:
    """Messengers fetch a link before its reader does; the page needs no script and stays small."""

    async def body(there: World) -> Any:
        path = await invited(there)
        return [await there.get(path, None) for _ in range(3)], await answered(there, path)

    looks, done = in_city(postgres_url, body)
    assert {look.status_code for look in looks} == {200}
    assert done.status_code == 200
    for page in (looks[0], done):
        assert "<script" not in page.text
        assert len(page.content) <= 30_000
        assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "Budi &lt;b&gt;" in looks[0].text


def test_the_page_sets_up_owntracks(postgres_url: str) -> None:
    """Its link has the address, the names that together are the device, and a secret that speaks for it."""

    async def body(there: World) -> Any:
        config = configuration(await answered(there, await invited(there)))
        identity = await credentials.find_token(there.deps.pool, config["password"], NOW_US)
        device = await read.registry_row(there.deps.pool, "devices", "budi-hp1")
        return config, identity and identity.device, device and (device["cls"], device["name"])

    config, speaks_for, device = in_city(postgres_url, body)
    assert {name: config[name] for name in ("_type", "mode", "url", "auth", "username", "deviceId")} == {
        "_type": "configuration",
        "mode": 3,
        "url": f"{PUBLIC}/ingest/owntracks",
        "auth": True,
        "username": "budi",
        "deviceId": "hp1",
    }
    assert (speaks_for, device) == ("budi-hp1", ("phone", "HP Budi <b>"))


def test_the_page_sets_up_traccar_client(postgres_url: str) -> None:
    """A link of its scheme, with the secret in the place of an id."""

    async def body(there: World) -> Any:
        return await answered(there, await invited(there))

    page = in_city(postgres_url, body)
    link = unescape(re.findall(r'href="(org\.traccar\.client://config[^"]+)"', page.text)[0])
    given = parse_qs(urlsplit(link).query)
    assert given["url"] == [f"{PUBLIC}/ingest/osmand"]
    assert given["id"] == [configuration(page)["password"]]


def test_an_invitation_is_answered_once(postgres_url: str) -> None:
    """Of many at the same moment one gets a phone; later ones, and looks, are told that it is gone."""

    async def body(there: World) -> Any:
        path = await invited(there)
        posts = await asyncio.gather(*(answered(there, path) for _ in range(4)))
        devices = (await read.registry(there.deps.pool, "devices")).rows
        return sorted(post.status_code for post in posts), (await there.get(path, None)).status_code, len(devices)

    assert in_city(postgres_url, body) == ([200, 410, 410, 410], 410, 1)


def test_an_invitation_ends(postgres_url: str) -> None:
    """After three days, when a newer one is made, and with the person; a made-up one opens nothing."""

    async def body(there: World) -> Any:
        old, new, late = await invited(there), await invited(there), await invited(there, "ana")
        gone = [await answered(there, old), await there.get("/i/" + "x" * 43, None), await there.get("/i/x", None)]
        there.clock.advance(3 * 86_400 * S)
        gone += [await answered(there, new), await there.get(late, None)]
        return [answer.status_code for answer in gone]

    assert in_city(postgres_url, body) == [410] * 5


def test_consent_is_given_by_a_tick(postgres_url: str) -> None:
    """Without it the page says that nothing is kept; whatever else the person's row says stays."""

    async def body(there: World) -> Any:
        without = await answered(there, await invited(there))
        before = await read.registry_row(there.deps.pool, "people", "budi")
        given = await answered(there, await invited(there), consent="yes")
        return without, before, given, await read.registry_row(there.deps.pool, "people", "budi")

    without, before, given, after = in_city(postgres_url, body)
    assert ("posisi belum disimpan" in without.text, "posisi belum disimpan" in given.text) == (True, False)
    assert after == before | {"consent_us": NOW_US}
    assert (before["consent_us"], after["note"], after["skills"]) == (None, "kept", ["sar"])


def test_the_page_leads_a_volunteer_to_their_own(postgres_url: str) -> None:
    """Without a password; a driver has none."""

    async def body(there: World) -> Any:
        pages = [await answered(there, await invited(there, person), "yes") for person in ("budi", "ana")]
        links = [re.findall(f'href="{PUBLIC}(/l/[^"]+)"', page.text) for page in pages]
        return links[1], (await there.ask("GET", f"{links[0][0]}/saya", None)).text

    none, page = in_city(postgres_url, body, link_secret=b"s" * 32)
    assert none == []
    assert "Halaman saya: Budi &lt;b&gt;" in page


def test_only_volunteers_are_asked(postgres_url: str) -> None:
    """A driver's phone is a tool of the work."""

    async def body(there: World) -> Any:
        pages = [await there.get(await invited(there, person), None) for person in ("budi", "ana")]
        return ["Saya setuju" in page.text for page in pages]

    assert in_city(postgres_url, body) == [True, False]


def test_a_second_invitation_moves_the_person_to_a_new_phone(postgres_url: str) -> None:
    """The former phone's assignment ends, its secret opens nothing, and the new one has the next number."""

    async def body(there: World) -> Any:
        first = configuration(await answered(there, await invited(there)))
        there.clock.advance(60 * S)
        second = configuration(await answered(there, await invited(there)))
        old = await credentials.find_token(there.deps.pool, first["password"], there.clock.now_us())
        found = [(join.device, join.from_us, join.until_us) for join in (await joins(there)).values()]
        return old, second["deviceId"], sorted(found), await states(there)

    old, name, found, tokens = in_city(postgres_url, body)
    moved = NOW_US + 60 * S
    assert (old, name) == (None, "hp2")
    assert found == [("budi-hp1", NOW_US, moved), ("budi-hp2", moved, None)]
    assert {d: tokens[d] for d in ("budi-hp1", "budi-hp2")} == {"budi-hp1": "revoked", "budi-hp2": "live"}


def test_a_drivers_truck_stays_where_it_is(postgres_url: str) -> None:
    """Only phones are replaced: the tracker that is joined with its driver goes on, and a phone keeps its joins."""
    phones = ({"id": name, "cls": "phone"} for name in ("old", "lent", "cab"))
    devices = ({"id": "truck-1", "cls": "truck"}, *phones)
    rows = (
        {"id": "t", "device": "truck-1", "person": "ana", "vehicle": "V1", "from_us": 0},
        {"id": "p", "device": "old", "person": "ana", "route": "R1", "from_us": 0},
        {"id": "was", "device": "lent", "person": "ana", "from_us": 0, "until_us": 5},
        {"id": "is", "device": "lent", "person": "budi", "from_us": 5},
        {"id": "once", "device": "cab", "person": "ana", "from_us": 0, "until_us": 5},
        {"id": "now", "device": "cab", "vehicle": "V1", "from_us": 5},
    )

    async def body(there: World) -> Any:
        for device in ("truck-1", "old", "lent", "cab"):
            await credentials.create_token(
                there.deps.pool, role="device", subject="", label="", expires_us=None, now_us=NOW_US, device=device
            )
        await answered(there, await invited(there, "ana"))
        return await joins(there), await states(there)

    configs = [Config(section="devices", rows=devices), Config(section="assignments", rows=rows)]
    found, tokens = in_city(postgres_url, body, *configs)
    assert (found["t"].until_us, found["p"].until_us, found["is"].until_us) == (None, NOW_US, None)
    new = found["ana-hp1:ana"]
    assert (new.device, new.route, new.from_us, new.until_us) == ("ana-hp1", "R1", NOW_US, None)
    assert [tokens[d] for d in ("truck-1", "old", "lent", "cab", "ana-hp1")] == ["live", "revoked", *["live"] * 3]


def test_an_id_that_no_topic_can_hold_is_written_otherwise(postgres_url: str) -> None:
    """The device's id has only what every client can send."""

    async def body(there: World) -> Any:
        config = configuration(await answered(there, await invited(there, "pos siaga é")))
        identity = await credentials.find_token(there.deps.pool, config["password"], NOW_US)
        return f"{config['username']}-{config['deviceId']}", identity and identity.device

    assert in_city(postgres_url, body) == ("pos-siaga-hp1", "pos-siaga-hp1")


def test_what_cannot_be_done_now_may_be_tried_again(postgres_url: str) -> None:
    """With the log away the invitation stays good, and the device's number too."""

    async def body(there: World) -> Any:
        path = await invited(there)
        append, there.deps.log.append = there.deps.log.append, away  # type: ignore[method-assign]
        failed = await answered(there, path)
        there.deps.log.append = append  # type: ignore[method-assign]
        return failed, configuration(await answered(there, path))["deviceId"]

    failed, name = in_city(postgres_url, body)
    assert (failed.status_code, "masih berlaku" in failed.text, name) == (503, True, "hp1")


async def away(*_: Any, **__: Any) -> Any:
    raise UnavailableError("the log is away")


def test_staff_invite_and_others_do_not(postgres_url: str) -> None:
    """Nobody invites themselves, and nobody can be invited who is not registered."""

    async def body(there: World) -> Any:
        roles = ("admin", "supervisor", "coordinator", "auditor", "volunteer", "device")
        codes = [(await there.ask("POST", "/api/v1/people/budi/invite", role)).status_code for role in roles]
        return codes, (await there.ask("POST", "/api/v1/people/who/invite")).status_code

    assert in_city(postgres_url, body) == ([201, 201, 201, 403, 403, 403], 404)


def test_no_secret_is_logged(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the invitation's nor the phone's, at any level, also when something fails."""
    caplog.set_level(logging.DEBUG, "ronda")

    async def body(there: World) -> Any:
        path = await invited(there)
        register, there.deps.log.append = there.deps.log.append, broken  # type: ignore[method-assign]
        failed = await answered(there, path)
        there.deps.log.append = register  # type: ignore[method-assign]
        return path, failed.status_code, configuration(await answered(there, path))["password"]

    path, failed, secret = in_city(postgres_url, body)
    assert failed == 500
    assert "invite.answered" in {getattr(record, "action", "") for record in caplog.records}
    shown = caplog.text + repr([record.__dict__ for record in caplog.records if record.name.startswith("ronda")])
    assert path.removeprefix("/i/") not in shown
    assert secret not in shown


async def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a fault of ours")
