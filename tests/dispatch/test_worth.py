"""What the way of asking was worth at one incident: an estimate, or nothing."""

import pytest

from core.events import Answer, Beside, IncidentChanged
from dispatch.review import Review, Turn
from dispatch.worth import Saved, in_sequence_s, saved

S = 1_000_000


def answer(*etas_s, empty=(0, 0, 0), seconds=1000):
    return Answer(
        devices=tuple(f"d{n}" for n in range(len(etas_s))), etas_s=etas_s, seconds=seconds,
        unfilled_3=empty[0], unfilled_2=empty[1], unfilled_1=empty[2],
    )  # fmt: skip


def test_minutes_saved():
    """Where both fill as many places: in all, and until the last is there."""
    beside = Beside(places=2, greedy=answer(100, 700, seconds=2000), ours=answer(200, 300, seconds=1700))
    assert saved(beside) == Saved(0, 300, 400, (0, 0, 0), 300)


def test_a_place_more_is_no_time():
    """Three who come take longer than two: then places are told, and no times."""
    beside = Beside(places=3, greedy=answer(100, 200, empty=(1, 0, 0)), ours=answer(100, 200, 900))
    assert saved(beside) == Saved(1, None, None, (1, 0, 0), None)


def test_an_incident_may_give_way_to_another():
    """A minus is told as one."""
    beside = Beside(places=1, greedy=answer(100, seconds=900), ours=answer(160, seconds=800))
    assert saved(beside) == Saved(0, -60, -60, (0, 0, 0), 100)


@pytest.mark.parametrize("beside", [None, Beside(places=0, greedy=answer(), ours=answer())])
def test_nothing_is_made_up(beside):
    """Nobody reckoned it, or there was no place to fill."""
    assert saved(beside) is None


def turn(number, eta_s, state, after_s):
    """Asked at once; answered, or withdrawn or expired, after so long."""
    known = {"answered_us": after_s * S} if state in ("accepted", "declined") else {"ended_us": after_s * S}
    return Turn(f"o{number}", f"p{number}", f"d{number}", "", 0, eta_s, state, state == "accepted", **known)


def found(*turns, count=1):
    incident = IncidentChanged(at_us=0, id="i", kind="fire", severity=1, status="closed", lon=0, lat=0)
    return Review(incident, filled_us=60 * S, wanted={"": count}, turns={t.offer: t for t in turns})


@pytest.mark.parametrize(
    ("turns", "count", "filled_s"),
    [
        ([turn(1, 300, "declined", 15), turn(2, 100, "expired", 300), turn(3, 400, "accepted", 20)], 1, 45 + 15 + 20),
        ([turn(1, 100, "accepted", 30), turn(2, 200, "withdrawn", 30)], 1, 30),
        ([turn(1, 200, "accepted", 30), turn(2, 100, "withdrawn", 30)], 1, None),
        ([turn(1, 200, "accepted", 30), turn(2, 100, "withdrawn", 50)], 1, 45 + 30),
        ([turn(1, 100, "accepted", 60), turn(2, 200, "accepted", 10)], 1, 45 + 10),
        ([turn(1, 100, "accepted", 10), turn(2, 200, "declined", 10)], 2, None),
    ],
    ids=["nearest first", "not needed", "unknown", "silent long enough", "too late", "too few"],
)
def test_filling_in_sequence(turns, count, filled_s):
    """The same people one after the other, each with their own answer; unknown where an answer is missing."""
    assert in_sequence_s(found(*turns, count=count)) == filled_s
