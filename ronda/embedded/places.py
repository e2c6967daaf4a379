"""Where an embedded server's files can live, and as whom it runs.

PostgreSQL refuses to run as root, so root runs it as `nobody`, who may neither enter nor execute what lies in
somebody's private folder. These helpers find places that the account can reach, and say so when they had to.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import ConfigError

log = logging.getLogger(__name__)
SOCKET_PATH_LIMIT: Final = 100  # bytes; the kernel's own limit is 107 on Linux and 103 on macOS
COMMON: Final = Path("/var/lib/ronda-clusters")  # for clusters whose data folder nobody cannot enter


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account to run a server as."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """The account for a server that refuses root: None (our own) unless we are root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def can_enter(path: Path, account: Account | None) -> bool:
    """Whether the account can pass every folder from the root down to `path`, `path` included."""
    if account is None:
        return os.access(path, os.X_OK)
    return all(_may_pass(folder.stat(), account) for folder in [path.resolve(), *path.resolve().parents])


def private_folder(path: Path, account: Account | None = None) -> Path:
    """Make `path` if needed and give it to the account (default: us), closed to everyone else."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
    return path


def data_folder(path: Path) -> Path:
    """Make the data folder; as root others may pass through it (to what is theirs below) but not list it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"{path} cannot be written; choose another folder with --data or RONDA_DATA_DIR.")
    if os.geteuid() == 0 and path.stat().st_uid == 0 and not path.stat().st_mode & stat.S_IXOTH:
        path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_IXOTH)
    return path


def cluster_folder(data: Path, name: str, account: Account | None) -> Path:
    """The folder of a cluster: `data/name`, or the folder that it links to because the account cannot enter `data`."""
    home = data / name
    if home.is_symlink() or account is None or can_enter(data, account):
        return home.resolve()
    COMMON.mkdir(mode=0o711, parents=True, exist_ok=True)
    elsewhere = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=COMMON))
    elsewhere.chmod(0o711)
    (elsewhere / name).mkdir()
    home.symlink_to(elsewhere / name)
    told = {"action": "embedded.moved", "path": str(home), "to": str(elsewhere)}
    log.warning("The account nobody cannot enter %s: %s lies in %s instead.", data, name, elsewhere, extra=told)
    return elsewhere / name


def socket_folder(data: Path, name: str, account: Account | None) -> Path:
    """A closed folder for a server's socket: under `data/run` when short enough, else a private one in /tmp."""
    folder = data / "run" / name
    fits = len(os.fsencode(folder / ".s.PGSQL.5432.lock")) < SOCKET_PATH_LIMIT
    if fits and (account is None or can_enter(data, account)):
        (data / "run").mkdir(mode=0o711, exist_ok=True)
        return private_folder(folder, account)
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") if account is None else Path("/tmp")  # noqa: S108 - checked
    folder = base / f"ronda-{os.geteuid()}-{digest}-{name}"
    _refuse_foreign(folder, account)
    return private_folder(folder, account)


def runnable_copy(package: Path, programs: str, version: str, near: Path, account: Account | None) -> Path:
    """The folder `programs` of a wheel's package, or of a copy near the cluster when the account cannot go there.

    The libraries that a wheel brings lie beside the package, in `<package>.libs`; they are found by their place.
    """
    if account is None or can_enter(package / programs, account):
        return package / programs
    copy = near / f"program-{version}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="program-", dir=near))
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return copy / package.name / programs


def _open_to_all(root: Path) -> None:
    """Everyone may read and run what lies below."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _refuse_foreign(folder: Path, account: Account | None) -> None:
    """In /tmp anybody may have made this name first; a socket must not appear in somebody else's folder."""
    if not os.path.lexists(folder):
        return
    status = folder.lstat()
    owners = {os.geteuid()} | ({account.uid} if account else set())
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise ConfigError(f"{folder} belongs to somebody else; remove it or choose a shorter --data folder.")
