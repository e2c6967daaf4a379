"""Room on disk and in the log's memory: when intake has to stand still, and how much of the past the log keeps.

A full disk stops databases in the middle of a write, and a full log refuses even what would empty it. So intake
stops while there is still room for everybody behind it: geo can commit, the archive can drain, people can work.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

MB: Final = 1_000_000
DISK_AGAIN: Final = 1.25  # of the least: so much has to be free before intake goes on
MEMORY_FULL: Final = 0.80  # of the log's limit
MEMORY_AGAIN: Final = 0.70
MEMORY_TIGHT: Final = 0.50  # from here on the log keeps less of what everybody has read
KEEP_S: Final = 3600.0  # what every reader has read stays in the log this long, for a look back and for replay
KEEP_TIGHT_S: Final = 60.0
LOG_MAX_MB: Final = 1024
LOG_MAX_SHARE: Final = 0.30  # of the machine's memory


@dataclass(slots=True)
class Room:
    """Judges what is left; remembers what it said, so that intake does not flutter at the limit."""

    least_bytes: int
    _disk: bool = False
    _memory: bool = False

    def disk(self, free_bytes: int, where: Path) -> str | None:
        """Why intake stands still for want of disk, or None."""
        self._disk = free_bytes < self.least_bytes * (DISK_AGAIN if self._disk else 1.0)
        if not self._disk:
            return None
        return (
            f"only {free_bytes // MB} MB are free at {where}, {self.least_bytes // MB} MB have to be: make room there "
            "(RONDA_DISK_MIN_MB is the limit); devices keep what they have meanwhile"
        )

    def memory(self, used_bytes: int, limit_bytes: int) -> str | None:
        """Why intake stands still for want of memory in the log, or None."""
        share = used_bytes / limit_bytes if limit_bytes else 0.0
        self._memory = share >= (MEMORY_AGAIN if self._memory else MEMORY_FULL)
        if not self._memory:
            return None
        return (
            f"the log uses {used_bytes // MB} MB of {limit_bytes // MB} MB, because a reader is behind: see to the "
            "database and the stages geo and archive (RONDA_LOG_MAX_MB is the limit); devices keep what they have"
        )


def kept_s(used_bytes: int, limit_bytes: int) -> float:
    """How long the log keeps what everybody has read: a wish that yields when memory gets tight."""
    share = used_bytes / limit_bytes if limit_bytes else 0.0
    if share >= MEMORY_AGAIN:
        return 0.0
    return KEEP_TIGHT_S if share >= MEMORY_TIGHT else KEEP_S


def left_bytes(used_bytes: int, limit_bytes: int) -> float:
    """What may be appended before intake has to stand still."""
    return max(limit_bytes * MEMORY_FULL - used_bytes, 0.0) if limit_bytes else inf


def least_free(folders: Iterable[Path]) -> tuple[int, Path] | None:
    """The folder whose disk has the least left, and how much that is; None when there is none of them."""
    found = [(shutil.disk_usage(folder).free, folder) for folder in folders if folder.exists()]
    return min(found, default=None)


def default_log_max_mb() -> int:
    """What the embedded log may use of this machine's memory."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(64, min(LOG_MAX_MB, int(total * LOG_MAX_SHARE) // MB))
