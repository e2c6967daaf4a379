"""A tick of matching: candidates by straight line, the exact matching, its prices and its proof.

Everybody moves between runs; trees are built anew in each. Beside it: a plain `linear_sum_assignment` of the same
size (solving alone, the table is given), and the greedy choice: incidents in order of arrival, the nearest free each,
which is counted over all runs where the table is small. 65 volunteers and 25 incidents are too few people.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from bench.dispatch.town import moved, problem, town
from dispatch.greedy import in_turn
from dispatch.matching.dense import places_of
from dispatch.matching.problem import Loss, Problem
from dispatch.matching.solve import Matching, match

SIZES = {(65, 10): 20, (65, 25): 20, (500, 50): 60, (5_000, 50): 150, (50_000, 500): 1_000}  # people, incidents: ms
SMALL_CELLS = 100_000
PLAIN_CELLS = 100_000_000  # a table of 0.8 GB


class Measured(NamedTuple):
    """Wall and CPU milliseconds of each run, and what the last one decided."""

    wall_ms: list[float]
    cpu_ms: list[float]
    last: Matching
    proven: int
    lost: list[tuple[Loss, Loss]]  # ours and greedy's


def measured(given: argparse.Namespace, volunteers: int, incidents: int, *, flooded: bool) -> Measured:
    rng = np.random.default_rng(given.seed)
    place = town(rng, volunteers, incidents, flooded=flooded)
    wall, cpu, proven, lost = [], [], 0, []
    match(problem(place))
    for run in range(given.runs):
        place = moved(place, rng)
        begun, spent = time.perf_counter(), time.process_time()
        last = match(problem(place))
        wall.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - spent))
        proven += last.certificate.proven
        if volunteers * last.problem.places < SMALL_CELLS or run == given.runs - 1:
            lost.append((last.loss, greedy(last.problem, last.problem.costs.dense())))
    return Measured(wall, cpu, last, proven, lost)


def plain_ms(asked: Problem, seconds: np.ndarray) -> float | None:
    """The least time of `linear_sum_assignment` over all places and volunteers."""
    if asked.places * asked.costs.volunteers > PLAIN_CELLS:
        return None
    steps = asked.steps()
    owner, price = places_of([steps.of(need) for need in asked.needs])
    cells = np.minimum(seconds[owner].astype(np.float64), price[:, None])
    spent = [timed(lambda: linear_sum_assignment(cells)) for _ in range(1 if cells.size > 10_000_000 else 3)]
    return min(spent)


def timed(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begun)


def greedy(asked: Problem, seconds: np.ndarray) -> Loss:
    """Incidents in order of arrival; each takes its nearest free volunteers."""
    total, empty = 0, {1: 0, 2: 0, 3: 0}
    sent = in_turn([need.count for need in asked.needs], seconds)
    for need, row, taken in zip(asked.needs, seconds, sent, strict=True):
        total += int(row[taken].sum())
        empty[need.severity] += need.count - len(taken)
    return Loss(empty[3], empty[2], empty[1], total)


def row(given: argparse.Namespace, size: tuple[int, int], *, flooded: bool) -> str:
    result = measured(given, *size, flooded=flooded)
    asked, proof = result.last.problem, result.last.certificate
    plain = plain_ms(asked, asked.costs.dense())
    p50, p99 = np.percentile(result.wall_ms, (50, 99))
    ours, other = np.array(result.lost).sum(axis=0).tolist()
    ratio = f"{plain:7.2f} {p50 / plain:6.2f}" if plain else f"{'-':>7} {'-':>6}"
    return (
        f"{size[0]:>6}x{size[1]:<4}{'flood' if flooded else 'town':>6}{p50:8.1f}{p99:8.1f}"
        f"{np.percentile(result.cpu_ms, 99):8.1f}{SIZES[size]:>6}  {ratio}  {proof.method:>5} {max(proof.listed):>5}"
        f"{proof.rounds:>3} {result.proven:>4}/{given.runs:<4}{ours[0]:>4}/{other[0]:<4}"
        f"{sum(ours[:3]):>5}/{sum(other[:3]):<5}{100 * (other[3] / ours[3] - 1):+6.1f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="VOLUNTEERSxINCIDENTS")
    given = parser.parse_args()
    print(f"{given.runs} runs each, 3 places an incident, ms; places left empty, ours/greedy: severe, all")
    print(
        f"{'size':>11}{'where':>6}{'p50':>8}{'p99':>8}{'cpu99':>8}{'most':>6}  {'plain':>7} {'ratio':>6}  method  list"
        f"  n   proven  severe     all  greedy's time"
    )
    for size in SIZES:
        if given.only in ("", f"{size[0]}x{size[1]}"):
            for flooded in (False, True):
                print(row(given, size, flooded=flooded), flush=True)
