"""Prints the tables of docs/accuracy.md: the fleet with its peers, the phones, the trackers that fall silent."""

from __future__ import annotations

import argparse
import warnings
from statistics import median
from typing import Final

import numpy as np

from bench.accuracy import fleet, phones, sleepers
from bench.accuracy.generator import DEVICES, SAMPLINGS_S, TEST_SEEDS, TUNING_SEED
from bench.accuracy.peers import PEERS, Peer
from bench.accuracy.score import Score

AHEAD: Final = 0.03  # of the best peer, at 5 and 10 s sampling
SLEEPERS: Final = 300
HOW: Final = "uv pip install --python .venv/bin/python --group bench"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="choose the peers' thresholds anew, on the tuning seed")
    parser.add_argument("--only", choices=("fleet", "phones", "sleepers"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers' dependencies warn of each other
    print(versions())
    if options.only in (None, "fleet"):
        print_fleet(tune=options.tune)
    if options.only in (None, "phones"):
        print_phones()
    if options.only in (None, "sleepers"):
        print_sleepers()


def versions() -> str:
    """Who takes part."""
    parts = [f"{peer.name} ({peer.package} {peer.version})" for peer in PEERS if peer.version]
    absent = [peer.package for peer in PEERS if not peer.version]
    missing = f"\nnot installed, so not compared: {', '.join(absent)}; to add them: {HOW}" if absent else ""
    return f"numpy {np.__version__}; peers: {', '.join(parts) or 'none'}{missing}"


def print_fleet(*, tune: bool) -> None:
    """F1 at IoU >= 0.5, and the median errors of start and end, on the test seeds."""
    fleet.check((TUNING_SEED, *TEST_SEEDS))
    print(
        f"\nfleet: {DEVICES} trucks a seed, tuned on seed {TUNING_SEED}, tested on {TEST_SEEDS}; a peer's second figure"
    )
    print("is with thresholds of its own for this sampling")
    for min_s in fleet.DURATIONS_S:
        chosen = {peer.name: _chosen(peer, min_s, tune=tune) for peer in fleet.installed()}
        for i, every_s in enumerate(SAMPLINGS_S):
            ours = fleet.tested(None, None, every_s, min_s)
            f1 = 0.0
            print(f"{min_s:4.0f} s dwells, a fix in {every_s:2.0f} s: Ronda {_told(ours)}", flush=True)
            for peer in fleet.installed():
                joint, best = chosen[peer.name].joint, chosen[peer.name].best[i]
                scores = [fleet.tested(peer, joint, every_s, min_s)]
                scores.append(scores[0] if best == joint else fleet.tested(peer, best, every_s, min_s))
                f1 = max(f1, *(score.f1 for score in scores))
                print(f"{'':24}{peer.name:>12} {_told(scores[0])}, {scores[1].f1:.3f} by {_setting(best)}", flush=True)
            if f1:
                asked = min(1.0, f1 + (AHEAD if every_s < max(SAMPLINGS_S) else 0.0))
                print(f"{'':24}asked for {asked:.3f}, ahead of the best peer by {ours.f1 - f1:+.3f}")


def print_phones() -> None:
    """F1 of the days left out."""
    all_days = phones.days()
    if not all_days:
        print(f"\nphones: {phones.FOLDER} is absent")
        return
    stops = sum(len(day.truth) for day in all_days)
    print(f"\nphones: {len(all_days)} days, {stops} stops in diaries, leave-one-day-out; 95 % by drawing days anew")
    for result in phones.results():
        low, high = result.interval()
        print(f"{result.name:>12} F1 {result.f1:.3f} ({low:.2f} .. {high:.2f})", flush=True)


def print_sleepers() -> None:
    """Alerts by the clock alone."""
    night = sleepers.night(TEST_SEEDS[0], SLEEPERS)
    print(f"\nsilence: {SLEEPERS} trackers that sleep when parked, {night.died} that die on the road")
    print(f"dwells over {sleepers.LIMIT_S:.0f} s: {night.over}, alarmed while they lasted: {night.found},", end=" ")
    print(f"median {median(night.delay_s):+.0f} s after the limit")
    print(f"alarms of the dead: {night.accused} ({100.0 * night.accused / night.died:.1f} %)")


def _chosen(peer: Peer, min_s: float, *, tune: bool) -> fleet.Chosen:
    return fleet.tuned(peer, min_s) if tune else fleet.TUNED[peer.name, min_s]


def _told(score: Score) -> str:
    return f"F1 {score.f1:.3f}  start {score.start_error_s:4.1f} s  end {score.end_error_s:4.1f} s"


def _setting(setting: fleet.Setting) -> str:
    return f"{setting.size_m:.0f} m, {setting.cleaning}, {setting.share:.0%}"
