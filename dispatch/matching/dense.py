"""The exact matching of a problem whose costs fit into one table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Chosen = list[NDArray[np.int64]]


def places_of(prices: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One row for each place: the need it belongs to, and its price while empty."""
    owner = np.repeat(np.arange(len(prices)), [len(price) for price in prices])
    return owner, np.array([price for places in prices for price in places], np.float64)


def gathered(owner: NDArray[np.int64], columns: NDArray[np.int64], needs: int) -> Chosen:
    """Columns by the need that owns their place. `owner` ascends."""
    return np.split(columns, np.searchsorted(owner, np.arange(1, needs))) if needs else []


def solve(seconds: NDArray[np.int64], prices: Sequence[Sequence[int]]) -> Chosen:
    """Columns chosen for each need. `seconds` is needs by volunteers, `prices` what each place costs while empty.

    A pair never costs more than the empty place: taking it at that price means to leave the place empty. So the table
    needs no columns for "nobody" unless there are fewer volunteers than places.
    """
    owner, price = places_of(prices)
    volunteers = seconds.shape[1]
    cells = np.minimum(seconds.astype(np.float64)[owner], price[:, None])  # NEVER becomes the price
    nobody = np.repeat(price[:, None], max(0, len(owner) - volunteers), axis=1)
    rows, columns = linear_sum_assignment(np.hstack([cells, nobody]) if nobody.size else cells)
    real = columns < volunteers
    rows, columns = rows[real], columns[real]
    filled = cells[rows, columns] < price[rows]
    return gathered(owner[rows[filled]], columns[filled], len(prices))
