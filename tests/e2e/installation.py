"""`ronda up` as a process of its own, on embedded servers: start, ask, tell, stop, kill, and what is left behind."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, Self

import httpx

from core.entries import Config
from ronda.cli import main
from ronda.runtime import Parts, Runtime
from ronda.sending import settle
from ronda.settings import load
from ronda.up import located, opened
from tests.e2e.clients import Device, Listener

NOT_PASSED_ON = ("RONDA_", "PYTHONDONTWRITEBYTECODE")  # the latter would make every start compile all sources anew
START_S = 60.0
GONE_S = 5.0  # by then nothing of a killed or stopped installation runs


class Up:
    """One data folder with its ports; the process on it may be started again and again."""

    def __init__(self, data: Path, **environ: str) -> None:
        self.data, self.environ = data, environ
        self.http_port, self.mqtt_port = free_ports(2)
        self.process: subprocess.Popen[bytes] | None = None
        self._secrets: dict[str, str] = {}
        fresh = httpx.Limits(max_keepalive_connections=0)  # no connection outlives a killed server
        self._http = httpx.Client(base_url=self.url, verify=False, limits=fresh, timeout=10.0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None

    def start(self) -> None:
        """Start and wait until every part is ready; at once if it runs already."""
        self.spawn()
        deadline = time.monotonic() + START_S
        while not self.ready():
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def spawn(self) -> None:
        """Start and wait for nothing."""
        if self.process is not None:
            return
        own = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
        environ = own | {"RONDA_MQTT_PORT": str(self.mqtt_port)} | self.environ
        command = [sys.executable, "-m", "ronda", "up", "--data", str(self.data), "--port", str(self.http_port)]
        with (self.data / "up.txt").open("ab") as output:
            self.process = subprocess.Popen(command, env=environ, stdout=output, stderr=output)

    def ready(self) -> bool:
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.process = None
        return code

    def kill(self) -> None:
        """SIGKILL; nothing of ours runs after it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def said(self) -> str:
        return (self.data / "up.txt").read_text()

    def family(self) -> set[int]:
        """Every process of the data folder: `ronda up`, and the servers with their children."""
        found = set()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and self._is_ours(entry):
                    found.add(int(entry.name))
        return found

    def _is_ours(self, entry: Path) -> bool:
        inside = (entry / "cwd").readlink().is_relative_to(self.data)
        return inside or str(self.data).encode() in (entry / "cmdline").read_bytes()

    def cli(self, *arguments: str) -> str:
        """A command on this installation; what it wrote to stdout."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*arguments, "--data", str(self.data)])
        assert code == 0, err.getvalue()
        return out.getvalue()

    def secret(self, *, device: str = "", role: str = "supervisor") -> str:
        """A token of a role, or of a device; made once."""
        what = ("device", "--device", device) if device else (role,)
        name = " ".join(what)
        if name not in self._secrets:
            self._secrets[name] = self.cli("token", "create", "--role", *what).splitlines()[-1]
        return self._secrets[name]

    def get(self, path: str, **parameters: str) -> httpx.Response:
        """A supervisor's question."""
        headers = {"Authorization": f"Bearer {self.secret()}"}
        return self._http.get(path, params=parameters, headers=headers).raise_for_status()

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A question without any credential, unless `options` bring one."""
        return self._http.request(method, path, **options)

    def with_runtime(self, body: Callable[[Runtime], Awaitable[Any]]) -> Any:
        """Run `body` on the installation's own servers."""

        async def run() -> Any:
            settings = load({}, overrides={"data_dir": str(self.data)})
            async with opened(settings, located(settings), Parts()) as runtime:
                return await body(runtime)

        return asyncio.run(run())

    def configure(self, *configs: Config) -> None:
        """Append configuration and wait for its effect."""
        self.with_runtime(lambda runtime: settle(runtime, configs))

    def register(self, *devices: str, cls: str = "truck") -> None:
        self.configure(Config(section="devices", rows=tuple({"id": device, "cls": cls} for device in devices)))

    def limit(self, limit_s: float) -> None:
        """How long a truck may stand. A stop is unexplained only where some place is known around it."""
        depot = {"id": "e2e-depot", "name": "Depot", "kind": "depot", "lon": 123.7, "lat": -10.2}
        self.configure(
            Config(section="places", rows=(depot,)),
            Config(section="profiles", rows=({"id": "truck", "cls": "truck", "limit_s": limit_s},)),
        )

    def device(self, device: str) -> Device:
        """A connection of a registered device with its own token."""
        return Device(self.mqtt_port, device, self.secret(device=device))

    def warm(self) -> None:
        """Have the kernel compiled and loaded: the first fix of a process waits for that."""
        self.register("warm")
        with self.device("warm") as device:
            device.send(time=time.time(), lat=-10.17, lon=123.6, speed=9.0)
        assert wait_for(lambda: self.get("/api/v1/positions", device="warm").json()["features"], 30)

    def listening(self) -> Listener:
        return Listener(self.http_port, self.secret())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self.kill()
        assert gone(self.family)


@contextmanager
def data_folder() -> Iterator[Path]:
    """An empty folder with a short path that the servers' user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="re-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def installed(**environ: str) -> Iterator[Up]:
    """A new installation that runs; at the end it is killed, and must leave nothing running."""
    with data_folder() as folder, Up(folder, **environ) as up:
        up.start()
        yield up


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(true: Callable[[], Any], limit_s: float) -> Any:
    """Wait until `true()` is; its last answer, for the caller to assert."""
    deadline = time.monotonic() + limit_s
    while not (answer := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def gone(family: Callable[[], set[int]], limit_s: float = GONE_S) -> bool:
    """Whether a family of processes ends within the limit."""
    return bool(wait_for(lambda: not family(), limit_s))
