"""The latest position of a device, as geo writes it and the live map reads it."""

from __future__ import annotations

from typing import Literal

import msgspec

from core.events import Dwell, Spell


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """What a device sends now that its newest fix does not follow from: fixes from long before that one.

    Its clock jumped back, or it empties its memory. Where they put it is shown, and nothing is concluded from them.
    """

    since_us: int  # when the first was received, and the newest
    received_us: int
    time_us: int  # the newest's own time
    lon: float
    lat: float

    @property
    def behind_s(self) -> float:
        """How far its own time lies behind ours."""
        return (self.received_us - self.time_us) / 1e6


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """Latest position and motion of one device.

    `motion` is what the last fix showed; whether the device is *silent* is for the reader to say, with its clock:
    `now - time_us > silent_after_s`. `dwell` is the open row as it stands now (the archive has it as it was opened).
    """

    device: str
    cls: str
    time_us: int
    received_us: int
    lon: float
    lat: float
    speed_mps: float | None = None
    course_deg: float | None = None
    accuracy_m: float | None = None
    battery_pct: float | None = None
    motion: Literal["moving", "stopped"] = "moving"
    since_us: int = 0
    silent_after_s: float = 180.0
    area: str | None = None
    alert: bool = False
    dwell: Dwell | None = None
    sos: str | None = None  # the alert of a call for help that nobody has taken yet; `alert` is true with it
    spells: tuple[Spell, ...] = ()  # its open trip as it stands now: the archive has what it was when it began
    stray: Stray | None = None  # until a fix counts again
    left: Dwell | None = None  # a second open row: it fell silent just outside a dwell that no fix has ended yet

    def open_row(self, dwell_id: str) -> Dwell | None:
        """The open row of this id as it stands now, if the device has it."""
        return next((row for row in (self.dwell, self.left) if row is not None and row.id == dwell_id), None)
