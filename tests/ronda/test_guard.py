"""The guard against foreign packages with our names."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from ronda import guard


def test_our_own_rooms_pass() -> None:
    """Nothing is said when every room is ours."""
    guard.check()


def test_foreign_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that shadows a room is named with the distribution that brought it."""
    (tmp_path / "geodesy_x").mkdir()
    (tmp_path / "geodesy_x" / "__init__.py").touch()
    info = tmp_path / "someones_geo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: someones-geo\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("geodesy_x\n")
    (info / "RECORD").write_text("geodesy_x/__init__.py,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ConfigError, match=r"geodesy_x comes from .* \(of the distribution someones-geo\)"):
        guard.check(rooms=["geodesy_x"])


def test_missing_room_is_named() -> None:
    """An incomplete installation says which room is missing."""
    with pytest.raises(ConfigError, match="no_such_room comes from nowhere"):
        guard.check(rooms=["no_such_room"])


def test_every_package_of_the_wheel_is_guarded() -> None:
    """The guard's list is the wheel's list."""
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert sorted(guard.ROOMS) == sorted(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
