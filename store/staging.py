"""Fixes on their way into a table: by binary COPY into `staging`, their devices numbered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncCursor

from core.fixes import Fixes
from store.pg import query
from store.rows import copy_bytes


async def stage(cursor: AsyncCursor[Any], fixes: Fixes, numbers: NDArray[np.int32]) -> None:
    """The fixes in the table `staging` of this transaction; `numbers` has one for each entry of `fixes.ids`."""
    await cursor.execute(query("staging"))
    async with cursor.copy(query("copy_staging")) as copy:
        await copy.write(copy_bytes(fixes, numbers))


async def device_numbers(cursor: AsyncCursor[Any], ids: Sequence[str]) -> dict[str, int]:
    """The number of each device, a new one for those that have none."""
    if not ids:
        return {}
    await cursor.execute(query("new_device_keys"), {"ids": list(ids)})
    await cursor.execute(query("device_keys"), {"ids": list(ids)})
    return {row.id: row.no for row in await cursor.fetchall()}
