"""What the way of asking was worth at one incident. Estimates, and none where something is missing for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from core.events import Answer, Beside, Words
from core.units import us_to_seconds
from dispatch.review import Review, Turn

SILENT_S: Final = 45.0  # who asks one after the other waits so long for an answer


class Saved(NamedTuple):
    """All matched together against a list, if all who are asked come. A time is told where both fill as many places.

    `round_*`: over all incidents that were matched with this one; what one of them gave up, another may have got.
    """

    places: int
    seconds: int | None
    last_s: int | None  # until the last is there
    round_places: tuple[int, int, int]  # of severity 3, 2, 1
    round_seconds: int | None


def saved(beside: Beside | None) -> Saved | None:
    """What matching together saved; None where nobody reckoned it."""
    if beside is None or not beside.places:
        return None
    ours, greedy = beside.ours, beside.greedy
    alike = len(ours.etas_s) == len(greedy.etas_s)
    empty = tuple(b - a for a, b in zip(_unfilled(ours), _unfilled(greedy), strict=True))
    return Saved(
        places=len(ours.etas_s) - len(greedy.etas_s),
        seconds=sum(greedy.etas_s) - sum(ours.etas_s) if alike else None,
        last_s=max(greedy.etas_s, default=0) - max(ours.etas_s, default=0) if alike else None,
        round_places=(empty[0], empty[1], empty[2]),
        round_seconds=greedy.seconds - ours.seconds if not any(empty) else None,
    )


def _unfilled(answer: Answer) -> tuple[int, int, int]:
    return answer.unfilled_3, answer.unfilled_2, answer.unfilled_1


def in_sequence_s(found: Review) -> float | None:
    """How long filling the places would have taken, had the same people been asked one after the other.

    The nearest first, each giving the answer that they gave after the time they took; who says nothing within 45 s is
    passed over. None when an answer that would be needed is not known.
    """
    if found.filled_us is None:
        return None
    asked = [turn for turn in found.turns.values() if turn.asked_us <= found.filled_us and not turn.manual]
    asked.sort(key=lambda turn: (turn.eta_s is None, turn.eta_s or 0.0, turn.offer))
    total_s = 0.0
    for role, count in found.wanted.items():
        filled_s = _filled_s([turn for turn in asked if turn.role == role], count)
        if filled_s is None:
            return None
        total_s += filled_s
    return total_s


def _filled_s(asked: Sequence[Turn], count: int) -> float | None:
    total_s = 0.0
    for turn in asked:
        if not count:
            break
        until_us = turn.ended_us if turn.answered_us is None else turn.answered_us
        if until_us is None:
            return None
        waited_s = us_to_seconds(until_us - turn.asked_us)
        if turn.answered_us is None and waited_s < SILENT_S:
            return None  # withdrawn before anybody could know
        total_s += min(waited_s, SILENT_S)
        count -= turn.promised and waited_s <= SILENT_S
    return None if count else total_s


def said(gain: Saved) -> Words:
    """What it saved here and in all, in a sentence each language; a minus is told as what it is."""
    here = (_places(gain.places), _time(gain.seconds, "perjalanan ke sini", "the way here"), _last(gain.last_s))
    all_ = (_places(sum(gain.round_places)), _time(gain.round_seconds, "perjalanan semua", "everybody's way"))
    id_ = ", ".join(words.id for words in here if words) or "sama dengan cara daftar"
    en = ", ".join(words.en for words in here if words) or "the same as by a list"
    round_id = ", ".join(words.id for words in all_ if words) or "sama"
    round_en = ", ".join(words.en for words in all_ if words) or "the same"
    return Words(
        id=f"Di sini: {id_}. Semua kejadian bersama: {round_id}.",
        en=f"Here: {en}. All incidents together: {round_en}.",
    )


def _places(count: int) -> Words | None:
    if not count:
        return None
    more = count > 0
    return Words(
        id=f"{abs(count)} tempat {'lebih banyak' if more else 'lebih sedikit'} terisi",
        en=f"{abs(count)} place{'s' * (abs(count) > 1)} {'more' if more else 'fewer'} filled",
    )


def _time(seconds: int | None, what_id: str, what_en: str) -> Words | None:
    if not seconds:
        return None
    less = seconds > 0
    return Words(
        id=f"{what_id} {span(seconds, 'menit', 'detik')} {'lebih singkat' if less else 'lebih lama'} seluruhnya",
        en=f"{what_en} {span(seconds, 'min', 's')} {'less' if less else 'more'} in all",
    )


def _last(seconds: int | None) -> Words | None:
    if not seconds:
        return None
    sooner = seconds > 0
    return Words(
        id=f"yang terakhir tiba {span(seconds, 'menit', 'detik')} {'lebih cepat' if sooner else 'lebih lambat'}",
        en=f"the last is there {span(seconds, 'min', 's')} {'sooner' if sooner else 'later'}",
    )


def span(seconds: float, minute: str, second: str) -> str:
    """Seconds up to two minutes, then whole minutes; without the sign."""
    whole = round(abs(seconds))
    return f"{whole} {second}" if whole < 120 else f"{round(whole / 60)} {minute}"
