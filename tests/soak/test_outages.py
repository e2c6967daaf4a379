"""A server is away for ten minutes under load: nothing acknowledged is lost, and all recovers by itself.

`make soak` runs ten minutes each; RONDA_TEST_SOAK_OUTAGE_S chooses otherwise, RONDA_TEST_SOAK_REPORT names a file for
the figures.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.soak.city import PREFIX, Fleet, city, ended
from tests.soak.figures import parameter, report
from tests.soak.ledger import Ledger, archived
from tests.soak.publisher import Publisher
from tests.soak.services import STAGES, until
from tests.soak.test_faults import SETTLE_S, acknowledged, settled

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.interop, pytest.mark.timeout(0)]
DEVICES, RATE = 100, 300.0
BEFORE_S, AFTER_S = 4.0, 4.0
RSS_MB = 600


@pytest.mark.parametrize(
    ("server", "outage_s"),
    [
        ("postgres", 5.0),
        *(pytest.param(server, 600.0, marks=pytest.mark.soak) for server in ("valkey", "postgres", "mosquitto")),
    ],
)
def test_a_server_is_away_under_load(folder: Path, server: str, outage_s: float) -> None:
    """Devices go on sending all the while, as far as they are let; afterwards the archive is what was acknowledged."""
    if outage_s > 60:
        outage_s = parameter("OUTAGE_S", outage_s)
    figures = asyncio.run(run(folder, server, outage_s))
    report(f"outage of {server}", figures)
    assert figures["acknowledged"] == figures["sent"]
    assert (figures["lost"], figures["not acknowledged but there"], figures["doubled"]) == (0, 0, 0)
    assert max(figures["peak_mb"][name] for name in STAGES) < RSS_MB


async def run(folder: Path, server: str, outage_s: float) -> dict[str, Any]:
    """Load; the server stops in the middle and comes back; then compare."""
    ledger, through_broker = Ledger(DEVICES), server == "mosquitto"
    async with city(folder, DEVICES, broker=through_broker) as made:
        port = made.broker_port if through_broker else made.door_port
        publishers = [Publisher(port, f"soak-{n}", "gateway", made.secret, ledger.acked) for n in range(4)]
        running = [asyncio.create_task(publisher.run()) for publisher in publishers]
        fleet, begun = Fleet(ledger, publishers, RATE), time.monotonic()
        load = asyncio.create_task(fleet.drive(BEFORE_S + outage_s + AFTER_S))
        await asyncio.sleep(BEFORE_S)
        await made.services[server].stop()
        before = ledger.acknowledged
        await asyncio.sleep(outage_s)
        during = ledger.acknowledged - before
        made.services[server].start()
        await load
        await until(lambda: acknowledged(fleet), SETTLE_S, "all is acknowledged")
        await until(lambda: settled(made, len(ledger)), SETTLE_S, "the archive has caught up")
        took_s = time.monotonic() - begun
        await ended(running)
        keys, rows = await asyncio.to_thread(archived, made.database_url, PREFIX)
        acked = ledger.keys()
        return {
            "outage_s": outage_s,
            "sent": len(ledger),
            "acknowledged": ledger.acknowledged,
            "acknowledged during the outage": during,
            "lost": len(acked - keys),
            "not acknowledged but there": len(keys - acked),
            "doubled": rows - len(keys),
            "settled after_s": round(took_s - BEFORE_S - outage_s - AFTER_S, 1),
            "peak_mb": made.peaks_mb(),
            "log_mb": round(made.used_mb),
        }
