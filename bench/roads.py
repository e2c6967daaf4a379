"""How long times to arrive over roads take; see bench/dispatch/fields.py.

python bench/roads.py [--nodes N] [--seed S]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: one in it bears the name of the room it measures
    from bench.dispatch.fields import main

    main()
