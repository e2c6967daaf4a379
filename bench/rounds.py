"""Planned refuse rounds, driven by the simulator: which collections are found at their point, and what is claimed.

Needs the table of Tainan's rounds beside the project (`../shared/data/routes`), and says so where it is absent.
    python bench/rounds.py
"""

import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: files here bear the names of rooms
    from bench.accuracy.rounds import ASKED_S, TABLE, outcome, tainan

    rounds = tainan()
    if rounds is None:
        print(f"no rounds: {TABLE} is absent")
    else:
        began_s = time.perf_counter()
        seen = outcome(rounds)
        print(f"{len(rounds)} rounds, {sum(map(len, rounds))} stops, 10 s sampling, 5 m noise")
        print(f"collections of {ASKED_S:.0f} s and more that were heard: {seen.asked}")
        print(f"  found at their own point {seen.right} ({100.0 * seen.right / max(1, seen.asked):.2f} %)")
        print(f"  at another {seen.wrong}, not at all {seen.missed}")
        print(f"services claimed {seen.claims}, without evidence {seen.empty}")
        print(f"{time.perf_counter() - began_s:.0f} s, the compiling of the kernels included")
