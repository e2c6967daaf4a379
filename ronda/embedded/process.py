"""One child process: started on a leash, found again after our own death, stopped without remains."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import RondaError
from ronda.embedded.places import Account

_PR_SET_PDEATHSIG: Final = 1
_POLL_S: Final = 0.02


class ServerError(RondaError):
    """An embedded server does not start or does not stay up; the message ends with its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """How a server is run. `home` is its working directory, by which we know it again."""

    name: str
    argv: tuple[str, ...]
    home: Path
    pid_file: Path
    output: Path
    stop_signal: signal.Signals
    account: Account | None = None
    start_limit_s: float = 120.0  # crash recovery of a large cluster takes its time
    stop_limit_s: float = 20.0


async def spawn(spec: Spec) -> asyncio.subprocess.Process:
    """Start the server in a session of its own: a Ctrl-C on the terminal is for us, who stop it in order."""
    account = spec.account
    with spec.output.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *spec.argv,
            cwd=spec.home,  # entered before the account changes
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=leash(spec.stop_signal),
        )
    spec.pid_file.write_text(f"{process.pid}\n", encoding="ascii")
    return process


async def stop(process: asyncio.subprocess.Process, spec: Spec) -> None:
    """Ask, wait, and after the limit kill; returns when the process is gone."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(spec.stop_signal)
    try:
        async with asyncio.timeout(spec.stop_limit_s):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    spec.pid_file.unlink(missing_ok=True)


async def end_leftover(spec: Spec) -> None:
    """Wait for a server that outlived us (`kill -9`) to finish its shutdown; press it when it does not."""
    pid = leftover(spec)
    if pid is None:
        return
    for sig, limit_s in ((spec.stop_signal, spec.stop_limit_s), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sig)
        if await _gone(spec, limit_s):
            return
    raise ServerError(f"{spec.name} of an earlier run (process {pid}) does not end; end it and start again.")


def leftover(spec: Spec) -> int | None:
    """Pid of a running server that works in our `home`, None when the pid file is stale or names another process."""
    try:
        pid = int(spec.pid_file.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if works_in(pid, spec.home) else None


def works_in(pid: int, home: Path) -> bool:
    """Whether a living process has `home` as its working directory (so that a reused pid is never taken for ours)."""
    try:
        if sys.platform == "linux":
            return Path(f"/proc/{pid}/cwd").samefile(home)
        command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
        told = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - fixed words, no shell
    except OSError:
        return False
    return str(home) in told.stdout


def last_words(spec: Spec, limit: int = 600) -> str:
    """The end of what the server wrote, for an error message."""
    try:
        return spec.output.read_text(encoding="utf-8", errors="replace").strip()[-limit:]
    except OSError:
        return ""


def leash(parent_signal: signal.Signals) -> Callable[[], None]:
    """What the child does before it becomes the server: ask the kernel for a signal when we die.

    Prepared here, in the parent: after the fork only the call itself happens. Linux only; elsewhere an orphan is
    found by its pid file at the next start.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(parent_signal))
        if os.getppid() != parent:  # we died between the fork and the call
            os._exit(1)

    return tie


async def _gone(spec: Spec, limit_s: float) -> bool:
    for _ in range(int(limit_s / _POLL_S)):
        if leftover(spec) is None:
            return True
        await asyncio.sleep(_POLL_S)
    return False
