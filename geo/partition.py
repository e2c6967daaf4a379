"""State of one partition between two entries: devices, configuration, the clock of its ticks."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from geo.config import GeoConfig
from geo.folds.layout import EVENT_FLOATS, EVENT_INTS
from geo.folds.rewind import BLOCK
from geo.meaning.flips import Flips
from geo.rows.sos import Calls
from geo.rules.followed import Dues, Followed
from geo.state import Devices

PARTITION_KEY: Final = "\0partition"  # state keys that no device id can have: control characters are refused
CONFIG_KEY: Final = "\0config:"
SOS_KEY: Final = "\0sos:"  # + device
RULES_KEY: Final = "\0rules:"  # + device
BUFFER: Final = 8192  # kernel events per call; a replayed ring needs at most three per fix
COUNTS: Final = ("used", "duplicate", "late", "beyond_horizon", "heartbeat", "ring_full", "mock")


class Watch(msgspec.Struct):
    """The last tick: until when somebody listened, and for how long nobody did."""

    now_us: int = 0
    deaf_us: int = 0


class GeoState:
    """State of one partition; `rows` is what `drain_state` once gave, or nothing for a new partition."""

    def __init__(self, rows: dict[str, bytes] | None = None) -> None:
        rows = rows or {}
        self.config = GeoConfig(
            {
                key.removeprefix(CONFIG_KEY): msgspec.msgpack.decode(body)
                for key, body in rows.items()
                if key.startswith(CONFIG_KEY)
            }
        )
        self.watch = Watch()
        if PARTITION_KEY in rows:
            self.watch = msgspec.msgpack.decode(rows[PARTITION_KEY], type=Watch)
        self.calls = {
            key.removeprefix(SOS_KEY): msgspec.msgpack.decode(body, type=Calls)
            for key, body in rows.items()
            if key.startswith(SOS_KEY)
        }
        self.followed = {
            key.removeprefix(RULES_KEY): msgspec.msgpack.decode(body, type=Followed)
            for key, body in rows.items()
            if key.startswith(RULES_KEY)
        }
        self.dues = Dues(self.followed)
        self.devices = Devices(self.config.world)
        for key, body in rows.items():
            if not key.startswith("\0"):
                self.devices.load(key, body, self.config.profile(key))
        self.counts = np.zeros(len(COUNTS), np.int64)
        self.dirty: set[int] = set()  # slots whose row must be saved
        self.moved: set[int] = set()  # slots whose live position changed
        self.gone: set[str] = set()  # devices that were forgotten: their live row goes
        self.dirty_keys: set[str] = set()
        self.flips = Flips()
        self.event_ints = np.zeros((BUFFER, EVENT_INTS), np.int64)
        self.event_floats = np.zeros((BUFFER, EVENT_FLOATS))
        self.lengths = np.zeros((4, BLOCK))  # metres of a degree, of a block of fixes and of one that is replayed

    def touch(self, slots: set[int]) -> None:
        """These devices changed: save them, and show them."""
        self.dirty |= slots
        self.moved |= slots

    def drain_state(self) -> dict[str, bytes | None]:
        """The rows that changed since the last call, in their persisted form."""
        rows: dict[str, bytes | None] = {self.devices.ids[s]: self.devices.dump(s) for s in sorted(self.dirty)}
        for key in sorted(self.dirty_keys):
            rows[key] = msgspec.msgpack.encode(self._value(key))
        self.dirty.clear()
        self.dirty_keys.clear()
        return rows

    def _value(self, key: str) -> Any:
        if key == PARTITION_KEY:
            return self.watch
        if key.startswith(SOS_KEY):
            return self.calls[key.removeprefix(SOS_KEY)]
        if key.startswith(RULES_KEY):
            return self.followed[key.removeprefix(RULES_KEY)]
        return self.config.sections[key.removeprefix(CONFIG_KEY)]
