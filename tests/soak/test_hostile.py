"""Hostile messages by the million: no stage stops, memory stays flat, rejects are bounded, good traffic goes on.

RONDA_TEST_SOAK_MESSAGES chooses another number, RONDA_TEST_SOAK_REPORT names a file for the figures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.soak.city import PREFIX, City, Fleet, city, ended
from tests.soak.figures import parameter, percentiles_ms, report
from tests.soak.ledger import Ledger, archived
from tests.soak.publisher import Publisher
from tests.soak.services import STAGES, until

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.timeout(0)]
SCRIPT = Path(__file__).with_name("hostile.py")
DEVICES = 50
GOOD_RATE = 200.0
BEFORE_S = 8.0
GROWTH_MB = 80.0
SETTLE_S = 300.0


@pytest.mark.parametrize("messages", [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)], ids=["short", "long"])
def test_a_hostile_neighbour_is_borne(folder: Path, messages: int) -> None:
    """Good traffic keeps nine tenths of its rate, every stage its process, every process its size."""
    if messages > 100_000:
        messages = int(parameter("MESSAGES", messages))
    figures = asyncio.run(run(folder, messages))
    report("hostile", figures)
    assert figures["last words"] == {}
    assert figures["good rate within"] >= 0.9 * figures["good rate before"]
    assert (figures["lost"], figures["doubled"]) == (0, 0)
    assert figures["rejects"] < max(0.1 * messages, 10_000)
    assert max(figures["growth_mb"].values()) < GROWTH_MB


async def run(folder: Path, messages: int) -> dict[str, Any]:
    """Good traffic alone, then with the neighbour, until it has said everything."""
    ledger = Ledger(DEVICES)
    async with city(folder, DEVICES, broker=False) as made:
        publishers = [Publisher(made.door_port, f"good-{n}", "gateway", made.secret, ledger.acked) for n in range(2)]
        running = [asyncio.create_task(publisher.run()) for publisher in publishers]
        fleet = Fleet(ledger, publishers, GOOD_RATE)
        await fleet.drive(2.0)  # connections stand, kernels are loaded
        before_s = time.monotonic()
        await fleet.drive(BEFORE_S)
        within_s = time.monotonic()
        driving = asyncio.create_task(fleet.drive(1e9))
        sizes: list[dict[str, float]] = []
        sampling = asyncio.create_task(sample(made, sizes))
        told = await attack(made, messages)
        over_s = time.monotonic()
        await ended([driving, sampling])
        await until(lambda: empty(fleet), SETTLE_S, "all good traffic is acknowledged")
        await until(lambda: there(made, ledger), SETTLE_S, "the archive has it")
        words = {name: service.said()[-3000:] for name, service in made.services.items() if service.starts > 1}
        await ended(running)
        keys, _ = await asyncio.to_thread(archived, made.database_url, PREFIX)
        acked = ledger.keys()
        return {
            "hostile": told,
            "hostile rate": round(messages / max(told["seconds"], 0.1)),
            "good rate before": rate(ledger, before_s, within_s),
            "good rate within": rate(ledger, within_s, over_s),
            "before_ms": percentiles_ms(ledger.latencies_s(before_s, within_s)),
            "within_ms": percentiles_ms(ledger.latencies_s(within_s, over_s)),
            "lost": len(acked - keys),
            "doubled": 0 if len(acked) == ledger.acknowledged else 1,
            "last words": words,
            "growth_mb": growth(sizes),
            "peak_mb": made.peaks_mb(),
            "log_mb": round(made.used_mb),
            **await asyncio.to_thread(tables, made.database_url),
        }


async def attack(made: City, messages: int) -> dict[str, Any]:
    """Another process: the generator of good traffic must not suffer from the generator of bad."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        *(str(made.door_port), str(made.http_port), made.secret, str(messages), "5"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        out, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    assert process.returncode == 0
    told: dict[str, Any] = json.loads(out)
    return told


async def sample(made: City, sizes: list[dict[str, float]]) -> None:
    while True:
        sizes.append({name: made.services[name].rss_mb() for name in STAGES})
        await asyncio.sleep(1.0)


def growth(sizes: list[dict[str, float]]) -> dict[str, float]:
    """Between a fifth of the attack and its end: what comes before is warming up."""
    first, last = sizes[len(sizes) // 5], sizes[-1]
    return {name: round(last[name] - first[name], 1) for name in first}


def rate(ledger: Ledger, since_s: float, until_s: float) -> float:
    """Acknowledgements a second."""
    return round(sum(since_s <= at < until_s for at in ledger.acked_s) / (until_s - since_s), 1)


def tables(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        found = {}
        for name, query in (
            ("rejects", "SELECT count(*) FROM rejects"),
            ("held devices", "SELECT count(DISTINCT device) FROM held"),
            ("held fixes", "SELECT count(*) FROM held"),
        ):
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
            found[name] = int(row[0])
    return found


async def empty(fleet: Fleet) -> bool:
    return fleet.open == 0


async def there(made: City, ledger: Ledger) -> bool:
    """Rows are no measure here: some hostile messages are good fixes of the same devices."""
    try:
        keys, _ = await asyncio.to_thread(archived, made.database_url, PREFIX)
    except psycopg.OperationalError:
        return False
    await asyncio.sleep(1.0)
    return ledger.keys() <= keys
