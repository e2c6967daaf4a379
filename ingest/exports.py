"""Positions as a Traccar server exports them: the CSV of a report, the JSON of its API.

They are brought into the form of a forwarded position, so that one decoder judges both. The CSV says speeds in knots,
and times of the zone of Traccar's user without saying which: that must be told. It does not quote addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import ConfigError

_COLUMNS: Final = frozenset({"deviceId", "protocol", "fixTime", "latitude", "longitude"})
_TIMES: Final = ("serverTime", "deviceTime", "fixTime")
_OWN: Final = frozenset({
    "id", "deviceId", "protocol", *_TIMES, "valid", "outdated", "latitude", "longitude", "altitude", "speed", "course",
    "address", "accuracy",
})  # fmt: skip
_TRUTH: Final = {"true": True, "false": False}


def is_traccar(header: Sequence[str]) -> bool:
    """Whether these are the columns of Traccar's CSV."""
    return set(header) >= _COLUMNS


def zone_of(name: str | None) -> tzinfo | None:
    """The time zone of that name, if one was told."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"zone={name}: there is no such zone; write one such as Asia/Makassar") from None


def localise(time: str, zone: tzinfo) -> str:
    """A time without an offset with that of the zone; any other text as it is."""
    if ":" not in time:
        return time
    try:
        at = datetime.fromisoformat(time.strip())
    except ValueError:
        return time
    return time if at.tzinfo is not None else at.replace(tzinfo=zone).isoformat()


def csv_position(header: Sequence[str], cells: Sequence[str], zone_name: str | None) -> dict[str, Any]:
    """A line as a position. An address with a comma moves what stands behind it, so that is left out."""
    zone = zone_of(zone_name)
    if zone is None:
        raise ConfigError(
            "Traccar's CSV has times without an offset, of the zone of its user: to --columns add zone=Asia/Makassar"
        )
    end = len(header) if len(cells) <= len(header) or "address" not in header else header.index("address")
    row = {name: _typed(cell) for name, cell in zip(header[:end], cells, strict=False) if cell != ""}
    for name in _TIMES:
        if isinstance(row.get(name), str):
            row[name] = localise(row[name], zone)
    return row | {"attributes": {name: value for name, value in row.items() if name not in _OWN}}


def json_position(position: Mapping[str, Any]) -> dict[str, Any]:
    """A position of the API; old captures have an empty list where the attributes should be."""
    attributes = position.get("attributes")
    return {**position, "attributes": attributes if isinstance(attributes, dict) else {}}


def only_device() -> Callable[[Mapping[str, Any]], str]:
    """A check that all positions are of one device; "" stands for it, since Traccar's number means nothing here."""
    first: list[Any] = []

    def check(position: Mapping[str, Any]) -> str:
        number = position.get("deviceId")
        first[:] = first or [number]
        if number != first[0]:
            raise ConfigError(
                "the file has several devices, known by Traccar's own numbers: export each alone into a file named "
                "like the device, or say --columns device=deviceId"
            )
        return ""

    return check


def _typed(cell: str) -> Any:
    if cell in _TRUTH:
        return _TRUTH[cell]
    try:
        return float(cell)
    except ValueError:
        return cell
