"""How fast the geo core is, beside three peers and our own decoding; see bench/speed/report.py.

python bench/throughput.py [--peers PYTHON] [--only dwell|parked|memory|step]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: files here bear the names of rooms
    from bench.speed.report import main

    main()
