"""An application beside a dispatch and an archive that are at work, on a real log; volunteers with phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from cities import Hazard
from core.clock import ManualClock
from core.codec import encode
from core.entries import Config, Sightings
from core.events import Need, OfferChanged
from core.links import OfferLink, signed
from ronda import stages
from ronda.adopt import Registrar
from ronda.runtime import DISPATCH_IN, Parts, Runtime
from ronda.settings import Settings
from ronda.up import located, opened
from store.cancel import ended
from store.offers import offers_of_incident
from tests.api.samples import NOW_US, S
from tests.api.world import CITY, World, world

SECRET = b"s" * 32
SQUARE = [[[123.59, -10.18], [123.61, -10.18], [123.61, -10.16], [123.59, -10.16], [123.59, -10.18]]]
FIRE = {"kind": "kebakaran", "lon": 123.605, "lat": -10.17, "severity": 3}
HAZARDS = (Hazard("kebakaran", "Kebakaran", (Need(role="bantuan", count=1),)),)
TOWN = replace(CITY, hazards=HAZARDS, calling_code="62")


class Town:
    """The world, and what tests do in it."""

    def __init__(self, there: World, runtime: Runtime) -> None:
        self.there, self.runtime = there, runtime

    async def ask(self, method: str, path: str, role: str | None = "coordinator", **rest: Any) -> Any:
        return await self.there.ask(method, path, role, **rest)

    async def act(self, incident: str, name: str, role: str = "coordinator", **body: Any) -> Any:
        headers = {"If-Match": body.pop("match")} if "match" in body else {}
        return await self.ask("POST", f"/api/v1/incidents/{incident}/{name}", role, json=body, headers=headers)

    async def fire(self, **more: Any) -> str:
        """Open an incident; its id."""
        answer = await self.ask("POST", "/api/v1/incidents", json=FIRE | more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def offers(self, incident: str) -> list[OfferChanged]:
        return (await offers_of_incident(self.there.deps.pool, incident)).rows

    async def asked(self, incident: str) -> OfferChanged:
        """Dispatch it, and the first offer that is made."""
        assert (await self.act(incident, "dispatch")).status_code == 200
        async with asyncio.timeout(10):
            while not (found := await self.offers(incident)):  # noqa: ASYNC110  no bell in a test
                await asyncio.sleep(0.02)
        return found[0]

    def link(self, offer: OfferChanged, *, person: str | None = None, until_s: int = NOW_US // S + 600) -> str:
        return f"/o/{signed(SECRET, OfferLink(offer.id, person or offer.person, until_s))}"

    async def press(self, link: str, **form: Any) -> Any:
        return await self.there.client.post(link, data=form)

    async def seen(self, **metres: float) -> None:
        """Phones, so many metres north of the fire."""
        at_us = self.there.clock.now_us()
        rows = tuple((f"hp-{name}", 123.605, -10.17 + away / 111_195, at_us) for name, away in metres.items())
        await self.runtime.log.append([(DISPATCH_IN, encode(Sightings(now_us=at_us, rows=rows)))])


def person(row_id: str, *, duty: bool = True, **more: Any) -> dict[str, Any]:
    span = [[NOW_US - 3600 * S, NOW_US + 3600 * S]] if duty else []
    return {"id": row_id, "kind": "volunteer", "name": row_id.title(), "consent_us": 0, "duty": span} | more


def in_town(
    valkey: str,
    postgres: str,
    body: Callable[[Town], Awaitable[Any]],
    *people: dict[str, Any],
    geo: bool = False,
    **more: Any,
) -> Any:
    """Run `body(town)` where these volunteers (Ana unless others are named) carry phones and were just seen.

    With `geo` the detectors are at work too.
    """
    people = people or (person("ana", phone="0812 3456 7890"),)
    held = tuple({"id": p["id"], "from_us": 0, "device": f"hp-{p['id']}", "person": p["id"]} for p in people)
    phones = tuple({"id": f"hp-{p['id']}", "cls": "phone"} for p in people)
    area = {"id": "a-1", "name": "Oebobo", "polygons": [SQUARE]}
    configs = [
        Config(
            section="city",
            rows=({"id": "city", "offsets": [[0, 28_800]], "bounds": TOWN.bounds, "origin": TOWN.centre},),
        ),
        Config(section="kinds", rows=tuple({"id": h.kind, "needs": list(to_builtins(h.needs))} for h in HAZARDS)),
        Config(section="areas", rows=(area,)),
        Config(section="people", rows=people),
        Config(section="devices", rows=phones),
        Config(section="assignments", rows=held),
    ]

    async def main() -> Any:
        settings = Settings(data_dir=Path("/nowhere"), redis_url=valkey, database_url=postgres)
        clock = ManualClock(NOW_US)
        async with asyncio.timeout(50), AsyncExitStack() as stack:
            found = await stack.enter_async_context(opened(settings, located(settings), Parts()))
            runtime = replace(found, clock=clock)
            at_work = [stages.dispatch, stages.archive, *([stages.geo] if geo else [])]
            tasks = {asyncio.ensure_future(run(runtime)) for run in at_work}
            stack.push_async_callback(ended, tasks)
            register = Registrar(runtime.log, runtime.pool, clock, runtime.partitions)
            given = {"register": register, "partitions": runtime.partitions, "link_secret": SECRET, "city": TOWN} | more
            there = await stack.enter_async_context(world(postgres, log=runtime.log, clock=clock, **given))
            await register(configs)
            town = Town(there, runtime)
            while geo and "geo" not in runtime.parts.all():  # noqa: ASYNC110  no bell in a test
                await asyncio.sleep(0.02)
            await town.seen(**{p["id"]: 500.0 + 100 * n for n, p in enumerate(people)})
            return await body(town)

    return asyncio.run(main())
