"""What was sent, what was acknowledged, and how that compares with the archive."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

ARCHIVED = """
    SELECT k.id, (extract(epoch FROM f.time) * 1000)::bigint FROM fixes f JOIN device_keys k ON k.no = f.device_no
"""


@dataclass(slots=True)
class Ledger:
    """One line a message: its device and time, when it was sent, when acknowledged. Numbers begin at 0."""

    devices: int
    device: array[int] = field(default_factory=lambda: array("i"))
    time_ms: array[int] = field(default_factory=lambda: array("q"))
    sent_s: array[float] = field(default_factory=lambda: array("d"))
    acked_s: array[float] = field(default_factory=lambda: array("d"))
    acknowledged: int = 0

    def write(self, device: int, time_ms: int) -> int:
        """A new message; its number."""
        self.device.append(device)
        self.time_ms.append(time_ms)
        self.sent_s.append(time.monotonic())
        self.acked_s.append(0.0)
        return len(self.device) - 1

    def acked(self, number: int) -> None:
        if not self.acked_s[number]:
            self.acknowledged += 1
            self.acked_s[number] = time.monotonic()

    def __len__(self) -> int:
        return len(self.device)

    def latencies_s(self, since_s: float = 0.0, until_s: float = float("inf")) -> np.ndarray[Any, Any]:
        """From sending to acknowledgement, of the messages sent in that time and acknowledged."""
        sent, acked = np.array(self.sent_s), np.array(self.acked_s)
        mine = (acked > 0) & (sent >= since_s) & (sent < until_s)
        return (acked - sent)[mine]

    def keys(self) -> set[int]:
        """Device and time of every acknowledged message as one number."""
        acked = np.array(self.acked_s) > 0
        return set(key(np.array(self.device)[acked], np.array(self.time_ms)[acked]).tolist())


def key(device: Any, time_ms: Any) -> Any:
    return device.astype(np.int64) * (1 << 45) + time_ms.astype(np.int64)


def archived(url: str, prefix: str) -> tuple[set[int], int]:
    """The same of every archived fix of devices `prefix-<number>`, and how many rows there are."""
    with psycopg.connect(url) as connection, connection.cursor("all") as cursor:
        cursor.itersize = 50_000
        cursor.execute(ARCHIVED)
        rows = [(int(name.removeprefix(prefix)), ms) for name, ms in cursor if name.startswith(prefix)]
    if not rows:
        return set(), 0
    found = np.array(rows, np.int64)
    return set(key(found[:, 0], found[:, 1]).tolist()), len(rows)


def count(url: str) -> int:
    """Rows in the archive; -1 while it is away."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            row = connection.execute("SELECT count(*) FROM fixes").fetchone()
    except psycopg.OperationalError:
        return -1
    return int(row[0]) if row else 0
