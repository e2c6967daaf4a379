"""Room on disk and in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from ronda.room import Room, default_log_max_mb, kept_s, least_free


def test_intake_stops_below_the_least_and_goes_on_with_a_margin() -> None:
    """At the limit nothing flutters."""
    room, where = Room(200_000_000), Path("/data")
    held = [room.disk(free, where) is not None for free in (200_000_000, 199_000_000, 240_000_000, 250_000_000)]
    assert held == [False, True, True, False]


def test_the_disks_sentence_says_where_and_how_much() -> None:
    """What is free, what has to be, where."""
    assert "only 12 MB are free at /data, 200 MB have to be" in str(Room(200_000_000).disk(12_000_000, Path("/data")))


def test_intake_stops_at_four_fifths_of_the_log_and_goes_on_at_seven_tenths() -> None:
    """The fifth that is left belongs to geo's commits."""
    room = Room(0)
    held = [room.memory(used, 1000) is not None for used in (799, 800, 700, 699, 750)]
    assert held == [False, True, True, False, False]


def test_a_log_without_a_limit_is_never_full() -> None:
    """A server of one's own may have none."""
    assert Room(0).memory(1 << 40, 0) is None


@pytest.mark.parametrize(("used", "kept"), [(0, 3600.0), (499, 3600.0), (500, 60.0), (699, 60.0), (700, 0.0)])
def test_the_log_keeps_less_of_the_past_when_memory_is_tight(used: int, kept: float) -> None:
    """The hour is a wish."""
    assert kept_s(used, 1000) == kept


def test_the_fullest_disk_counts(tmp_path: Path) -> None:
    """Folders that are not there do not."""
    found = least_free([tmp_path, tmp_path / "none"])
    assert found is not None
    assert found[1] == tmp_path
    assert least_free([tmp_path / "none"]) is None


def test_the_embedded_logs_limit_fits_the_machine() -> None:
    """Never more than a gigabyte, never less than can work."""
    assert 64 <= default_log_max_mb() <= 1024
