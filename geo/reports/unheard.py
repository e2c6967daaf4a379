"""Where a vehicle may have been while nobody heard it: only what was heard all the time can have missed anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from core.calendar import Span
from core.units import MPS_PER_KMH, US_PER_S
from geo.meaning.duty import merged
from geo.reports.daybook import Book, Seen, clipped, ends_us, metres
from geo.reports.planned import Tracker

FASTEST_MPS: Final = 60 * MPS_PER_KMH  # in the straight line, through a city
REACH_M: Final = 30.0  # so near it need not come any nearer


class Gap(NamedTuple):
    """A time in which a device may have been elsewhere: from one fix to another; None: it was not heard there."""

    span: Span
    left: Seen | None
    found: Seen | None
    silent_us: int  # it was away for so long at most


def gaps(book: Book, tracker: Tracker) -> list[Gap]:
    """The silences of a device while it was in the vehicle, as far as they are known now."""
    device, within = tracker.device, tracker.span
    until_us = min(within[1], book.now_us)
    found = [*_edges(book, device, (within[0], until_us))]
    for row in book.gaps_of.get(device, ()):
        span = row.start_us, ends_us(row, book.now_us)
        end = None if row.to_lon is None or row.to_lat is None else Seen(span[1], row.to_lon, row.to_lat)
        found.append(Gap(span, Seen(row.start_us, row.lon, row.lat), end, span[1] - span[0]))
    for stay in book.dwells_of.get(device, ()):
        if stay.silent_s > 0:  # it woke where it fell asleep: it stood there, or it came back
            span = stay.start_us, ends_us(stay, book.now_us)
            here = Seen(stay.start_us, stay.lon, stay.lat)
            found.append(Gap(span, here, here, int(stay.silent_s * US_PER_S)))
    return sorted(gap for gap in found if clipped(gap.span, (within[0], until_us)))


def _edges(book: Book, device: str, within: Span) -> Iterator[Gap]:
    """What was not heard before its first fix ever, and since its last."""
    heard, whole_us = book.heard.get(device), within[1] - within[0]
    newest = heard.newest if heard and book.spells else None  # a day without any: it was never looked at for them
    if heard is None or newest is None:
        first = heard.after if heard else None
        yield Gap(within, None, first, whole_us)
        return
    if heard.before is None and heard.first is not None:
        yield Gap((within[0], heard.first.at_us), None, heard.first, whole_us)
    quiet_us = int(book.config.profile(device).silent_after_s * US_PER_S)
    if heard.after is None and within[1] - newest.at_us > quiet_us:
        yield Gap((newest.at_us, within[1]), newest, None, whole_us)


def elsewhere(gap: Gap, lon: float, lat: float) -> Span | None:
    """When within a gap the device can have been at a point; None: it was too far, or too short."""
    out_us = _way_us(gap.left, lon, lat)
    back_us = _way_us(gap.found, lon, lat)
    if out_us + back_us > gap.silent_us:
        return None
    return gap.span[0] + out_us, gap.span[1] - back_us


def _way_us(seen: Seen | None, lon: float, lat: float) -> int:
    if seen is None:
        return 0
    return int(max(0.0, metres(seen, lon, lat) - REACH_M) / FASTEST_MPS * US_PER_S)


def doubt(silences: Iterable[tuple[Tracker, list[Gap]]], within: Span, lon: float, lat: float) -> Span | None:
    """The longest part of a span in which a vehicle may have been at a point unheard; None: it surely was not.

    `silences` are the gaps of each tracker that the vehicle carried. One tracker that hears is enough.
    """
    away: list[Span] = []
    for tracker, found in silences:
        carried = clipped(tracker.span, within)
        if carried:
            perhaps = [
                part
                for gap in found
                if (span := elsewhere(gap, lon, lat)) and (part := clipped(_at_least(span), carried))
            ]
            away += without(carried, perhaps)
    left = without(within, merged(away))
    return max(left, key=lambda span: (span[1] - span[0], -span[0]), default=None)


def _at_least(span: Span) -> Span:
    """A moment counts, too."""
    return span[0], max(span[1], span[0] + 1)


def without(span: Span, parts: Iterable[Span]) -> list[Span]:
    """What is left of a span without these parts, in order."""
    left, from_us = [], span[0]
    for start_us, end_us in merged(parts):
        if from_us < min(start_us, span[1]):
            left.append((from_us, min(start_us, span[1])))
        from_us = max(from_us, end_us)
    return [*left, (from_us, span[1])] if from_us < span[1] else left
