"""Severe places left empty, beside the fewest possible and beside a list: 1,000 seeded scarce instances.

A list serves incidents in turn. The fewest possible is found by a maximum matching of the severe places alone, which
knows nothing of our prices.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from bench.dispatch.town import problem, town
from dispatch.greedy import in_turn
from dispatch.matching.problem import NEVER, Problem
from dispatch.matching.solve import match

INSTANCES: Final = 1_000
SIZES: Final = ((20, 8), (45, 15), (65, 20), (65, 25), (120, 45))  # people, incidents that want three each
SEVERE: Final = 3


def fewest(asked: Problem) -> int:
    """Severe places that nobody can fill, whatever the others go without."""
    may = asked.costs.dense() != NEVER
    places = [may[i] for i, need in enumerate(asked.needs) if need.severity == SEVERE for _ in range(need.count)]
    if not places:
        return 0
    filled = maximum_bipartite_matching(csr_array(np.array(places)), perm_type="column")
    return int(np.count_nonzero(filled < 0))


def by_list(asked: Problem) -> int:
    """Severe places that stay empty where incidents are served in turn, each by the nearest."""
    sent = in_turn([need.count for need in asked.needs], asked.costs.dense())
    return sum(n.count - len(c) for n, c in zip(asked.needs, sent, strict=True) if n.severity == SEVERE)


def main() -> None:
    ours, least, listed, equal, proven = 0, 0, 0, 0, 0
    for seed in range(INSTANCES):
        rng = np.random.default_rng(seed)
        asked = problem(town(rng, *SIZES[seed % len(SIZES)], flooded=seed % 2 == 1))
        found, possible = match(asked), fewest(asked)
        equal += found.loss.unfilled_3 == possible
        proven += found.certificate.proven
        ours, least, listed = ours + found.loss.unfilled_3, least + possible, listed + by_list(asked)
    print(
        f"{INSTANCES} scarce instances: severe places empty {ours}, fewest possible {least} "
        f"(equal in {equal}, proven {proven}), by a list {listed}"
    )


if __name__ == "__main__":
    main()
