"""What a durable message costs at the door, against Mosquitto alone; see bench/load/costs.py.

python bench/ingest.py [--rounds N] [--messages N] [--no-latency]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: this file bears the name of the room it measures
    from bench.load.costs import main

    main()
