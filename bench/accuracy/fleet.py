"""Ours and the peers on the frozen fleet: thresholds chosen on the tuning seed, scores on the others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from statistics import mean
from typing import Final, NamedTuple

from bench.accuracy.generator import CHECKSUMS, SAMPLINGS_S, TEST_SEEDS, TUNING_SEED, Track, checksum, fleet
from bench.accuracy.ours import arriving, dwells, intervals
from bench.accuracy.peers import CLEANINGS, PEERS, Peer, Points, cleaned
from bench.accuracy.score import Score, compare, total

DURATIONS_S: Final = (60.0, 900.0)
SHARES: Final = {60.0: (0.9, 1.0), 900.0: (1.0,)}  # of it, asked of a peer: at 30 s three fixes span 59.8 s, or 60.2
LATER_S: Final = 1e6  # added to every time, as some peers do not like the year 1970


class Setting(NamedTuple):
    """The thresholds of a peer."""

    cleaning: str
    size_m: float
    share: float


class Chosen(NamedTuple):
    """One set for every sampling, and the best of each."""

    joint: Setting
    best: tuple[Setting, ...]  # in the order of SAMPLINGS_S


_AT_40, _AT_160 = Setting("hampel", 40.0, 1.0), Setting("hampel", 160.0, 1.0)
_AT_60 = Setting("hampel", 60.0, 1.0)
_AT_180 = Setting("hampel", 180.0, 1.0)
TUNED: Final = {  # what `bench/accuracy.py --tune` chose on the tuning seed
    ("MEOS", 60.0): Chosen(_AT_60, (Setting("hampel", 75.0, 1.0), _AT_60, Setting("hampel", 60.0, 0.9))),
    ("MEOS", 900.0): Chosen(_AT_180, (Setting("hampel", 90.0, 1.0), _AT_180, _AT_180)),
    ("MovingPandas", 60.0): Chosen(_AT_60, (_AT_60, _AT_60, Setting("hampel", 60.0, 0.9))),
    ("MovingPandas", 900.0): Chosen(_AT_180, (Setting("hampel", 90.0, 1.0), _AT_180, _AT_180)),
    ("trackintel", 60.0): Chosen(_AT_40, (Setting("hampel", 50.0, 1.0), _AT_40, Setting("none", 40.0, 1.0))),
    ("trackintel", 900.0): Chosen(_AT_160, (_AT_160, Setting("hampel", 120.0, 1.0), Setting("hampel", 80.0, 1.0))),
}


@cache
def made(seed: int, every_s: float) -> tuple[Track, ...]:
    return tuple(fleet(seed, every_s))


def check(seeds: tuple[int, ...]) -> None:
    """The generator is what it was before the tuning, or nothing here means anything."""
    for seed in seeds:
        if checksum(seed) != CHECKSUMS[seed]:
            raise SystemExit(f"the fleet of seed {seed} is not the frozen one: bench/accuracy/generator.py was changed")


def ours(seed: int, every_s: float, min_s: float) -> Score:
    """From raw messages in order of arrival."""
    tracks = list(made(seed, every_s))
    rows = dwells(arriving(tracks), {"min_dwell_s": min_s})
    return total(compare(intervals(rows[f"t{i}"]), track.truth, min_s) for i, track in enumerate(tracks))


def theirs(peer: Peer, setting: Setting, seed: int, every_s: float, min_s: float) -> Score:
    """From fixes that are sorted, without copies, and cleaned if the setting says so."""
    scores = []
    for track in made(seed, every_s):
        points = cleaned(Points(track.t_s + LATER_S, track.x, track.y, *track.lon_lat()), setting.cleaning)
        found = peer.detect(points, setting.size_m, setting.share * min_s)
        scores.append(compare([(a - LATER_S, b - LATER_S) for a, b in found], track.truth, min_s))
    return total(scores)


def settings(peer: Peer, min_s: float) -> Iterator[Setting]:
    """What the tuning tries."""
    return map(Setting._make, product(CLEANINGS, peer.sizes_m[min_s], SHARES[min_s]))


def tuned(peer: Peer, min_s: float) -> Chosen:
    """By F1 on the tuning seed; about ten minutes for a peer."""
    f1 = {s: [theirs(peer, s, TUNING_SEED, e, min_s).f1 for e in SAMPLINGS_S] for s in settings(peer, min_s)}
    best = tuple(max(f1, key=lambda s: f1[s][i]) for i in range(len(SAMPLINGS_S)))
    return Chosen(max(f1, key=lambda s: mean(f1[s])), best)


def installed() -> list[Peer]:
    return [peer for peer in PEERS if peer.version]


def tested(peer: Peer | None, setting: Setting | None, every_s: float, min_s: float) -> Score:
    """All test seeds together; ours if no peer is named."""
    if peer is None or setting is None:
        return total(ours(seed, every_s, min_s) for seed in TEST_SEEDS)
    return total(theirs(peer, setting, seed, every_s, min_s) for seed in TEST_SEEDS)
