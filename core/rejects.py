"""What was refused, and why: never silently lost, never stored without a bound."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Reason = Literal[
    "not_json", "unknown_type", "missing_field", "bad_coordinate", "bad_time", "future", "unknown_device", "too_large",
    "forbidden", "off_duty", "not_xml",
]  # fmt: skip
PAYLOAD_LIMIT: Final = 512  # bytes of the payload that a reject keeps


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """One refused message or fix."""

    received_us: int
    reason: Reason
    dialect: str
    topic: str
    device: str = ""
    detail: str = ""
    payload: bytes = b""
