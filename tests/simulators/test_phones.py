"""Pretended phones on the wire, at a broker that nobody here wrote."""

import asyncio
import json

import aiomqtt
import pytest

from core.clock import Clock
from core.units import US_PER_S
from ronda.system import SystemClock
from simulators import emit, phones
from simulators.phones import Phone, Watch
from simulators.rescuer import Habits, Rescuer, World
from tests.simulators.test_emit import broker  # noqa: F401 - a fixture

QUICK = Habits(accept=1.0, later=0.0, drop=0.0, lost=0.0, median_s=0.5, sigma=0.1)


def offer(device):
    return json.dumps({"type": "offer", "offer": f"o-{device}", "incident": "i", "lon": 123.6, "lat": -10.17}).encode()


@pytest.mark.interop
def test_a_phone_hears_its_own_offer_alone_and_answers_it(graph, broker):  # noqa: F811
    """Two phones, one is asked: one answer, on the topic of that phone, and fixes of both with the time of now."""

    async def main():
        clock: Clock = SystemClock()
        watch = Watch(clock, clock.now_us())
        world, said = World(graph, seed=1, lasting_s=3600.0), []
        both = [Phone(Rescuer(world, i, f"d{i}", QUICK), watch, broker.url, "") for i in range(2)]

        def note(topic, body):
            said.append((topic, body))

        async def ask():
            async with aiomqtt.Client("127.0.0.1", broker.port) as engine:
                await engine.subscribe([("ronda/v1/+/answer", 1), ("ronda/v1/+/fix", 1)])
                await asyncio.sleep(1.0)
                await engine.publish("ronda/v1/d1/offer", offer("d1"), qos=1)
                async for message in engine.messages:
                    note(str(message.topic), json.loads(message.payload))

        asking = asyncio.create_task(ask())
        await phones.live(both, until_s=12.0)
        asking.cancel()
        return watch, both, said

    watch, both, said = asyncio.run(main())
    answers = [(topic, body) for topic, body in said if topic.endswith("answer")]
    assert answers == [("ronda/v1/d1/answer", {"offer": "o-d1", "answer": "accept"})]
    fixes = {topic: body for topic, body in said if topic.endswith("fix")}
    assert fixes.keys() == {"ronda/v1/d0/fix", "ronda/v1/d1/fix"}
    assert all(0.0 <= body["time"] - watch.from_us / US_PER_S < 12.0 for body in fixes.values())
    assert [len(phone.rescuer.deeds) for phone in both] == [0, 1]


def test_the_watch_runs_as_fast_as_wished():
    """Four seconds of the world in one of ours, there and back."""
    watch = Watch(SystemClock(), from_us=1_000_000, speedup=4.0)
    assert watch.us(8.0) == 3_000_000
    assert watch.us(watch.now_s()) == pytest.approx(SystemClock().now_us(), abs=1_000_000)


def test_nobody_there_is_an_error_that_says_what_to_start(graph):
    """One sentence, as of one connection."""
    watch = Watch(SystemClock(), SystemClock().now_us())
    person = Rescuer(World(graph, seed=1, lasting_s=3600.0), 0, "d0", QUICK)
    phone = Phone(person, watch, "mqtt://127.0.0.1:9", "", patience_s=0.2)
    with pytest.raises(emit.EmitError, match="ronda up"):
        asyncio.run(phones.live([phone], until_s=10.0))
