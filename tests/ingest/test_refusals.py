"""Rejects of one message: listed within a bound, counted whole."""

from __future__ import annotations

import pytest

from ingest.raw import Problem
from ingest.refusals import REJECTS_PER_MESSAGE, bounded, how_many, refusal
from tests.ingest.house import message


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("count", [1, 100, 101, 500])
def test_every_element_counts_whatever_is_listed(count: int, private: bool) -> None:
    """Also of a device of which nothing may be kept: how many there were tells nobody where it was."""
    problems = bounded([Problem("bad_coordinate", "lat 91, lon 0")] * count)
    rejects = [refusal(message(b"[]"), "native", "t1", problem, private=private) for problem in problems]
    assert len(rejects) == min(count, REJECTS_PER_MESSAGE + 1)
    assert how_many(rejects) == count
    assert (rejects[0].detail == "") is private
