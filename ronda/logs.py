"""Logging of a process: one line a record on stderr, with the record's stable `action` and its other extras."""

from __future__ import annotations

import logging
import sys
from typing import Final

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_NOISY: Final = ("httpx", "httpcore", "uvicorn.access", "uvicorn.error", "websockets")


class LineFormatter(logging.Formatter):
    """`2026-11-24T06:15:00+0000 INFO up.signal ronda.up: SIGTERM: ending. key=value …`"""

    def __init__(self) -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        extras = {name: value for name, value in vars(record).items() if name not in _OWN}
        action = extras.pop("action", "-")
        tail = "".join(f" {name}={value}" for name, value in extras.items())
        line = f"{self.formatTime(record, self.datefmt)} {record.levelname} {action} {record.name}: "
        line += record.getMessage().replace("\n", " ") + tail
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(level: str) -> None:
    """Send the process's log to stderr. Called once, by a command."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
