"""The exact matching of a problem whose costs fit into one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.matching.kernel import NEVER, NOBODY, place

Chosen = list[NDArray[np.int64]]


def places_of(prices: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One row for each place: the need it belongs to, and its price while empty."""
    owner = np.repeat(np.arange(len(prices)), [len(price) for price in prices])
    return owner, np.array([price for places in prices for price in places], np.float64)


def gathered(owner: NDArray[np.int64], columns: NDArray[np.int64], needs: int) -> Chosen:
    """Columns by the need that owns their place. `owner` ascends."""
    return np.split(columns, np.searchsorted(owner, np.arange(1, needs))) if needs else []


def solve(seconds: NDArray[np.int64], prices: Sequence[Sequence[int]]) -> Chosen:
    """Columns chosen for each need, those of equal worth by who is nearer, then by column.

    `seconds` is needs by volunteers, `prices` what each place of a need costs while empty, never rising.
    """
    needs = len(prices)
    price = places_of(prices)[1].astype(np.int64)
    first = np.concatenate([[0], np.cumsum([len(places) for places in prices])]).astype(np.int64)
    nearest_first = np.argsort(seconds.min(axis=0, initial=NEVER), kind="stable")
    member, filled = np.full(len(price) + 1, NOBODY, np.int64), np.zeros(needs, np.int64)
    place(np.ascontiguousarray(seconds.T), nearest_first, price, first, member, filled, *_room(needs))
    return [np.sort(member[begin : begin + n]) for begin, n in zip(first.tolist(), filled.tolist(), strict=False)]


def _room(needs: int) -> list[NDArray[Any]]:
    """What the kernel computes with, in the order of its arguments; it cannot make an array."""
    tables = [np.zeros((needs, needs), np.int64) for _ in range(2)]
    return [*tables, *(np.zeros(needs, np.int64) for _ in range(5)), np.zeros(needs, np.bool_)]
