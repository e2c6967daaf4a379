"""How soon enough people are there, beside asking them one after another; see bench/dispatch/arrivals.py.

python bench/arrivals.py [--incidents N] [--seed S] [--volunteers N] [--accept P] [--straight]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: one in it bears the name of the room it measures
    from bench.dispatch.arrivals import main

    main()
