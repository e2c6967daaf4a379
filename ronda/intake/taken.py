"""What a file gave: rows, remarks, refusals."""

from __future__ import annotations

from typing import Any, NamedTuple


class Taken(NamedTuple):
    """Rows that can be used, remarks about what was repaired, refusals with their reason.

    `given` names, by row id, the fields that the file spoke of; None: it spoke of all of them.
    """

    rows: list[Any]
    remarks: list[str]
    refused: list[str]
    given: dict[str, frozenset[str]] | None = None
