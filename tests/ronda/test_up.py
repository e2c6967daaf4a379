"""`up` as a process on real embedded servers: how it ends, and what it leaves behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ronda.installation import find
from tests.ronda.conftest import Compose, alive, import_path, server_pid, wait_gone

pytestmark = [pytest.mark.service, pytest.mark.e2e]


def read_until(process: subprocess.Popen[str], number: int) -> int:
    """Read acknowledged numbers up to `number`; the last one read."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().isdigit() and int(line) >= number:
            return int(line)
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_signal_drains_and_leaves_no_child(compose: Compose, data_dir: Path, sig: signal.Signals) -> None:
    """A signal lets the stage finish, stops the servers and is a good end."""
    process = compose()
    read_until(process, 5)
    pids = [server_pid(data_dir, name) for name in ("valkey", "postgres")]
    assert all(alive(pid) for pid in pids)

    process.send_signal(sig)
    out, err = process.communicate(timeout=20)

    assert process.returncode == 0, err
    assert out.endswith("drained\n")
    assert not any(alive(pid) for pid in pids)
    assert not (data_dir / "urls.json").exists()


def test_a_signal_does_not_wait_for_a_compile(compose: Compose) -> None:
    """The first start compiles the kernels for half a minute: whoever ends it then is obeyed at once."""
    process = compose("compile")
    read_until(process, 0)

    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)

    assert process.returncode == 0, err


def test_kill_leaves_no_child_and_loses_nothing(compose: Compose, data_dir: Path) -> None:
    """After kill -9 the servers end by themselves, and the next start has every acknowledged write."""
    process = compose()
    acknowledged = read_until(process, 20)
    process.kill()
    assert wait_gone(data_dir, "valkey")
    assert wait_gone(data_dir, "postgres")

    again = compose()
    first = read_until(again, 0)

    assert first > acknowledged
    assert archived(data_dir) >= set(range(acknowledged + 1))


def test_restart_at_once_after_kill(compose: Compose) -> None:
    """A start that meets the dying servers of the killed run waits for them."""
    process = compose()
    acknowledged = read_until(process, 3)
    process.kill()

    assert read_until(compose(), acknowledged + 1) > acknowledged


def test_kill_at_any_moment_of_a_start(compose: Compose) -> None:
    """A start killed anywhere, initdb included, leaves a folder that the next start can use."""
    moments = random.Random(7)
    for _ in range(5):
        process = compose()
        time.sleep(moments.uniform(0.3, 1.6))
        process.kill()

    assert read_until(compose(), 0) >= 0


def test_second_up_on_the_same_folder_is_refused(compose: Compose, data_dir: Path) -> None:
    """The second one says whose folder it is, ends with a failure and disturbs nobody."""
    first = compose()
    read_until(first, 0)

    second = compose()
    _, err = second.communicate(timeout=20)

    assert second.returncode == 1
    assert f"{data_dir} is in use by process {first.pid}" in err
    assert find(data_dir).pid == first.pid
    assert first.poll() is None


def test_failed_stage_ends_all(compose: Compose, data_dir: Path) -> None:
    """When a stage fails the others drain, the servers stop, and the reason is the last word."""
    process = compose("fail")
    out, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "drained" in out
    assert err.splitlines()[-1] == "ronda: this stage cannot work; mend it"
    assert wait_gone(data_dir, "postgres", 0.1)


@pytest.mark.parametrize("name", ["valkey", "postgres"])
def test_dead_server_is_started_again(compose: Compose, data_dir: Path, name: str) -> None:
    """A server that dies comes back with all that was acknowledged, and the stages go on."""
    process = compose()
    acknowledged = read_until(process, 5)
    pid = server_pid(data_dir, name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    assert read_until(process, acknowledged + 20) == acknowledged + 20
    assert server_pid(data_dir, name) != pid
    assert archived(data_dir) >= set(range(acknowledged + 21))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv to become another")
def test_works_as_an_ordinary_user(compose: Compose, data_dir: Path) -> None:
    """Everything runs as a user with no rights but on the data folder."""
    python = interpreter_for_everyone()
    if python is None:
        pytest.skip("no interpreter with our packages that another user may execute")
    os.chown(data_dir, 65534, 65534)
    process = compose(python=python, prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    read_until(process, 3)
    postgres = server_pid(data_dir, "postgres")
    assert Path(f"/proc/{postgres}").stat().st_uid == 65534

    process.terminate()

    assert process.wait(20) == 0
    assert not alive(postgres)


def interpreter_for_everyone() -> str | None:
    """An interpreter of our own version below folders that everyone may pass."""
    for candidate in (Path(sys.executable).resolve(), Path(f"/usr/bin/python3.{sys.version_info.minor}")):
        if candidate.exists() and all(p.stat().st_mode & 1 for p in (candidate, *candidate.parents)):
            path = import_path()
            probe = [candidate, "-c", "import ronda.up, store.valkey"]
            if subprocess.run(probe, env={"PYTHONPATH": path}, check=False).returncode == 0:
                return str(candidate)
    return None


def archived(data_dir: Path) -> set[int]:
    """The numbers in the table of the running installation."""
    import psycopg

    with psycopg.connect(find(data_dir).database_url) as connection:
        return {row[0] for row in connection.execute("SELECT n FROM probe").fetchall()}
