"""Why somebody cannot come: the closure that is first in the way they would take if nothing were closed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.field import Field
from dispatch.roads.near import Group

FREE: Final = -2  # no closure keeps them away: it is too far, or there is no way at all

Numbers = NDArray[np.int32]


def blamed(stopped_by: Numbers, by_node: Numbers, free: Field, stuck: Group, open_: Group) -> Numbers:
    """For each of the `stuck` on the road the number of a closure, -1 if none stops them.

    `free` and `open_` are the incident's field and the same people without closures; `stopped_by` is of segments,
    `by_node` of `obstacles`.
    """
    by_a = free.node_s[open_.a] + open_.leave_a_s <= free.node_s[open_.b] + open_.leave_b_s
    own = np.where(stuck.segment >= 0, stopped_by[np.maximum(stuck.segment, 0)], -1)
    cannot_leave = np.isinf(np.where(by_a, stuck.leave_a_s, stuck.leave_b_s))
    place = int(free.place.snap.segment[0])
    by: Numbers = np.where(cannot_leave | (stuck.segment == place), own, -1)
    for next_ in (by_node[np.where(by_a, open_.a, open_.b)], stopped_by[place]):
        by = np.where(by < 0, next_, by)
    return by
