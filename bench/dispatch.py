"""How long the decisions take and how good they are; see bench/dispatch/severe.py, matching.py and tick.py.

python bench/dispatch.py [--runs N] [--seed S] [--only VOLUNTEERSxINCIDENTS]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: this file bears the name of the room it measures
    from bench.dispatch import matching, severe, tick

    severe.main()
    matching.main()
    tick.main()
