"""Who is next to a crossing, and who is soonest at an incident along the crossings in order: compiled.

Seconds are added in single precision and in the same order as in `dispatch.roads.people`, so both give the same.
"""

from __future__ import annotations

from typing import Any

from geo.folds.jit import jit

Array = Any  # numba sees the arrays


@jit
def by_crossing(a: Array, b: Array, some: Array, first: Array, rows: Array) -> None:
    """Put each of `some` to the crossings at both ends: those of crossing c are `rows[first[c]:first[c + 1]]`.

    `first` comes as zeros, one more than there are crossings.
    """
    for j in some:
        first[a[j]] += 1
        first[b[j]] += 1
    begin = 0
    for c in range(len(first)):  # where each ends, until it is filled from its end
        begin += first[c]
        first[c] = begin
    for i in range(len(some) - 1, -1, -1):
        j = some[i]
        first[b[j]] -= 1
        rows[first[b[j]]] = j
        first[a[j]] -= 1
        rows[first[a[j]]] = j


@jit
def pick(
    order: Array, first: Array, rows: Array, node_s: Array, a: Array, b: Array, leave_a_s: Array, leave_b_s: Array,
    also: Array, most: int, mark: Array, call: int, found: Array, seconds: Array, ends: Array,
) -> None:  # fmt: skip
    """Those in `also`, then whoever is next to the crossings in order until `most` were met, each once, with seconds.

    `ends` tells how many were found, how many crossings were used, and how many people were met at them.
    """
    n, used, met = 0, 0, 0
    for j in also:
        if mark[j] != call:
            mark[j] = call
            found[n], seconds[n] = j, min(node_s[a[j]] + leave_a_s[j], node_s[b[j]] + leave_b_s[j])
            n += 1
    while used < len(order) and met < most:
        for at in range(first[order[used]], first[order[used] + 1]):
            j = rows[at]
            met += 1
            if mark[j] != call:
                mark[j] = call
                found[n], seconds[n] = j, min(node_s[a[j]] + leave_a_s[j], node_s[b[j]] + leave_b_s[j])
                n += 1
        used += 1
    ends[0], ends[1], ends[2] = n, used, met
