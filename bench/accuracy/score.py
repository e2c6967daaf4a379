"""Detected stops against true ones: F1 of events at IoU >= 0.5, and the errors of their ends.

A true standstill shorter than 0.75 of the duration asked for is none; one from 0.75 to 1.33 of it is in the don't-care
band: whether it is found or not counts neither for nor against.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, NamedTuple

Interval = tuple[float, float]  # seconds

IOU: Final = 0.5
BAND: Final = (0.75, 1.33)


class Score(NamedTuple):
    """Counts, and seconds by which starts and ends of the found are off (positive: too late)."""

    found: int
    false: int
    missed: int
    start_off_s: tuple[float, ...]
    end_off_s: tuple[float, ...]

    @property
    def f1(self) -> float:
        return 2.0 * self.found / max(1, 2 * self.found + self.false + self.missed)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.false)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)

    @property
    def start_error_s(self) -> float:
        """Median of the absolute errors."""
        return median(map(abs, self.start_off_s)) if self.start_off_s else float("nan")

    @property
    def end_error_s(self) -> float:
        return median(map(abs, self.end_off_s)) if self.end_off_s else float("nan")


def compare(detected: Iterable[Interval], truth: Sequence[Interval], min_s: float) -> Score:
    """One device. Pairs are taken by falling IoU, each stop once; the don't-care band is paired last."""
    low, high = (share * min_s for share in BAND)
    asked = [t for t in truth if t[1] - t[0] >= high]
    band = [t for t in truth if low <= t[1] - t[0] < high]
    pairs, left = _pair(list(detected), asked)
    _, false = _pair(left, band)
    starts, ends = (tuple(d[i] - t[i] for d, t in pairs) for i in (0, 1))
    return Score(len(pairs), len(false), len(asked) - len(pairs), starts, ends)


def total(scores: Iterable[Score]) -> Score:
    """All devices together."""
    parts = list(scores)
    return Score(
        sum(part.found for part in parts),
        sum(part.false for part in parts),
        sum(part.missed for part in parts),
        tuple(off for part in parts for off in part.start_off_s),
        tuple(off for part in parts for off in part.end_off_s),
    )


def iou(a: Interval, b: Interval) -> float:
    """Overlap of two intervals as a share of what they cover together."""
    both = min(a[1], b[1]) - max(a[0], b[0])
    return both / (max(a[1], b[1]) - min(a[0], b[0])) if both > 0.0 else 0.0


def _pair(detected: list[Interval], truth: list[Interval]) -> tuple[list[tuple[Interval, Interval]], list[Interval]]:
    """Pairs of IoU or better, and the detected that found no partner."""
    close = sorted(
        ((share, i, j) for i, d in enumerate(detected) for j, t in _near(d, truth) if (share := iou(d, t)) >= IOU),
        reverse=True,
    )
    partner: dict[int, int] = {}
    for _, i, j in close:
        if i not in partner and j not in partner.values():
            partner[i] = j
    pairs = [(detected[i], truth[j]) for i, j in sorted(partner.items())]
    return pairs, [d for i, d in enumerate(detected) if i not in partner]


def _near(d: Interval, truth: list[Interval]) -> list[tuple[int, Interval]]:
    return [(j, t) for j, t in enumerate(truth) if t[0] < d[1] and t[1] > d[0]]
