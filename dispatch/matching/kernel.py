"""The best way to place people one after the other, compiled: shortest chains of changes over needs.

Each newcomer enters at a need, somebody there moves to another need, and so on, until an empty place is filled or
somebody is let go. The cheapest such chain keeps the matching of all who came so far the best one; who gains nothing
stays out. Places of a need are alike, so the chain runs over needs and not over places: that is what makes it quick.

`worth_s[g]` bounds from below what a chain from need g to its end costs (a potential, as in Dijkstra's search with
negative arcs). All numbers are whole, so every step is exact.
"""

from __future__ import annotations

from typing import Any

from geo.folds.jit import jit

Array = Any  # numba sees the arrays
NEVER = 2**63 - 1
DEAD_END = 2**60  # of a need without places; more than any sum, and sums with it fit
NOBODY = -1  # the chain ends in an empty place


@jit
def place(
    seconds: Array, order: Array, price: Array, first: Array, member: Array, filled: Array, arc_s: Array, via: Array,
    end_s: Array, end_who: Array, worth_s: Array, label_s: Array, before: Array, settled: Array,
) -> None:  # fmt: skip
    """Place everybody of `order`; `seconds` is people by needs.

    Need g owns the places `first[g]` up to `first[g + 1]`, dearest first; `member` tells who is there.
    """
    needs = len(filled)
    for g in range(needs):
        filled[g] = 0
        refresh(seconds, price, first, member, filled, arc_s, via, end_s, end_who, g)
        worth_s[g] = end_s[g]
    for j in order:
        last = search(seconds, arc_s, end_s, worth_s, label_s, before, settled, j)
        if last >= 0:
            moved(seconds, price, first, member, filled, arc_s, via, end_s, end_who, before, last, j)


@jit
def refresh(
    seconds: Array, price: Array, first: Array, member: Array, filled: Array, arc_s: Array, via: Array,
    end_s: Array, end_who: Array, g: int,
) -> None:  # fmt: skip
    """What it costs to move one of need g to each other need, or to end a chain there."""
    begin, end = first[g], first[g] + filled[g]
    end_s[g], end_who[g] = DEAD_END, NOBODY
    if end < first[g + 1]:
        end_s[g] = -price[end]
    for b in range(len(filled)):
        arc_s[g, b] = NEVER
    for at in range(begin, end):
        k = member[at]
        own_s = seconds[k, g]
        if -own_s < end_s[g]:
            end_s[g], end_who[g] = -own_s, k
        for b in range(len(filled)):
            if seconds[k, b] != NEVER and seconds[k, b] - own_s < arc_s[g, b]:
                arc_s[g, b], via[g, b] = seconds[k, b] - own_s, k


@jit
def search(
    seconds: Array, arc_s: Array, end_s: Array, worth_s: Array, label_s: Array, before: Array, settled: Array, j: int
) -> int:
    """The last need of the cheapest chain that begins with j, if it gains anything; -1 otherwise."""
    needs = len(worth_s)
    for g in range(needs):
        label_s[g] = NEVER if seconds[j, g] == NEVER else seconds[j, g] + worth_s[g]
        before[g], settled[g] = -1, False
    total_s, last = 0, -1
    while True:
        a = nearest(label_s, settled, total_s)
        if a < 0:
            break
        settled[a], nearest_s = True, label_s[a]
        if nearest_s + end_s[a] - worth_s[a] < total_s:
            total_s, last = nearest_s + end_s[a] - worth_s[a], a
        for b in range(needs):
            if arc_s[a, b] != NEVER and not settled[b]:
                reached_s = nearest_s + arc_s[a, b] + worth_s[b] - worth_s[a]
                if reached_s < label_s[b]:
                    label_s[b], before[b] = reached_s, a
    if last >= 0:
        for g in range(needs):
            worth_s[g] += max(0, total_s - label_s[g]) if settled[g] else 0
    return last


@jit
def nearest(label_s: Array, settled: Array, below_s: int) -> int:
    """The need that a chain reaches next at least cost, below the bound; -1: none."""
    found = -1
    for g in range(len(label_s)):
        if not settled[g] and label_s[g] < below_s:
            found, below_s = g, label_s[g]
    return found


@jit
def moved(
    seconds: Array, price: Array, first: Array, member: Array, filled: Array, arc_s: Array, via: Array,
    end_s: Array, end_who: Array, before: Array, last: int, j: int,
) -> None:  # fmt: skip
    """Carry out a chain: from its last need back to the first, where j enters."""
    leaves = end_who[last]
    if leaves == NOBODY:
        member[first[last] + filled[last]] = NOBODY
        filled[last] += 1
    g = last
    while g >= 0:
        a = before[g]
        comes = via[a, g] if a >= 0 else j
        at = first[g]
        while member[at] != leaves:
            at += 1
        member[at] = comes
        leaves, g = comes, a
    g = last
    while g >= 0:
        refresh(seconds, price, first, member, filled, arc_s, via, end_s, end_who, g)
        g = before[g]
