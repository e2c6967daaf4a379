"""The data folder: one `up` at a time, found by other commands."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ronda.installation import Installation, InUseError, NotRunningError, announced, find, held, running

THERE = Installation(
    pid=7, redis_url="unix:///r", database_url="postgresql://u:p@/d", mqtt_url="mqtt://127.0.0.1:1", http_url="http://h"
)


def test_found_while_it_runs(tmp_path: Path) -> None:
    """Other commands learn the URLs of the running installation."""
    with held(tmp_path), announced(tmp_path, THERE):
        assert find(tmp_path) == THERE


def test_not_found_after_it_ended(tmp_path: Path) -> None:
    """After a clean end nothing is announced."""
    with held(tmp_path), announced(tmp_path, THERE):
        pass

    with pytest.raises(NotRunningError, match="start `ronda up"):
        find(tmp_path)


def test_left_over_announcement_is_not_believed(tmp_path: Path) -> None:
    """The file of a killed `up` does not count: nobody holds the lock."""
    with announced(tmp_path, THERE), pytest.raises(NotRunningError):
        find(tmp_path)


def test_announcement_is_for_its_owner_only(tmp_path: Path) -> None:
    """The URLs carry passwords."""
    with held(tmp_path), announced(tmp_path, THERE):
        assert stat.S_IMODE((tmp_path / "urls.json").stat().st_mode) == 0o600


def test_second_holder_is_refused(tmp_path: Path) -> None:
    """The second `up` hears who holds the folder."""
    with held(tmp_path), pytest.raises(InUseError, match=f"in use by process {os.getpid()}"), held(tmp_path):
        pass


def test_asking_does_not_hold(tmp_path: Path) -> None:
    """A look at the lock leaves it free."""
    assert not running(tmp_path)
    with held(tmp_path):
        assert running(tmp_path)
    assert not running(tmp_path)
    with held(tmp_path):
        pass
