"""A tick of dispatch as in service: everybody seen anew, all open incidents matched and asked for, by road.

A city of 30,000 crossings; volunteers about ten hubs, registered, on duty; incidents that want three (two where there
are 500). Between two ticks of two seconds everybody rides 16 m. `warm`: fields of the open incidents are kept, as in
service; `first`: nothing is. `plain`: `linear_sum_assignment` over the needed places of the last tick's times alone.
`churn`: places of plans that change hands at a tick.
"""

from __future__ import annotations

import argparse
import time
from typing import Any, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.dispatch.fields import CORNER, WIDTH
from bench.dispatch.fields import town as streets
from core.entries import Command, Config, Entry, Sightings
from dispatch import acts
from dispatch.costs import Everybody
from dispatch.desk import Desk
from dispatch.engine import step
from dispatch.reach import Ways
from dispatch.roads.build import build
from dispatch.roads.packing import rows_of
from dispatch.state import Params, State, open_incidents
from ronda.collector import calm_collector

NOW_US: Final = 1_700_000_000_000_000
TICK_US: Final = 2_000_000
STEP: Final = 0.000145  # degrees: 16 m
MOST_MS: Final = {(65, 10): 20, (500, 50): 60, (5_000, 50): 150, (50_000, 500): 1_000}


class City:
    """A running dispatch and the people it hears of."""

    def __init__(self, roads: tuple[dict[str, Any], ...], people: int, incidents: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        hubs = CORNER + WIDTH * self.rng.uniform(0.1, 0.9, (10, 2))
        self.at = hubs[self.rng.integers(0, 10, people)] + self.rng.normal(0, 0.015, (people, 2))
        self.turn = self.rng.uniform(0, 2 * np.pi, people)
        self.params = Params(max_open=max(100, incidents), default_need=2 if incidents > 300 else 3)
        self.state, self.ways, self.ticks = State(), Ways(), 0
        for entry in (Config(section="roads", rows=roads, at_us=NOW_US), *self.register(people), self.seen()):
            self.run(entry)
        self.run(Command(id="hold", kind="dispatch.pause", actor="a", at_us=NOW_US))
        for number in range(incidents):
            self.open(number)

    def run(self, entry: Entry) -> None:
        self.state, _ = step(self.state, entry, self.params, self.ways)

    def register(self, people: int) -> list[Config]:
        vehicle = self.rng.choice(["motorbike", "car", "truck"], people, p=(0.85, 0.12, 0.03)).tolist()
        aid, boat = self.rng.random((2, people)) < np.array([[0.2], [0.04]])
        skills = [[name for name, has in (("aid", aid[n]), ("boat", boat[n])) if has] for n in range(people)]
        who = tuple(
            {"id": f"p{n}", "kind": "volunteer", "consent_us": 0, "duty": [[NOW_US, NOW_US + 10**11]], "skills": s,
             "vehicle": v} for n, (s, v) in enumerate(zip(skills, vehicle, strict=True))
        )  # fmt: skip
        held = tuple({"id": f"a{n}", "from_us": 0, "device": f"d{n}", "person": f"p{n}"} for n in range(people))
        return [
            Config(section="people", rows=who, at_us=NOW_US),
            Config(section="assignments", rows=held, at_us=NOW_US),
        ]

    def open(self, number: int) -> None:
        """An incident that asks; matching waits until all are open."""
        lon, lat = (CORNER + WIDTH * self.rng.random(2)).tolist()
        skills = [[], ["aid"], ["boat"]][self.rng.choice(3, p=(0.8, 0.17, 0.03))]
        needs = [{"count": self.params.default_need, "skills": skills}]
        severity = int(self.rng.choice((1, 2, 3), p=(0.5, 0.3, 0.2)))
        body = {"kind": "flood", "lon": lon, "lat": lat, "severity": severity, "needs": needs}
        desk = Desk(self.state, self.params, ways=self.ways)
        for kind, told in (("incident.open", body), ("incident.dispatch", {"id": f"i{number}"})):
            id_ = f"i{number}" if kind == "incident.open" else f"go{number}"
            acts.perform(desk, Command(id=id_, kind=kind, actor="a", at_us=NOW_US, body=told))
        self.state = desk.state

    def seen(self) -> Sightings:
        """Everybody, where they are now."""
        now_us = NOW_US + self.ticks * TICK_US
        rows = tuple((f"d{n}", lon, lat, now_us) for n, (lon, lat) in enumerate(self.at.tolist()))
        return Sightings(now_us=now_us, rows=rows)

    def tick(self) -> Sightings:
        """Two seconds later; who would leave the city turns back."""
        self.ticks += 1
        self.turn += self.rng.normal(0, 0.1, len(self.turn))
        self.at += STEP * np.column_stack([np.cos(self.turn), np.sin(self.turn)])
        out = ((self.at < CORNER) | (self.at > CORNER + WIDTH)).any(axis=1)
        self.turn[out] += np.pi
        return self.seen()


def plain_ms(city: City) -> float:
    """Solving alone, over the needed places and everybody's times."""
    everybody = Everybody(Desk(city.state, city.params, ways=city.ways))
    rows = [everybody.whole(i).eta_s for i in open_incidents(city.state)]
    cells = np.repeat(np.array(rows, np.float64), city.params.default_need, axis=0)
    np.minimum(cells, 1e6, out=cells)
    begun = time.perf_counter()
    linear_sum_assignment(cells)
    return 1000 * (time.perf_counter() - begun)


def row(roads: tuple[dict[str, Any], ...], size: tuple[int, int], runs: int, seed: int) -> str:
    city = City(roads, *size, seed)
    city.run(Command(id="go", kind="dispatch.resume", actor="a", at_us=NOW_US))
    city.ways = Ways()
    city.ways.reach(city.state)  # the map is unpacked once at start
    calm_collector()  # as `ronda run` does
    wall, cpu, changed, places = [], [], 0, 0
    for _ in range(runs + 1):
        plans, entry = city.state.plans, city.tick()
        begun, spent = time.perf_counter(), time.process_time()
        city.run(entry)
        wall.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - spent))
        if len(wall) > 1:
            changed += sum(len(set(plans[i]) - set(plan)) for i, plan in city.state.plans.items())
            places += sum(len(plan) for plan in city.state.plans.values())
    warm, plain = wall[1:], plain_ms(city)
    p50, p99 = np.percentile(warm, (50, 99))
    cpu99, share = np.percentile(cpu[1:], 99), changed / max(1, places)
    return (
        f"{size[0]:>6}x{size[1]:<4}{wall[0]:9.0f}{p50:9.1f}{p99:9.1f}{cpu99:9.1f}{MOST_MS[size]:>7}"
        f"{plain:9.2f}{p50 / plain:8.1f}{len(city.state.trails):>8}{100 * share:8.2f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="VOLUNTEERSxINCIDENTS")
    given, _ = parser.parse_known_args()
    roads = tuple(rows_of(build(streets(30_000, np.random.default_rng(1)))[0]))
    print(f"a tick of dispatch, {given.runs} runs, 30,000 crossings, ms")
    print(
        f"{'size':>11}{'first':>9}{'p50':>9}{'p99':>9}{'cpu99':>9}{'most':>7}{'plain':>9}{'ratio':>8}{'offers':>8}{'churn':>10}"
    )
    for size in MOST_MS:
        if given.only in ("", f"{size[0]}x{size[1]}"):
            print(row(roads, size, given.runs, given.seed), flush=True)
