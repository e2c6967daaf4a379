"""The register of volunteers; what one may see, have and end of their own."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from base64 import urlsafe_b64encode
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.entries import Config
from core.fixes import Fixes
from core.naming import ERASED
from core.partition import partition_of
from ronda.runtime import DISPATCH_IN
from store import offers, read
from store.days import REGISTRY
from store.history import add_fixes
from store.pg import queries, transaction
from store.scrubbing import unnamed
from tests.api.dispatching import Town, in_town, person
from tests.api.samples import NOW_US, S, changed, dwell
from tests.api.world import World
from tests.api.writing import configured, in_writing_world, said

pytestmark = pytest.mark.service
ME = "volunteer@test"  # the subject of the volunteer's token
BASE = f"/api/v1/volunteers/{ME}"
POINT, AUTH = urlsafe_b64encode(b"\4" * 65).rstrip(b"=").decode(), urlsafe_b64encode(b"a" * 16).rstrip(b"=").decode()
BROWSER = {"endpoint": "https://push.example/x", "expirationTime": None, "keys": {"p256dh": POINT, "auth": AUTH}}

PHONE = f"hp-{ME}"
STOP = dwell("d-7", device=PHONE, cls="phone")


def registered(postgres_url: str, body: Any, **given: Any) -> Any:
    """Two volunteers on duty, one without consent, one off duty; a driver."""
    volunteers = (person(ME), person("v2"), person("v3", consent_us=None), person("v4", duty=False))
    people = (*volunteers, {"id": "ana", "kind": "driver"})

    async def main(there: World) -> Any:
        await configured(there, Config(section="people", rows=people))
        return await body(there)

    return in_writing_world(postgres_url, main, **given)


def test_the_register_says_how_many_are_on_duty(postgres_url: str) -> None:
    """Two of four, whatever the page; a driver is none."""

    async def body(there: World) -> Any:
        first = (await there.get("/api/v1/volunteers", "coordinator", limit=3)).json()
        rest = (await there.get(first["next"], "coordinator")).json()
        return first["on_duty"], rest["registered"], [row["id"] for row in first["items"] + rest["items"]]

    assert registered(postgres_url, body) == (2, 4, ["v2", "v3", "v4", ME])


def test_who_may_be_woken_says_where_they_live(postgres_url: str) -> None:
    """Opting in needs a home; opting out keeps it."""

    async def body(there: World) -> Any:
        bodies: list[dict[str, Any]] = [{"on": True}, {"on": True, "area": "a-1"}, {"on": False}]
        answers = [await there.ask("PUT", f"{BASE}/wake", "volunteer", json=sent) for sent in bodies]
        return [a.status_code for a in answers], [(a.json()["wake"], a.json()["area"]) for a in answers[1:]]

    assert registered(postgres_url, body) == ([422, 200, 200], [(True, "a-1"), (False, "a-1")])


def test_a_browser_subscribes(postgres_url: str) -> None:
    """As the browser gives it; keys that are none and addresses in the clear are refused."""

    async def body(there: World) -> Any:
        bad = [BROWSER | {"endpoint": "http://push.example/x"}, BROWSER | {"keys": {"p256dh": AUTH, "auth": AUTH}}]
        answers = [await there.ask("PUT", f"{BASE}/push", "volunteer", json=sent) for sent in [BROWSER, *bad]]
        kept = await offers.pushes_of(there.deps.pool, ME)
        await there.ask("DELETE", f"{BASE}/push", "volunteer")
        key = (await there.get("/api/v1/volunteers/push-key", "volunteer")).json()
        return [a.status_code for a in answers], kept, await offers.pushes_of(there.deps.pool, ME), key

    push = offers.Push("https://push.example/x", b"\4" * 65, b"a" * 16)
    assert registered(postgres_url, body, push_key="Bx") == ([204, 422, 422], [push], [], {"key": "Bx"})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "me"), ("PUT", "push"), ("PUT", "wake"), ("PUT", "duty"), ("DELETE", "")]
)
def test_nobody_elses(postgres_url: str, method: str, path: str) -> None:
    """A volunteer reaches nothing of another volunteer; roles without a part in it nothing at all."""
    bodies: dict[str, Any] = {"push": BROWSER, "wake": {"on": False}, "duty": {"on": True}}

    async def body(there: World) -> Any:
        address = f"/api/v1/volunteers/v2/{path}".rstrip("/")
        roles = ("volunteer", "leader", "auditor")
        return {(await there.ask(method, address, role, json=bodies.get(path))).status_code for role in roles}

    assert registered(postgres_url, body) == {403}


def phone_fixes(*at_us: int) -> Fixes:
    many = len(at_us)
    return Fixes.of([f"hp-{ME}"], device=[0] * many, time_us=list(at_us), lon=[123.6] * many, lat=[-10.17] * many)


def test_the_export_is_all_that_is_kept(clean_valkey_url: str, postgres_url: str) -> None:
    """Who they are, what they carried, what they were asked, and where they were."""

    async def body(town: Town) -> Any:
        offer = await town.asked(await town.fire())
        await town.press(town.link(offer), answer="accept")
        await add_fixes(town.there.deps.pool, phone_fixes(NOW_US - 60 * S, NOW_US - 30 * S))
        await said(town.there, changed(STOP))
        return (await town.ask("GET", f"{BASE}/me", "volunteer")).json()

    told = in_town(clean_valkey_url, postgres_url, body, person(ME, name="Rani"))
    assert (told["person"]["name"], told["devices"][0]["device"]) == ("Rani", f"hp-{ME}")
    assert [offer["state"] for offer in told["offers"]] == ["accepted"]
    assert [(word["kind"], word["body"]["answer"]) for word in told["said"]] == [("offer.answer", "accept")]
    assert (told["trips"], told["visits"], told["speedings"], told["gaps"], told["alerts"]) == ([], [], [], [], [])
    assert [stop["id"] for stop in told["stops"]] == ["d-7"]
    assert [fix["time"] for fix in told["fixes"]] == ["2026-01-05T07:59:00+08:00", "2026-01-05T07:59:30+08:00"]


def test_erasure_forgets_the_person_and_keeps_the_figures(clean_valkey_url: str, postgres_url: str) -> None:
    """Not while they are asked; then no table has their name or place, and the incident still counts one offer."""

    async def body(town: Town) -> Any:
        incident = await town.fire()
        offer = await town.asked(incident)
        await add_fixes(town.there.deps.pool, phone_fixes(NOW_US - 60 * S))
        await said(town.there, changed(STOP))
        await town.ask("PUT", f"{BASE}/push", "volunteer", json=BROWSER)
        busy = await town.ask("DELETE", BASE, "volunteer")
        await town.ask("POST", f"/api/v1/incidents/{incident}/offers/{offer.id}/answer", json={"answer": "decline"})
        pool = town.there.deps.pool
        await close_the_day(pool)
        await town.runtime.log.append([(f"in.{partition_of(PHONE, 4)}", encode(phone_fixes(NOW_US - 30 * S)))])
        while PHONE not in (await town.runtime.log.live()):  # noqa: ASYNC110  no bell in a test
            await asyncio.sleep(0.02)
        gone = await town.ask("DELETE", BASE, "coordinator")
        rows = (await town.runtime.log.state("dispatch", DISPATCH_IN)).items()
        assert [key for key, row in rows if ME.encode() in row] == []
        assert PHONE not in (await town.runtime.log.live())
        left = (await read.fixes(pool, f"hp-{ME}", 0, NOW_US * 2))[0]
        path = f"/api/v1/incidents/{incident}"
        told = [await town.ask("GET", path + rest) for rest in ("/timeline", "/after-action")]
        people = [one["volunteer"] for one in told[1].json().get("people", [told[1].text])]
        return busy.status_code, gone.status_code, len(left), await town.offers(incident), told[0].status_code, people

    busy, gone, left, (offer,), told, people = in_town(
        clean_valkey_url, postgres_url, body, person(ME, name="Rani"), geo=True
    )
    assert (busy, gone, left, told, people) == (409, 204, 0, 200, [ERASED])
    assert (offer.person, offer.device, offer.state) == (ERASED, ERASED, "declined")
    assert traces(postgres_url, f"(^|[^-]){ME}|Rani") == []
    assert traces(postgres_url, f"hp-{ME}") == [
        "config_log",
        "day_rows",
        "device_keys",
        "registry",
    ]  # of nobody in particular


async def close_the_day(pool: AsyncConnectionPool) -> None:
    """As a day is closed: its rows and its register are copied, beside a report."""
    day = {"day": dt.date(2026, 1, 5), "from_us": NOW_US - 86_400 * S, "day_us": NOW_US - 86_400 * S, "to_us": NOW_US}
    async with transaction(pool) as cursor:
        for name in ("begin", "freeze_dwells", "freeze_spells", "freeze_alerts", "freeze_registry"):
            await cursor.execute(queries("days.sql")[name], day | {"sections": list(REGISTRY)})
        report = json.dumps({"silent": [PHONE]})
        await cursor.execute(queries("days.sql")["close"], day | {"report": report, "closed_us": 1, "refused": "[]"})


def traces(url: str, pattern: str) -> list[str]:
    """Tables with a row that has this."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        asked = {name: f"SELECT count(*) FROM {name} AS t WHERE t::text ~ %s" for (name,) in names}
        return [name for name, sql in asked.items() if connection.execute(sql, (pattern,)).fetchone() != (0,)]  # type: ignore[arg-type]


def test_names_are_taken_out_of_any_shape() -> None:
    """As texts of their own, with what is told of who bears them; the same letters within another text stay."""
    row = {"id": "ana", "name": "Ana", "phone": "1", "kind": "volunteer"}
    told = {
        "person": "ana",
        "text": "ana-lisa",
        "also": ["ana", "budi"],
        "rows": [row],
        "other": {"id": "b", "name": "B"},
    }
    kept = {"person": ERASED, "text": "ana-lisa", "also": [ERASED, "budi"], "other": {"id": "b", "name": "B"}}
    assert unnamed(told, frozenset({"ana"})) == kept | {"rows": [{"id": ERASED, "kind": "volunteer"}]}
