"""The demo's volunteers from now on: they ride as the simulated day has them, and answer when dispatch asks them."""

from __future__ import annotations

import logging
from typing import Final

from ronda.lending import tokens
from ronda.runtime import Runtime
from simulators import phones
from simulators.day import Day
from simulators.emit import EmitError
from simulators.phones import Phone, Watch
from simulators.rescuer import Rescuer, World
from simulators.streets import Streets

log = logging.getLogger(__name__)

PATIENCE_S: Final = 600.0  # of the demo: at a first start kernels are compiled, on a slow machine for minutes


def crew(day: Day, graph: Streets, seed: int, from_s: float) -> list[Rescuer]:
    """Everybody of a day who carries a phone, where they are after `from_s` seconds of it."""
    world = World(graph, seed, day.lasting_s)
    return [
        Rescuer(world, number, actor.device, motion=actor.motion, from_s=from_s)
        for number, actor in enumerate(actor for actor in day.actors if actor.dialect == "owntracks")
    ]


async def answer_for_a_day(runtime: Runtime, day: Day, graph: Streets, seed: int) -> None:
    """Be these people until the day is over."""
    watch = Watch(runtime.clock, day.start_us)
    people = crew(day, graph, seed, watch.now_s())
    async with tokens(runtime, [person.device for person in people], "demo") as secrets:
        there = [
            Phone(person, watch, runtime.urls.mqtt, secrets[person.device], patience_s=PATIENCE_S) for person in people
        ]
        try:
            await phones.live(there, day.lasting_s)
        except EmitError as error:  # the trucks go on
            log.warning("nobody answers any more: %s", error, extra={"action": "demo.silent"})
