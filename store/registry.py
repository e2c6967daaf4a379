"""Config entries into the registry's tables."""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec
from psycopg import AsyncCursor

from core.entities import SECTIONS
from core.entries import Config
from store.pg import query
from store.text import clean, json_of

_log = logging.getLogger(__name__)


async def apply_config(cursor: AsyncCursor[Any], entry_id: str, config: Config) -> None:
    """Log the entry and bring its section up to date."""
    named = {name: clean(getattr(config, name)) for name in ("id", "section", "op", "actor")}
    rows = {"entry_id": entry_id, "rows": json_of(config.rows), "at_us": config.at_us}
    await cursor.execute(query("log_config"), named | rows)
    section = {"section": config.section, "at_us": config.at_us}
    if config.op == "delete":
        ids = [clean(row_id) for row in config.rows if (row_id := row_id_of(row))]
        await cursor.execute(query("delete_rows"), section | {"ids": ids})
        return
    if config.op == "set":
        await cursor.execute(query("clear_section"), section)
    bodies = {clean(row_id): json_of(body) for row_id, body in valid_rows(config).items()}
    if bodies:
        await cursor.execute(query("upsert_rows"), section | {"ids": list(bodies), "bodies": list(bodies.values())})


ID_LIMIT: Final = 256  # characters; a longer key cannot be indexed, and would stop the archive


def row_id_of(row: dict[str, Any]) -> str:
    """Id of a row; profiles go by their class. "" when it has none."""
    row_id = row.get("id", row.get("cls", ""))
    return row_id if isinstance(row_id, str) else ""


def valid_rows(config: Config) -> dict[str, dict[str, Any]]:
    """Rows by id, defaults filled in, unknown keys kept.

    A row that does not fit its section is left out and logged: one bad row must not stop the archive (whoever appends
    config checks it first).
    """
    rows, kind = {}, SECTIONS.get(config.section)
    for row in config.rows:
        try:
            known = {} if kind is None else msgspec.to_builtins(msgspec.convert(row, kind))
        except msgspec.ValidationError as error:
            _log.warning("%s row refused: %s", config.section, error, extra={"action": "store.config.refused"})
            continue
        row_id = row_id_of(row)
        if 0 < len(row_id) <= ID_LIMIT:
            rows[row_id] = row | known
    return rows
