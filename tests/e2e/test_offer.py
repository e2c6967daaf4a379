"""A volunteer's phone is asked through the running engine, says yes, and the coordinator sees it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiomqtt
import httpx
import msgspec
import pytest

from core.codec import encode
from core.entries import Command, Config
from ronda.runtime import Runtime
from tests.e2e.installation import Up, wait_for

pytestmark = [pytest.mark.service, pytest.mark.e2e]
FIRE = {"kind": "kebakaran", "lon": 123.6, "lat": -10.17, "severity": 3, "needs": [{"count": 1}]}


def told(up: Up, kind: str, id_: str, /, **body: Any) -> None:
    """A coordinator's word."""

    async def send(runtime: Runtime) -> None:
        command = Command(id=id_, kind=kind, actor="desk", at_us=time.time_ns() // 1000, body=body)
        await runtime.log.append([("dispatch.in", encode(command))])

    up.with_runtime(send)


async def asked(up: Up, secret: str) -> dict[str, Any]:
    """A phone that is on the map, is asked and says yes; what it was asked."""
    topic = "ronda/v1/hp-ana/"
    async with aiomqtt.Client("127.0.0.1", up.mqtt_port, username="hp-ana", password=secret) as phone:
        await phone.subscribe(topic + "offer", 1)
        fix = {"time": time.time(), "lat": -10.1673, "lon": 123.6, "speed": 0.0}
        await phone.publish(topic + "fix", msgspec.json.encode(fix), qos=1)
        await asyncio.to_thread(wait_for, lambda: up.get("/api/v1/positions", device="hp-ana").json()["features"], 10)
        await asyncio.sleep(1.5)  # dispatch hears of positions once a second
        await asyncio.to_thread(told, up, "incident.open", "e2e-fire", **FIRE)
        await asyncio.to_thread(told, up, "incident.dispatch", "e2e-go", id="e2e-fire")
        async with asyncio.timeout(5):
            offer: dict[str, Any] = msgspec.json.decode((await anext(phone.messages)).payload)  # type: ignore[arg-type]
        page = await asyncio.to_thread(httpx.get, offer["link"])
        assert (page.status_code, "bisa datang?" in page.text) == (200, True)
        answer = {"offer": offer["offer"], "answer": "accept"}
        await phone.publish(topic + "answer", msgspec.json.encode(answer), qos=1)
    return offer


def test_a_volunteer_is_asked_and_comes(up: Up) -> None:
    """From the register to the phone and back, with all stages at work."""
    now_us = time.time_ns() // 1000
    ana = {"id": "ana", "kind": "volunteer", "consent_us": 0, "duty": [[now_us - 10**9, now_us + 10**10]]}
    up.configure(
        Config(section="people", rows=(ana,)),
        Config(section="devices", rows=({"id": "hp-ana", "cls": "phone"},)),
        Config(section="assignments", rows=({"id": "a", "from_us": 0, "device": "hp-ana", "person": "ana"},)),
    )
    offer = asyncio.run(asked(up, up.secret(device="hp-ana")))
    assert (offer["volunteer"], offer["incident"], offer["severity"]) == ("ana", "e2e-fire", 3)
    status = lambda: up.get("/api/v1/incidents/e2e-fire").json()["status"]  # noqa: E731
    assert wait_for(lambda: status() == "responding", 10), status()
