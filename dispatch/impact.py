"""What an incident did, entered piece by piece as it becomes known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from core.errors import ConflictError
from core.events import Impact


def merged(before: Impact | None, told: Mapping[str, Any]) -> Impact | None:
    """What is named replaces what was known of it, null takes it back; None when nothing is known any more."""
    if strange := sorted(told.keys() - set(Impact.__struct_fields__)):
        raise ConflictError(f"impact has no {', '.join(strange)}; it has {', '.join(Impact.__struct_fields__)}")
    known = {} if before is None else msgspec.to_builtins(before)
    after = msgspec.convert(known | dict(told), Impact)
    return None if after == Impact() else after
