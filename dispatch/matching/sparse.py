"""The exact matching over lists: each need may be served by those on its list only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dispatch.matching.dense import Chosen, gathered, places_of
from dispatch.matching.problem import Near


def solve(lists: Sequence[Near], prices: Sequence[Sequence[int]]) -> Chosen:
    """Columns chosen for each need. Every place has a column of its own that means "nobody", at the place's price."""
    owner, price = places_of(prices)
    if not len(owner):
        return gathered(owner, owner, len(prices))
    known, edge = np.unique(np.concatenate([near.columns for near in lists]), return_inverse=True)
    size = np.array([len(near.columns) for near in lists])
    row, take = _edges(owner, size)
    weight = np.concatenate([near.seconds for near in lists]).astype(np.float64)[take]
    kept = weight < price[row]
    places = np.arange(len(owner))
    weights = np.concatenate([weight[kept], price]) + 1  # scipy takes a weight of 0 for no edge
    at = (np.concatenate([row[kept], places]), np.concatenate([edge[take[kept]], len(known) + places]))
    table = csr_array((weights, at), shape=(len(owner), len(known) + len(owner)))
    rows, columns = min_weight_full_bipartite_matching(table)
    filled = columns < len(known)
    return gathered(owner[rows[filled]], known[columns[filled]], len(prices))


def _edges(owner: NDArray[np.int64], size: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each place, each edge of its need: the number of the place, and of the edge among those of all lists."""
    count = size[owner]
    begin = np.cumsum(count) - count
    first = (np.cumsum(size) - size)[owner]
    return np.repeat(np.arange(len(owner)), count), np.arange(count.sum()) + np.repeat(first - begin, count)
