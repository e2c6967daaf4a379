"""How long a report takes to the first offer on a phone, and a yes to the coordinator's screen, through all of it.

`ronda up` on embedded servers with its seven stages; phones at its door or at a Mosquitto in front, each a connection
of its own; a coordinator by HTTP who says that one person is needed, verifies and has people asked the moment the
console's feed shows a report, so no time of a person is in it; the console in Chromium beside.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
import httpx

import cities
from bench.load.screen import Screen, screen
from bench.load.servers import free_port, process, queueing_mosquitto
from ronda.lending import tokens
from ronda.runtime import Parts, Runtime
from ronda.sending import settle
from ronda.settings import load
from ronda.up import located, opened
from simulators import registry
from store import credentials

HOUR_US = 3_600_000_000
LAST_S = 30.0
FIX_S = 15.0  # between the fixes of one phone
CLOSES_S = 3.0  # after the yes: by then the screen has shown it; who was asked is free for a later report
ANSWERS_S = 0.3  # a phone that shows an offer says yes so much later: all who are asked have heard it by then
WAYS = (
    "report to coordinator",
    "needs, verified, dispatched",
    "dispatch to offer",
    "report to offer",
    "yes to feed",
    "yes to screen",
)


@dataclass(slots=True)
class Case:
    """One report and the moments of what came of it, in seconds."""

    number: int
    reported: float
    incident: str = ""
    moments: dict[str, float] = field(default_factory=dict)

    def note(self, what: str) -> None:
        self.moments.setdefault(what, time.time())

    def ways_ms(self) -> dict[str, float]:
        """Each way that it went to its end."""
        at = self.moments | {"reported": self.reported}
        ends = (
            ("reported", "heard"),
            ("heard", "dispatched"),
            ("sent", "offer"),
            ("reported", "offer"),
            ("yes", "fed"),
            ("yes", "shown"),
        )
        return {way: (at[b] - at[a]) * 1000 for way, (a, b) in zip(WAYS, ends, strict=True) if a in at and b in at}


@dataclass(slots=True)
class Town:
    """An installation with volunteers, and the cases by their text and by incident."""

    runtime: Runtime
    pid: int
    mqtt: tuple[str, int]
    http: httpx.AsyncClient
    secrets: dict[str, str]
    cases: dict[str, Case] = field(default_factory=dict)
    by_incident: dict[str, Case] = field(default_factory=dict)
    stand: float = 0.0
    late: set[asyncio.Task[None]] = field(default_factory=set)

    def soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.late.add(task)
        task.add_done_callback(self.late.discard)


async def measure(
    reports: int, phones: int, every_s: float, *, broker: bool, browser: bool
) -> tuple[list[Case], float]:
    """Play it; the cases in order, and how much of one processor the seven stages took meanwhile."""
    with tempfile.TemporaryDirectory(prefix="ronda-bench-") as data:
        async with _town(Path(data), phones, broker=broker) as town, AsyncExitStack() as stack:
            shown = await stack.enter_async_context(screen(await _link(town))) if browser else None
            talking: list[aiomqtt.Client] = []
            for device, secret in town.secrets.items():
                talking.append(await stack.enter_async_context(_client(town, device, secret)))
            tasks = [asyncio.create_task(_phone(town, *pair)) for pair in zip(town.secrets, talking, strict=True)]
            tasks += [asyncio.create_task(work) for work in (_coordinate(town), _stand(town, talking))]
            await _on_the_map(town)
            began, cpu_s = time.monotonic(), _cpu_s(town.pid)
            await _report(town, talking, reports, every_s, tasks)
            await _quiet(town)
            used = (_cpu_s(town.pid) - cpu_s) / (time.monotonic() - began)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *town.late, return_exceptions=True)
            if shown:
                await _seen(town, shown)
    return [*town.cases.values()], used


async def _quiet(town: Town) -> None:
    """Until all is said, or nothing more can be expected."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_S):
            while any("fed" not in case.moments for case in town.cases.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    await asyncio.sleep(3.0)


def _cpu_s(pid: int) -> float:
    """Processor time of a process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def _on_the_map(town: Town) -> None:
    """Wait until every phone was seen, so that what is compiled at a first start is not in the figures."""
    async with asyncio.timeout(120):
        while len((await town.http.get("/api/v1/positions")).json()["features"]) < len(town.secrets):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
    await asyncio.sleep(2.0)  # dispatch hears of positions once a second


async def _report(
    town: Town, talking: Sequence[aiomqtt.Client], count: int, every_s: float, tasks: Sequence[asyncio.Task[None]]
) -> None:
    drawn, (lon, lat) = random.Random(5), cities.load("kupang").origin
    devices = [*town.secrets]
    for number in range(count):
        text, who = f"laporan {number:04d}", drawn.randrange(len(devices))
        place = {"lon": lon + drawn.uniform(-0.03, 0.03), "lat": lat + drawn.uniform(-0.03, 0.03)}
        body = {"kind": "banjir_genangan", "severity": 2, "text": text, **place}
        town.cases[text] = Case(number, time.time())
        await talking[who].publish(f"ronda/v1/{devices[who]}/report", json.dumps(body), qos=1)
        await asyncio.sleep(every_s)
        for task in tasks:
            if task.done():
                task.result()


async def _stand(town: Town, talking: Sequence[aiomqtt.Client]) -> None:
    """Every phone says where it is, spread over `FIX_S`; nobody moves, so the places stay theirs."""
    drawn, (lon, lat) = random.Random(6), cities.load("kupang").origin
    homes = [(lon + drawn.uniform(-0.035, 0.035), lat + drawn.uniform(-0.035, 0.035)) for _ in talking]
    first = True
    while True:
        for device, client, (at_lon, at_lat) in zip(town.secrets, talking, homes, strict=True):
            fix = {"time": time.time(), "lon": at_lon, "lat": at_lat, "speed": 0.0, "accuracy": 8.0}
            await client.publish(f"ronda/v1/{device}/fix", json.dumps(fix), qos=1)
            await asyncio.sleep(FIX_S / len(talking) / (3 if first else 1))
        first = False


async def _phone(town: Town, device: str, client: aiomqtt.Client) -> None:
    """The first to hear an offer of a case says yes."""
    async for message in client.messages:
        told = json.loads(bytes(message.payload))  # type: ignore[arg-type]
        case = town.cases.get(told["text"]) if told.get("type") == "offer" else None
        if case is not None and "offer" not in case.moments:
            case.note("offer")
            town.soon(_yes(client, device, told["offer"], case))


async def _yes(client: aiomqtt.Client, device: str, offer: str, case: Case) -> None:
    await asyncio.sleep(ANSWERS_S)
    case.note("yes")
    answer = json.dumps({"offer": offer, "answer": "accept"})
    await client.publish(f"ronda/v1/{device}/answer", answer, qos=1)


async def _coordinate(town: Town) -> None:
    """Read the console's feed: verify and dispatch what is reported, note who says yes, close what was answered."""
    async with town.http.stream("GET", "/api/v1/events", timeout=None) as feed:
        async for line in feed.aiter_lines():
            if line.startswith("data:"):
                _hear(town, json.loads(line[5:]))


def _hear(town: Town, told: dict[str, Any]) -> None:
    """One event of the feed."""
    case = town.by_incident.get(told.get("incident", ""))
    if told["kind"] == "incident" and told["status"] == "reported" and told["id"] not in town.by_incident:
        case = town.by_incident[told["id"]] = town.cases[told["text"]]
        case.incident = told["id"]
        case.note("heard")
        town.soon(_dispatch(town, case))
    elif told["kind"] == "offer" and told["state"] == "accepted" and case and "fed" not in case.moments:
        case.note("fed")
        town.soon(_close(town, case))


async def _dispatch(town: Town, case: Case) -> None:
    address = f"/api/v1/incidents/{case.incident}"
    (await town.http.patch(address, json={"needs": [{"count": 1}]})).raise_for_status()
    (await town.http.post(f"{address}/verify")).raise_for_status()
    case.note("sent")
    (await town.http.post(f"{address}/dispatch")).raise_for_status()
    case.note("dispatched")


async def _close(town: Town, case: Case) -> None:
    await asyncio.sleep(CLOSES_S)
    (await town.http.post(f"/api/v1/incidents/{case.incident}/close")).raise_for_status()


async def _seen(town: Town, shown: Screen) -> None:
    for key, at in (await shown.shown()).items():
        if (case := town.by_incident.get(key) or town.cases.get(key)) is not None:
            case.moments["shown"] = at


@asynccontextmanager
async def _town(data: Path, phones: int, *, broker: bool) -> AsyncIterator[Town]:
    """`ronda up`, behind a Mosquitto if wanted, with a crew that is on duty."""
    async with AsyncExitStack() as stack:
        http, mqtt = free_port(), free_port()
        environ = {"RONDA_MQTT_PORT": str(mqtt), "RONDA_PUBLIC_URL": ""}
        if broker:
            mqtt = await stack.enter_async_context(queueing_mosquitto(data))
            environ["RONDA_MQTT_URL"] = f"mqtt://127.0.0.1:{mqtt}"
        command = (sys.executable, "-m", "ronda", "up", "--data", str(data), "--port", str(http))
        with (data / "up.txt").open("wb") as out:
            own = {k: v for k, v in os.environ.items() if not k.startswith("RONDA_")}
            up: dict[str, Any] = {"stdout": out, "stderr": out, "env": own | {k: v for k, v in environ.items() if v}}
            child = await stack.enter_async_context(process(*command, **up))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=20.0))
        await _ready(client, data)
        settings = load({}, overrides={"data_dir": str(data)})
        runtime = await stack.enter_async_context(opened(settings, located(settings), Parts()))
        devices, now_us = [registry.crew_device(i) for i in range(phones)], time.time_ns() // 1000
        duty = (now_us - HOUR_US, now_us + 6 * HOUR_US)
        crew = registry.crew_configs(devices, from_us=duty[0], at_us=now_us, actor="bench", duty_us=duty)
        await settle(runtime, crew)
        secrets = await stack.enter_async_context(tokens(runtime, devices, "bench"))
        _, secret = await credentials.create_token(
            runtime.pool, role="coordinator", subject="bench", label="", expires_us=duty[1], now_us=now_us
        )
        client.headers["Authorization"] = f"Bearer {secret}"
        yield Town(runtime, child.pid, ("127.0.0.1", mqtt), client, secrets)


async def _ready(client: httpx.AsyncClient, data: Path) -> None:
    for _ in range(900):
        with contextlib.suppress(httpx.TransportError):
            if (await client.get("/readyz")).is_success:
                return
        await asyncio.sleep(0.1)
    raise SystemExit(f"ronda up did not become ready:\n{(data / 'up.txt').read_text()[-2000:]}")


@asynccontextmanager
async def _client(town: Town, device: str, secret: str) -> AsyncIterator[aiomqtt.Client]:
    host, port = town.mqtt
    async with aiomqtt.Client(host, port, username=device, password=secret, identifier=device) as client:
        await client.subscribe(f"ronda/v1/{device}/offer", qos=1)
        yield client


async def _link(town: Town) -> str:
    now_us = time.time_ns() // 1000
    secret = await credentials.create_link(town.runtime.pool, role="coordinator", subject="bench", now_us=now_us)
    return f"{town.http.base_url}/?token={secret}"
