"""Run as a process by test_up.py: a small composition on embedded servers.

`composition.py DATA write` appends numbers to the log and to a table, and prints each when both have it.
`composition.py DATA fail` has a stage that fails at once; `composition.py DATA compile` one that compiles for long.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from pathlib import Path
from typing import NoReturn

from core.errors import RondaError, UnavailableError
from ronda import logs
from ronda.runtime import Runtime
from ronda.settings import Settings
from ronda.unawaited import unawaited
from ronda.up import Stages, until_signal, up
from store.pg import transaction


async def write(runtime: Runtime) -> None:
    async with runtime.pool.connection() as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS probe (n integer)")
    number = await runtime.log.length("in.0")
    try:
        while True:
            try:
                await runtime.log.append([("in.0", b"%d" % number)])
                async with transaction(runtime.pool) as cursor:
                    await cursor.execute("INSERT INTO probe VALUES (%s)", [number])
            except UnavailableError:  # a server is being restarted
                await asyncio.sleep(0.05)
                continue
            print(number, flush=True)  # noqa: T201 - the test reads it
            number += 1
    finally:
        await asyncio.sleep(0.1)
        print("drained", flush=True)  # noqa: T201 - the test reads it


async def fail(_runtime: Runtime) -> NoReturn:
    await asyncio.sleep(0.05)
    raise RondaError("this stage cannot work; mend it")


async def compile_(_runtime: Runtime) -> None:
    print(0, flush=True)  # noqa: T201 - the test reads it
    await unawaited(partial(time.sleep, 120), "kernels")


STAGES: dict[str, Stages] = {
    "write": {"write": write},
    "fail": {"write": write, "fail": fail},
    "compile": {"compile": compile_},
}

if __name__ == "__main__":
    logs.set_up("info")
    settings = Settings(data_dir=Path(sys.argv[1]), http_port=0, mqtt_port=0)
    try:
        sys.exit(until_signal(up(settings, STAGES[sys.argv[2]])))
    except RondaError as error:
        sys.exit(f"ronda: {error}")
