"""Lines of the process's log."""

from __future__ import annotations

import logging
import re

from ronda.logs import LineFormatter


def test_line_has_action_and_extras() -> None:
    """One line, greppable by its stable action."""
    record = logging.makeLogRecord({"name": "ronda.up", "levelname": "INFO", "msg": "a\nb", "action": "up.x", "n": 3})

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO up\.x ronda\.up: a b n=3", LineFormatter().format(record)
    )


def test_line_without_action_has_a_dash() -> None:
    """Other people's records fit the form too."""
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "hello"})

    assert LineFormatter().format(record).endswith(" INFO - x: hello")
