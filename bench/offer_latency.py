"""From a report to the first offer on a phone, and from a yes to the coordinator's screen; see bench/load/offers.py.

python bench/offer_latency.py [--reports 100] [--phones 240] [--every 2.5] [--only door|broker] [--no-browser]
"""

import argparse
import asyncio
import os
import shutil
import sys
from pathlib import Path

LIMITS_MS = {"report to offer": 2000.0, "yes to feed": 500.0, "yes to screen": 500.0}


def main() -> None:
    from bench.load.offers import WAYS, measure

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=100)
    parser.add_argument("--phones", type=int, default=240)
    parser.add_argument("--every", type=float, default=2.5)
    parser.add_argument("--only", choices=("door", "broker"))
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    browser = not given.no_browser and shutil.which("chromium") is not None
    for way in [given.only] if given.only else ["door", "broker"]:
        if way == "broker" and not shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin"):
            print("through Mosquitto: not measured, it is not installed (apt-get install mosquitto)")
            continue
        going = measure(given.reports, given.phones, given.every, broker=way == "broker", browser=browser)
        cases, used = asyncio.run(going)
        where = "through Mosquitto" if way == "broker" else "at the door"
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        print(f"{where}: {len(cases)} reports, {given.phones} phones; the stages took {used:.0%} of one processor, "
              f"the machine's load is {load:.1f} for each")  # fmt: skip
        print(f"  {'ms':<28}{'n':>5}{'p50':>8}{'p95':>8}{'max':>8}   limit of p95")
        for name in WAYS:
            row(name, sorted(ways[name] for case in cases if name in (ways := case.ways_ms())))


def row(name: str, ms: list[float]) -> None:
    if not ms:
        print(f"  {name:<28}{0:>5}")
        return
    p50, p95 = (ms[int(share * (len(ms) - 1) + 0.5)] for share in (0.5, 0.95))
    limit = LIMITS_MS.get(name)
    verdict = "" if limit is None else f"   {limit:,.0f}: {'kept' if p95 <= limit else 'NOT KEPT'}"
    print(f"  {name:<28}{len(ms):>5}{p50:>8.0f}{p95:>8.0f}{ms[-1]:>8.0f}{verdict}")


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)  # not this folder: files here bear the names of rooms
    main()
