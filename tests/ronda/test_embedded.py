"""The embedded servers themselves: durable, closed, supervised."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import redis.asyncio

from core.errors import ConfigError
from ronda.embedded import postgres as postgres_module
from ronda.embedded import supervisor
from ronda.embedded.places import data_folder
from ronda.embedded.postgres import embedded_postgres
from ronda.embedded.process import ServerError, Spec, end_leftover, leftover, works_in
from ronda.embedded.supervisor import supervised
from ronda.embedded.valkey import embedded_valkey

pytestmark = pytest.mark.service


def test_valkey_is_durable_and_closed(data_dir: Path) -> None:
    """Every write is fsynced, nothing listens on TCP, the socket is ours alone."""

    async def main() -> None:
        async with embedded_valkey(data_folder(data_dir)) as url, redis.asyncio.from_url(url) as client:
            config = await client.config_get("append*", "port")
            assert (config["appendonly"], config["appendfsync"], config["port"]) == ("yes", "always", "0")
            assert mode_of(unquote(urlsplit(url).path)) == 0o700

    asyncio.run(main())


def mode_of(path: str) -> int:
    """Permission bits of a file."""
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_valkey_keeps_its_data(data_dir: Path) -> None:
    """What was written is there after a stop and a start."""

    async def main() -> bytes | None:
        async with embedded_valkey(data_folder(data_dir)) as url, redis.asyncio.from_url(url) as client:
            await client.set("kept", "yes")
        async with embedded_valkey(data_dir) as url, redis.asyncio.from_url(url) as client:
            value: bytes | None = await client.get("kept")
            return value

    assert asyncio.run(main()) == b"yes"


def test_postgres_is_durable_and_closed(data_dir: Path) -> None:
    """Commits are on disk before they count, there is no TCP, and without the password nobody gets in."""

    async def main() -> None:
        async with embedded_postgres(data_folder(data_dir)) as url:
            async with await psycopg.AsyncConnection.connect(url) as connection:
                for name, value in (("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", "")):
                    row = await (await connection.execute("SELECT current_setting(%s)", [name])).fetchone()
                    assert row == (value,)
            socket = url.partition("host=")[2]
            with pytest.raises(psycopg.OperationalError):
                await psycopg.AsyncConnection.connect(f"postgresql://ronda:wrong@/ronda?host={socket}")

    asyncio.run(main())


def test_cluster_without_its_password_is_explained(data_dir: Path) -> None:
    """A lost password file is said, not papered over with a new one that does not fit."""
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text("18\n")

    async def main() -> None:
        async with embedded_postgres(data_folder(data_dir)):
            pass

    with pytest.raises(ConfigError, match=r"postgres\.password is missing; restore it"):
        asyncio.run(main())


def test_cluster_of_another_version_is_explained(data_dir: Path) -> None:
    """Data of another major version are not touched."""
    (data_dir / "PG_VERSION").write_text("12\n")

    with pytest.raises(ConfigError, match=r"of PostgreSQL 12, installed is \d+"):
        postgres_module._check_version(data_dir)


def sleeper(folder: Path, *, name: str = "sleeper", code: str = "import time; time.sleep(60)") -> Spec:
    """A server that is a Python sleep."""
    return Spec(
        name=name,
        argv=(sys.executable, "-c", code),
        home=folder,
        pid_file=folder / f"{name}.pid",
        output=folder / f"{name}.txt",
        stop_signal=signal.SIGTERM,
        start_limit_s=5,
        stop_limit_s=0.5,
    )


async def at_once() -> bool:
    return True


async def never() -> bool:
    return False


def test_stubborn_server_is_killed(tmp_path: Path) -> None:
    """A server that ignores the polite signal is gone all the same."""
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    spec = sleeper(tmp_path, code=code)

    async def deaf() -> bool:
        return spec.output.read_text() == "deaf\n"

    async def main() -> int:
        async with supervised(spec, deaf):
            return int(spec.pid_file.read_text())

    assert not works_in(asyncio.run(main()), tmp_path)
    assert not spec.pid_file.exists()


def test_server_that_fails_to_start_is_quoted(tmp_path: Path) -> None:
    """The error ends with the server's own words."""
    spec = sleeper(tmp_path, code="import sys; sys.exit('no room')")

    async def main() -> None:
        async with supervised(spec, never):
            pass

    with pytest.raises(ServerError, match="sleeper does not start: no room"):
        asyncio.run(main())


def test_dead_server_comes_back_and_it_is_told(tmp_path: Path) -> None:
    """The composition hears of the death and of the restart."""
    spec, news = sleeper(tmp_path), []

    async def main() -> None:
        back = asyncio.Event()

        def told(name: str, what: str) -> None:
            news.append((name, what))
            if what == "restarted":
                back.set()

        async with supervised(spec, at_once, told):
            os.kill(int(spec.pid_file.read_text()), signal.SIGKILL)
            await asyncio.wait_for(back.wait(), 10)

    asyncio.run(main())
    assert news == [("sleeper", "died"), ("sleeper", "restarted")]


def test_a_dead_server_waits_for_room_on_its_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a full disk ended would only end again; the attempts are not used up by it."""
    heard: list[str] = []

    async def run() -> None:
        async with supervised(sleeper(tmp_path), at_once, lambda _, news: heard.append(news)):
            monkeypatch.setattr(supervisor, "_ROOM_BYTES", 1 << 62)
            monkeypatch.setattr(supervisor, "_ROOM_LOOK_S", 0.02)
            os.kill(int((tmp_path / "sleeper.pid").read_text()), signal.SIGKILL)
            await asyncio.sleep(0.5)
            assert heard == ["died"]
            monkeypatch.setattr(supervisor, "_ROOM_BYTES", 0)
            async with asyncio.timeout(5):
                while heard != ["died", "restarted"]:  # noqa: ASYNC110 - the supervisor says it
                    await asyncio.sleep(0.02)

    asyncio.run(run())


def test_embedded_valkey_has_a_limit(data_dir: Path) -> None:
    """Beyond it writes are refused, nothing is thrown away."""

    async def run() -> tuple[str, str]:
        async with embedded_valkey(data_dir, max_mb=64) as url, redis.asyncio.Redis.from_url(url) as client:
            told = await client.config_get("maxmemory*")
            return told["maxmemory"], told["maxmemory-policy"]

    assert asyncio.run(run()) == ("64000000", "noeviction")


def test_leftover_is_ended_before_a_start(tmp_path: Path) -> None:
    """A server that outlived its owner is stopped, not doubled."""
    spec = sleeper(tmp_path)

    async def main() -> None:
        orphan = await asyncio.create_subprocess_exec(*spec.argv, cwd=spec.home)
        spec.pid_file.write_text(f"{orphan.pid}\n")
        await asyncio.gather(end_leftover(spec), orphan.wait())
        assert orphan.returncode == -signal.SIGTERM

    asyncio.run(main())


def test_reused_pid_is_not_ours(tmp_path: Path) -> None:
    """A pid file that names somebody else's process ends nobody."""
    spec = sleeper(tmp_path)
    spec.pid_file.write_text(f"{os.getpid()}\n")

    assert leftover(spec) is None
