"""Secrets of the installation: made once, kept, closed to others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import ConfigError
from ronda.channels.keys import LINKS, PUSH, link_secret, push_key
from ronda.channels.sealing import public


def test_made_once(tmp_path: Path) -> None:
    """The next start finds them; nobody else can read them."""
    folder = tmp_path / "data"
    first = link_secret(folder), public(push_key(folder))
    assert (link_secret(folder), public(push_key(folder))) == first
    assert [(folder / name).stat().st_mode & 0o777 for name in (LINKS, PUSH)] == [0o600, 0o600]
    assert sorted(path.name for path in folder.iterdir()) == [LINKS, PUSH]


def test_several_stages_at_once_make_one(tmp_path: Path) -> None:
    """All have the secret of whoever was first."""
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(link_secret, [tmp_path] * 32))) == 1


def test_a_damaged_one_is_not_replaced(tmp_path: Path) -> None:
    """It is said what to do: a new one makes every link void."""
    (tmp_path / LINKS).write_bytes(b"half")
    (tmp_path / PUSH).write_bytes(b"-----BEGIN")
    for load in (link_secret, push_key):
        with pytest.raises(ConfigError, match="damaged"):
            load(tmp_path)
