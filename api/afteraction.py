"""What became of an incident, and of many, under the names of the API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any

import msgspec

from api.deps import CityInfo
from api.rows import incident_row
from api.times import from_us, rfc3339, rfc3339_or_none
from core.events import Beside, Event, Price
from core.units import us_to_seconds
from dispatch.review import Review, Turn, review
from dispatch.summary import Answers, Tally
from dispatch.words import instead
from dispatch.worth import SILENT_S, in_sequence_s, said, saved
from store.stories import Story
from store.timeline import Said

_decode = msgspec.json.Decoder(Event).decode


def after_action_row(found: Review, zone: tzinfo) -> dict[str, Any]:
    """An incident afterwards: instants, people, heads over time, what was worth it."""
    return {
        "incident": incident_row(found.incident, zone),
        "times": {name: rfc3339_or_none(us, zone) for name, us in instants(found).items()},
        "wanted": found.wanted,
        "offers": found.outcomes(),
        "people": [turn_row(turn, zone) for turn in found.turns.values()],
        "heads": [{"at": rfc3339(h.at_us, zone), "coming": h.coming, "there": h.there} for h in found.heads],
        "saved": saved_row(found.beside),
        "in_sequence": sequence_row(found),
        "by_hand": [
            {"at": rfc3339(hand.at_us, zone), "act": hand.act, "who": hand.actor or None, "volunteer": hand.person,
             "cost": hand.cost, "words": price_words(hand.person, hand.cost)}
            for hand in found.by_hand
        ],
    }  # fmt: skip


def instants(found: Review) -> dict[str, int | None]:
    """When it was first so, in the order in which it should be."""
    return {
        "reported": found.incident.opened_us,
        "verified": found.verified_us,
        "dispatched": found.dispatched_us,
        "asked": found.asked_us,
        "filled": found.filled_us,
        "first_there": found.first_us,
        "all_there": found.all_us,
        "closed": found.incident.closed_us,
    }


def turn_row(turn: Turn, zone: tzinfo) -> dict[str, Any]:
    """One who was asked, with how long each part took."""
    return {
        "offer": turn.offer,
        "volunteer": turn.person,
        "role": turn.role,
        "outcome": turn.outcome,
        "state": turn.state,
        "manual": turn.manual,
        "eta_s": turn.eta_s,
        "asked": rfc3339(turn.asked_us, zone),
        **{
            name: rfc3339_or_none(getattr(turn, f"{name}_us"), zone)
            for name in ("answered", "departed", "arrived", "worked", "ended")
        },
        "answer_s": lasted_s(turn.asked_us, turn.answered_us),
        "travel_s": lasted_s(turn.answered_us, turn.arrived_us),
        "on_scene_s": lasted_s(turn.arrived_us, turn.ended_us),
    }


def lasted_s(from_us: int | None, to_us: int | None) -> float | None:
    """Seconds from one instant to the other, where both are known."""
    return None if from_us is None or to_us is None or to_us < from_us else us_to_seconds(to_us - from_us)


def saved_row(beside: Beside | None) -> dict[str, Any] | None:
    """What matching together saved against a list, with both answers that it was reckoned from."""
    gain = saved(beside)
    if gain is None or beside is None:
        return None
    return {
        **gain._asdict(),
        "words": said(gain),
        "from": {"places": beside.places, "greedy": beside.greedy.etas_s, "ours": beside.ours.etas_s},
    }


def sequence_row(found: Review) -> dict[str, float] | None:
    """How long filling the places took, and would have taken one after the other."""
    sequence_s, filled_s = in_sequence_s(found), lasted_s(found.asked_us, found.filled_us)
    if sequence_s is None or filled_s is None:
        return None
    return {"filled_s": filled_s, "sequence_s": sequence_s, "silent_s": SILENT_S}


def price_words(person: str | None, cost: Price | None) -> Any:
    return None if cost is None else instead(person or "?", cost)


def tally_of(stories: Iterable[Story], zone: tzinfo, tally: Tally | None = None) -> Tally:
    """Figures of these incidents, added to those so far."""
    total = tally or Tally(lambda us: from_us(us, zone).hour)
    for story in stories:
        found = review(Said(0, _decode(body), None, None) for body in story.bodies)
        if found is not None:
            total.add(found)
    return total


def summary_row(total: Tally, city: CityInfo) -> dict[str, Any]:
    """Figures for leaders: nothing of any person."""
    gained = total.gained
    return {
        "incidents": {
            "opened": total.statuses.total(),
            "merged": total.merged,
            "by_status": dict(total.statuses),
            "by_kind": [
                {"kind": kind, "name": city.hazard(kind).name, "count": count} for kind, count in total.kinds.items()
            ],
            "by_severity": {str(severity): total.severities[severity] for severity in (3, 2, 1)},
        },
        "times": {name: spread._asdict() for name, spread in total.times().items()},
        "offers": total.asked(),
        "acceptance": _rate(total.acceptance()),
        "by_hour": [{"hour": hour, **_rate(answers)} for hour, answers in total.by_hour()],
        "by_kind": [
            {"kind": kind, "name": city.hazard(kind).name, **_rate(answers)} for kind, answers in total.by_kind()
        ],
        "saved": {name: getattr(gained, name) for name in ("incidents", "places", "timed", "seconds", "last_s")},
        "in_sequence": {
            "incidents": gained.sequences,
            "sequence_s": round(gained.in_sequence_s, 1),
            "filled_s": round(gained.filled_s, 1),
        },
    }


def _rate(answers: Answers) -> dict[str, Any]:
    return {**answers._asdict(), "rate": answers.rate}
