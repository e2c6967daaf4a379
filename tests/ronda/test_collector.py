"""The collector's manner."""

from __future__ import annotations

import gc

from ronda.collector import THRESHOLDS, calm_collector


def test_what_was_made_at_the_start_is_not_walked_again() -> None:
    """And the rest more seldom."""
    before = gc.get_threshold()
    try:
        calm_collector()
        assert (gc.get_threshold(), gc.get_freeze_count() > 1000) == (THRESHOLDS, True)
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
