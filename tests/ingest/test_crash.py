"""Killed without a word, again and again: what was acknowledged is in the log."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from core import codec
from core.fixes import Fixes
from core.partition import partition_of
from store.valkey import ValkeyLog
from tests.ingest.house import Client, hanging_up
from tests.strategies import T0_US

STREAM = f"in.{partition_of('t1', 4)}"


async def send_until_killed(url: str, first: int, acks: int) -> list[int]:
    """Numbers of the messages that were acknowledged before the process was killed."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, str(Path(__file__).with_name("serve.py")), url)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe)
    assert process.stdout is not None
    client = await Client.enter(int(await process.stdout.readline()))
    for mid in range(1, 5001):
        us = T0_US + (first + mid) * 1000
        client.send(client.publish(b'{"time":%.3f,"lat":-10.17,"lon":123.6}' % (us / 1e6), mid=mid))
    acknowledged = []
    while answer := await client.read():
        acknowledged.append(first + int.from_bytes(answer[1], "big"))
        if len(acknowledged) == acks and process.returncode is None:
            process.kill()
    await process.wait()
    return acknowledged


@pytest.mark.service
def test_every_acknowledged_fix_is_in_the_log(clean_valkey_url: str) -> None:
    """Three kills under load, at random moments."""
    moments = random.Random(3)

    async def main() -> None:
        acknowledged: list[int] = []
        async with hanging_up():
            for i in range(3):
                acknowledged += await send_until_killed(clean_valkey_url, i * 5000, moments.randrange(1, 3000))
        log = ValkeyLog(clean_valkey_url)
        entries = (await log.read({STREAM: "0-0"}, count=10_000, block_ms=0))[STREAM]
        await log.close()
        batches = [value for entry in entries if isinstance(value := codec.decode(entry.body), Fixes)]
        written = {(us - T0_US) // 1000 for us in Fixes.concat(batches).time_us.tolist()}
        assert len(acknowledged) > 3
        assert set(acknowledged) <= written

    asyncio.run(main())
