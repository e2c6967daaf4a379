"""Offers through a Mosquitto in front: it tells that it has them, the phone tells that it showed them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from core.clock import ManualClock
from ronda.notifying import notify_phones
from store.log import Log
from tests.ingest.house import eventually, running
from tests.ingest.test_interop import mosquitto
from tests.ronda.channels.letters import T0_US
from tests.ronda.channels.town import Town, at_work, beside
from tests.running import run_with

pytestmark = [pytest.mark.service, pytest.mark.interop]


def test_an_offer_through_a_broker_is_seen_and_accepted(log: Log, postgres_url: str, tmp_path: Path) -> None:
    """While nobody listens it is not lost at the broker; then it is sent, and never called delivered."""

    async def main(log: Log) -> list[str]:
        clock = ManualClock(T0_US)
        async with mosquitto(tmp_path) as port, at_work(log, postgres_url, tmp_path, clock) as town:
            url = f"mqtt://127.0.0.1:{port}"
            async with (
                running(log, clock, known=["hp-ana"], mqtt_url=url) as ingest,
                beside(notify_phones(town.runtime, ingest)),
            ):
                await town.register("ana")
                await eventually(lambda: ingest.listening)
                await town.fire()
                await eventually(lambda: ingest.counters.notices >= 1)  # and nobody was there
                async with aiomqtt.Client("127.0.0.1", port) as phone:
                    await phone.subscribe("ronda/v1/hp-ana/offer", 1)
                    async with asyncio.timeout(5):
                        told = msgspec.json.decode((await anext(phone.messages)).payload)  # type: ignore[arg-type]
                    for said in ("seen", "accept"):
                        words = {"offer": told["offer"], "answer": said}
                        await phone.publish("ronda/v1/hp-ana/answer", msgspec.json.encode(words), qos=1)
                    await town.until(lambda: _accepted(town))
                return (await town.offers(told["offer"]))[:3]

    assert run_with(log, main) == ["offered", "seen", "accepted"]


async def _accepted(town: Town) -> bool:
    return "accepted" in await town.offers()
