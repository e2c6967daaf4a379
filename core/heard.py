"""What ingest last heard of a device, and who knocked in vain: short notes for the page that says why.

Notes are not part of the log: they decide nothing, they expire, and a lost one costs an answer, not a fix.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

TTL_S: Final = 7 * 24 * 3600  # seconds that a note is kept
HEARD: Final = "heard:"  # + device: a `Heard`
KNOCK: Final = "knock:"  # + user name that was shown with a wrong credential: a `Knock`


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message of a device: what came, what became of it, and what its clock is worth."""

    device: str
    received_us: int
    source: Literal["door", "broker", "http", ""] = ""
    topic: str = ""
    dialect: str = ""
    payload: bytes = b""  # the first `core.rejects.PAYLOAD_LIMIT` bytes
    outcome: Literal["accepted", "ignored", "rejected", "held"] = "accepted"
    reason: str = ""  # of `core.rejects.Reason` when rejected or held
    detail: str = ""
    fixes: int = 0  # of this message
    time_us: int | None = None  # newest fix of this message, as decoded
    lon: float | None = None
    lat: float | None = None
    speed_mps: float | None = None
    flags: int = 0  # bits of `core.fixes.Flag`, all fixes of this message
    clock_error_s: float | None = None  # estimated; positive: the device's clock is ahead of ours
    lateness_s: float | None = None  # usual time between a fix and its arrival
    by: str = ""  # subject of the credential


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that was refused: somebody used this name with a credential that does not open."""

    user: str
    at_us: int
    client: str = ""
    why: str = ""
    times: int = 1
