"""What a durable message costs: the door against Mosquitto alone, payloads of 1, 10 and 60 fixes, a broker in front,
and how long a fix takes to the log and to the map. One run, ratios side by side.

The door's figure is that of the whole ingest process: MQTT, decoding, judging, writing to a Valkey that fsyncs before
it answers, then the PUBACK. Mosquitto's is that of the broker alone, routing the same messages at QoS 1 to one reader
and storing nothing. Rounds alternate, for a machine is never twice the same; the median counts. Needs Debian's
mosquitto and mosquitto-clients.
    python bench/ingest.py [--rounds N] [--messages N] [--no-latency]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.load import latency
from bench.load.devices import Load, connect, cpu_s, drive, hang_up
from bench.load.servers import ingest, mosquitto, reader, serve, valkey_pid
from ronda.embedded.valkey import embedded_valkey


class Cost(NamedTuple):
    """Messages a second; microseconds of CPU per message of what is measured, and of its companion."""

    rate: float
    cpu_us: float
    other_us: float


async def of_door(load: Load, folder: Path) -> Cost:
    """Ingest, and Valkey beside it."""
    async with embedded_valkey(folder) as url, ingest(url) as serving:
        pids = serving.process.pid, await valkey_pid(url)
        return await _driven(load, serving.port, pids)


async def of_mosquitto(load: Load, folder: Path) -> Cost:
    """The broker, and the reader beside it."""
    async with mosquitto(folder) as (broker, port), reader(port) as reading:
        return await _driven(load, port, (broker.pid, reading.pid), settle_s=1.0)


async def _driven(
    load: Load,
    port: int,
    pids: tuple[int, int],
    *,
    settle_s: float = 0.0,
    until: Callable[[], Awaitable[object]] | None = None,
) -> Cost:
    """Drive a load; it is over when all is acknowledged, and `until` has returned."""
    devices = await connect(port, load)
    before, start = [cpu_s(pid) for pid in pids], time.perf_counter()
    sent = await drive(devices, load.messages)
    if until is not None:
        await until()
    took_s = time.perf_counter() - start
    await asyncio.sleep(settle_s)  # let a reader finish
    own, other = ((cpu_s(pid) - used) / sent * 1e6 for pid, used in zip(pids, before, strict=True))
    await hang_up(devices)
    return Cost(sent / took_s, own, other)


async def of_broker_path(load: Load, folder: Path) -> Cost:
    """Ingest reading a Mosquitto through aiomqtt, and the broker beside it."""
    total = load.messages // load.connections * load.connections * load.fixes
    async with (
        embedded_valkey(folder) as url,
        mosquitto(folder) as (broker, port),
        ingest(url, f"mqtt://127.0.0.1:{port}", total) as serving,
    ):
        assert serving.process.stdout is not None
        until = serving.process.stdout.readline
        return await _driven(load, port, (serving.process.pid, broker.pid), until=until)


async def compare(folder: Path, rounds: int, messages: int) -> None:
    """The door against Mosquitto."""
    for load in (
        Load("1,000 connections, one message under way each", 1000, 1, 1, messages),
        Load("20 connections, 100 under way each", 20, 100, 1, messages),
    ):
        pairs = [(await of_door(load, folder), await of_mosquitto(load, folder)) for _ in range(rounds)]
        door, broker = (_median([pair[i] for pair in pairs]) for i in (0, 1))
        each = ", ".join(f"{a.cpu_us / b.cpu_us:.2f}" for a, b in pairs)
        print(f"{load.name}; {load.messages:,} messages of one fix, {rounds} rounds")
        for name, cost, other in (("door", door, "Valkey"), ("Mosquitto", broker, "reader")):
            print(
                f"  {name:9} {cost.rate:9,.0f}/s  {cost.cpu_us:5.1f} us a message   ({other} {cost.other_us:4.1f} us)"
            )
        print(f"  CPU of the door / CPU of Mosquitto alone: {door.cpu_us / broker.cpu_us:.2f}   (rounds: {each})")


async def by_size(folder: Path, rounds: int, messages: int) -> None:
    """Several fixes in one message."""
    print("1,000 connections, one message under way each, by fixes in a message")
    for fixes, share in ((1, 1), (10, 3), (60, 12)):
        load = Load("", 1000, 1, fixes, messages // share)
        cost = _median([await of_door(load, folder) for _ in range(rounds)])
        rate, cpu_us = cost.rate * fixes, cost.cpu_us / fixes
        print(f"  {fixes:3} fixes  {cost.rate:9,.0f} messages/s  {rate:9,.0f} fixes/s  {cpu_us:5.2f} us of CPU a fix")


async def through_broker(folder: Path, rounds: int, messages: int) -> None:
    """What aiomqtt costs."""
    print("20 connections at Mosquitto, ingest reads it through aiomqtt")
    for fixes, share in ((1, 2), (10, 6)):
        load = Load("", 20, 100, fixes, messages // share)
        cost = _median([await of_broker_path(load, folder) for _ in range(rounds)])
        print(
            f"  {fixes:3} fixes  {cost.rate:9,.0f} messages/s  {cost.rate * fixes:9,.0f} fixes/s  "
            f"{cost.cpu_us:5.1f} us a message   (broker {cost.other_us:4.1f} us)"
        )


async def delays() -> None:
    """Device to log to map."""
    print(f"latency at {latency.RATE} fixes/s, `ronda up` with all its stages")
    for name, ways in (await latency.measure()).items():
        p50, p99 = (ways[int(share * (len(ways) - 1))] for share in (0.5, 0.99))
        print(f"  device to {name:20} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   ({len(ways):,} fixes)")


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(median(values) for values in zip(*costs, strict=True)))


async def measure(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="ronda-bench-") as name:
        folder = Path(name)
        await compare(folder, given.rounds, given.messages)
        await by_size(folder, given.rounds, given.messages)
        await through_broker(folder, given.rounds, given.messages)
    if not given.no_latency:
        await delays()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--no-latency", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--mqtt", default="", help=argparse.SUPPRESS)
    parser.add_argument("--until", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    asyncio.run(serve(given.serve, given.mqtt, given.until) if given.serve else measure(given))


if __name__ == "__main__":
    main()
