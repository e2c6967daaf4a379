"""Ingest as a process of its own, on a Valkey: `python serve.py URL` prints the door's port."""

from __future__ import annotations

import asyncio
import sys

from core.clock import ManualClock
from ingest.directory import Listed
from ingest.door import DoorParams
from ingest.service import Ingest, IngestParams
from store.valkey import ValkeyLog

NOW_US = 1_767_571_260_000_000  # a minute after the T0 of tests.strategies


async def main(url: str) -> None:
    log = ValkeyLog(url)
    ingest = Ingest(
        IngestParams(door=DoorParams(port=0, anonymous=True)),
        append=log.append,
        partitions=4,
        clock=ManualClock(NOW_US),
        directory=Listed(lambda _: True),
        authenticate=lambda *_: None,
    )
    task = asyncio.create_task(ingest.run())
    await ingest.opened.wait()
    assert ingest.door is not None
    sys.stdout.write(f"{ingest.door.port}\n")
    sys.stdout.flush()
    await task


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
