"""How true the dwells are, beside three peers; see bench/accuracy/report.py.

python bench/accuracy.py [--tune] [--only fleet|phones|sleepers]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: files here bear the names of rooms
    from bench.accuracy.report import main

    main()
