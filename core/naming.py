"""Which names can be used: as the id of a device, in an address, in a table; and which may be a secret. Pure."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final

DEVICE_LIMIT: Final = 128  # characters of a device id
ERASED: Final = "terhapus"  # stands where the name of somebody stood who is forgotten
_SHORTEST_SECRET: Final = 40  # characters: what is shorter is an id of a device, and none of our secrets


def valid_device(device: str) -> bool:
    """An id under which a device can speak: it stands in a table, an address and a log line.

    `+` and `#` may be in it, for a Traccar id is often a telephone number; such a device speaks through a shared topic
    or by HTTP, since no MQTT topic of its own can bear them.
    """
    if not (0 < len(device) <= DEVICE_LIMIT and device.isprintable()) or device != device.strip():
        return False
    return addressable(device)


def addressable(name: str) -> bool:
    """Whether a name can be one step of an address."""
    return "/" not in name and name not in (".", "..")


def fits_topic(name: str) -> bool:
    """Whether a name can be one level of an MQTT topic."""
    return not any(mark in name for mark in "/+#\0")


def looks_secret(text: str) -> bool:
    """Whether a text may be one of our secrets (and must not be stored as something else)."""
    return len(text) >= _SHORTEST_SECRET and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def storable(value: Any) -> bool:
    """Whether no text in a value holds what a database or UTF-8 cannot, and no number is infinite or none."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as row:
                waiting += [*row, *row.values()]
            case list() | tuple() as items:
                waiting += items
            case str() as text:
                if "\0" in text or not (text.isascii() or _is_unicode(text)):
                    return False
            case float() as number:
                if not isfinite(number):
                    return False
    return True


def _is_unicode(text: str) -> bool:
    """Whether it has no halves of characters (surrogates)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
