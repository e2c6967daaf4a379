"""Everything dies in turn under load: what was acknowledged is in the archive, once, and nothing else is.

`make soak` runs it for ten minutes at 2,000 messages a second; RONDA_TEST_SOAK_SECONDS and RONDA_TEST_SOAK_RATE
choose otherwise, RONDA_TEST_SOAK_REPORT names a file for the figures.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.soak.city import PREFIX, City, Fleet, city, ended
from tests.soak.figures import parameter, percentiles_ms, report
from tests.soak.ledger import Ledger, archived, count
from tests.soak.publisher import Publisher
from tests.soak.services import STAGES, until

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.interop, pytest.mark.timeout(0)]
VICTIMS = ("valkey", "postgres", *STAGES, "ingest-broker", "mosquitto")
DEVICES = 200
DOORS, BROKERS = 6, 2  # connections: a quarter of the fleet speaks through Mosquitto
CALM = 0.15  # of the time, at the end
SETTLE_S = 600.0
RSS_MB = 600


@pytest.mark.parametrize(
    ("seconds", "rate"),
    [(20.0, 200.0), pytest.param(600.0, 2000.0, marks=pytest.mark.soak)],
    ids=["short", "long"],
)
def test_the_archive_is_what_was_acknowledged(folder: Path, seconds: float, rate: float) -> None:
    """Valkey, Postgres and each stage are killed by kill -9 in turn, Mosquitto is stopped in order; all restart."""
    if seconds > 60:
        seconds, rate = parameter("SECONDS", seconds), parameter("RATE", rate)
    figures = asyncio.run(run(folder, seconds, rate))
    report("faults", figures)
    assert figures["acknowledged"] == figures["sent"]
    assert (figures["lost"], figures["not acknowledged but there"], figures["doubled"]) == (0, 0, 0)
    assert max(figures["peak_mb"][name] for name in STAGES) < RSS_MB


async def run(folder: Path, seconds: float, rate: float) -> dict[str, Any]:
    """Load, faults, calm; then compare."""
    ledger = Ledger(DEVICES)
    async with city(folder, DEVICES) as made:
        publishers = [
            Publisher(
                made.door_port if n < DOORS else made.broker_port, f"soak-{n}", "gateway", made.secret, ledger.acked
            )
            for n in range(DOORS + BROKERS)
        ]
        running = [asyncio.create_task(publisher.run()) for publisher in publishers]
        fleet, begun = Fleet(ledger, publishers, rate), time.monotonic()
        faults = asyncio.create_task(strike(made, seconds * (1 - CALM)))
        await fleet.drive(seconds)
        drove_s = time.monotonic() - begun
        kills = await faults
        await until(lambda: acknowledged(fleet), SETTLE_S, "all is acknowledged")
        await until(lambda: settled(made, len(ledger)), SETTLE_S, "the archive has caught up")
        settled_s = time.monotonic() - begun - drove_s
        await ended(running)
        keys, rows = await asyncio.to_thread(archived, made.database_url, PREFIX)
        acked = ledger.keys()
        return {
            "seconds": round(drove_s, 1),
            "rate": round(len(ledger) / drove_s),
            "sent": len(ledger),
            "acknowledged": ledger.acknowledged,
            "archived": rows,
            "lost": len(acked - keys),
            "not acknowledged but there": len(keys - acked),
            "doubled": rows - len(keys),
            "kills": kills,
            "starts": {name: service.starts for name, service in made.services.items()},
            "connections lost": sum(publisher.losses for publisher in publishers),
            "sent again": sum(publisher.repeats for publisher in publishers),
            "settled_s": round(settled_s, 1),
            "acknowledged_ms": percentiles_ms(ledger.latencies_s()),
            "peak_mb": made.peaks_mb(),
            "log_mb": round(made.used_mb),
        }


async def strike(made: City, seconds: float) -> dict[str, int]:
    """One victim after another, in an order that is drawn anew each round; each has a few seconds."""
    kills: Counter[str] = Counter()
    drawn, end_s = random.Random(3), time.monotonic() + seconds
    pause_s = max(seconds / (3 * len(VICTIMS)), 1.5)
    while time.monotonic() < end_s:
        for name in drawn.sample(VICTIMS, len(VICTIMS)):
            await asyncio.sleep(pause_s)
            if time.monotonic() >= end_s:
                break
            victim = made.services[name]
            victim.end() if name == "mosquitto" else victim.kill()
            kills[name] += 1
    return dict(kills)


async def acknowledged(fleet: Fleet) -> bool:
    return fleet.open == 0


async def settled(made: City, rows: int) -> bool:
    """Whether all is archived, and stays so for a moment: something doubled would come later."""
    if await asyncio.to_thread(count, made.database_url) < rows:
        return False
    await asyncio.sleep(2.0)
    return True
