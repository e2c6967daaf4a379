"""Seconds that the peers take for the frozen fleet, as JSON; run by the Python that has them installed.

Each gets whole device-days, sorted and without copies, as a batch program wants them. Counted is the way from columns
of numbers to stops, which a user cannot avoid; of MEOS also the call of `temporal_stops` alone.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

sys.path[0] = str(Path(__file__).parent.parent.parent)

from bench.accuracy import peers  # noqa: E402 - found only now: this file runs on its own
from bench.accuracy.generator import SAMPLINGS_S, TEST_SEEDS, Track, fleet  # noqa: E402 - the same

MIN_S: Final = 60.0
SIZES_M: Final = {"MEOS": 60.0, "MovingPandas": 60.0, "trackintel": 40.0}  # as tuned in bench/accuracy/fleet.py
DEVICES: Final = 2  # a few minutes for all


class Clock:
    """CPU seconds spent within one method of a class."""

    def __init__(self, owner: Any, name: str) -> None:
        self.seconds = 0.0
        method = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = time.process_time()
            try:
                return method(*args, **kwargs)
            finally:
                self.seconds += time.process_time() - begin

        setattr(owner, name, timed)


def points(track: Track) -> peers.Points:
    """One device-day, in order of time."""
    lon, lat = track.lon_lat()
    return peers.Points(track.t_s, track.x, track.y, lon, lat)


def seconds_a_fix(peer: peers.Peer, every_s: float) -> float:
    """Of the peer's whole way, over a few devices."""
    days = [points(track) for track in fleet(TEST_SEEDS[0], every_s, DEVICES)]
    begin = time.process_time()
    for day in days:
        peer.detect(day, SIZES_M[peer.name], MIN_S)
    return (time.process_time() - begin) / sum(len(day.t_s) for day in days)


def measured(peer: peers.Peer) -> dict[str, Any]:
    """What is known of one peer; only its name where it is not installed."""
    found: dict[str, Any] = {"name": peer.name, "package": peer.package, "version": peer.version}
    if peer.version is None:
        return found
    seconds_a_fix(peer, SAMPLINGS_S[-1])  # imports and first calls
    found["seconds"] = [seconds_a_fix(peer, every_s) for every_s in SAMPLINGS_S]
    if peer.name == "MEOS":
        found["call"] = call_alone(peer)
    return found


def call_alone(peer: peers.Peer) -> list[float]:
    """Of `temporal_stops` by itself, over trajectories that are there already."""
    import pymeos

    clock, seconds = Clock(pymeos.TGeomPointSeq, "stops"), []
    for every_s in SAMPLINGS_S:
        before = clock.seconds
        seconds_a_fix(peer, every_s)
        fixes = sum(len(track.t_s) for track in fleet(TEST_SEEDS[0], every_s, DEVICES))
        seconds.append((clock.seconds - before) / fixes)
    return seconds


if __name__ == "__main__":
    print(json.dumps([measured(peer) for peer in peers.PEERS]))
