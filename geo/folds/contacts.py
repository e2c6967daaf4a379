"""Contacts: what a device is near to now, a short chain for each copy of each device in one pool of cells.

A device that is near nothing has none. At most `CONTACTS` are open at once; more are counted and left out.
"""

from __future__ import annotations

from typing import Any

from geo.folds.jit import jit
from geo.folds.tracklayout import (
    C_FIX,
    C_INTS,
    C_KEY,
    C_MASK,
    C_N,
    C_NEAR_US,
    C_NEXT,
    C_OUT,
    C_PHASE,
    C_SEEN,
    C_SILENT0,
    C_SILENT1,
    C_STOPPED,
    C_T0,
    C_TIN,
    CONTACTS,
    D_FLOATS,
    M_CONTACTS,
    M_HEAD,
    M_SILENT,
    Z_CELLS,
    Z_FREE,
    Z_REFUSED,
    Pool,
)  # fmt: skip

Array = Any


@jit
def find_contact(pool: Pool, m: Array, key: int) -> int:
    """Cell of the contact with this key, -1 if there is none."""
    cell = m[M_HEAD] - 1
    while cell >= 0 and pool.ci[cell, C_KEY] != key:
        cell = pool.ci[cell, C_NEXT] - 1
    return cell


@jit
def chain_cell(pool: Pool, m: Array) -> int:
    """A free cell at the end of the chain; -1 when the device has too many, or the pool is empty."""
    ci, z = pool.ci, pool.z
    if m[M_CONTACTS] >= CONTACTS or z[Z_FREE] == 0:
        z[Z_REFUSED] += 1
        return -1
    cell = z[Z_FREE] - 1
    z[Z_FREE] = ci[cell, C_NEXT]
    z[Z_CELLS] -= 1
    ci[cell, C_NEXT] = 0
    last = m[M_HEAD] - 1
    if last < 0:
        m[M_HEAD] = cell + 1
    else:
        while ci[last, C_NEXT] > 0:
            last = ci[last, C_NEXT] - 1
        ci[last, C_NEXT] = cell + 1
    m[M_CONTACTS] += 1
    return cell


@jit
def new_contact(pool: Pool, m: Array, key: int, at: int) -> int:
    """A contact that begins at this moment; -1 when there is no room."""
    cell = chain_cell(pool, m)
    if cell >= 0:
        ci = pool.ci
        ci[cell, C_KEY], ci[cell, C_PHASE], ci[cell, C_SEEN] = key, 1, 0
        ci[cell, C_T0], ci[cell, C_TIN], ci[cell, C_N], ci[cell, C_OUT] = at, at, 0, 0
        ci[cell, C_SILENT0], ci[cell, C_SILENT1] = m[M_SILENT], m[M_SILENT]
        for i in range(D_FLOATS):
            pool.cf[cell, i] = 0.0
        ci[cell, C_NEAR_US], ci[cell, C_STOPPED], ci[cell, C_MASK], ci[cell, C_FIX] = 0, 0, 0, 0
    return cell


@jit
def free_cell(pool: Pool, cell: int) -> None:
    """The cell goes back to the pool."""
    pool.ci[cell, C_NEXT] = pool.z[Z_FREE]
    pool.z[Z_FREE] = cell + 1
    pool.z[Z_CELLS] += 1


@jit
def drop_contact(pool: Pool, m: Array, cell: int, before: int) -> None:
    """Take a contact out of the chain; `before` is the one before it, -1 for the first."""
    after = pool.ci[cell, C_NEXT]
    if before < 0:
        m[M_HEAD] = after
    else:
        pool.ci[before, C_NEXT] = after
    m[M_CONTACTS] -= 1
    free_cell(pool, cell)


@jit
def drop_contacts(pool: Pool, m: Array) -> None:
    """The device is near nothing."""
    while m[M_HEAD] > 0:
        drop_contact(pool, m, m[M_HEAD] - 1, -1)


@jit
def copy_contacts(pool: Pool, source: Array, target: Array) -> None:
    """Chain cells for the target's contacts that say what the source's say; its own chain is empty by now."""
    ci, cf = pool.ci, pool.cf
    of = source[M_HEAD] - 1
    while of >= 0:
        cell = chain_cell(pool, target)
        if cell < 0:
            return
        for i in range(1, C_INTS):
            ci[cell, i] = ci[of, i]
        for i in range(D_FLOATS):
            cf[cell, i] = cf[of, i]
        of = ci[of, C_NEXT] - 1
