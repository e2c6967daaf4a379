"""Many incidents in figures."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.events import IncidentChanged
from dispatch.review import Review, Turn, review
from dispatch.summary import Answers, Gained, Spread, Tally, spread
from tests.dispatch.stories import story
from tests.dispatch.test_review import served
from tests.dispatch.town import Town, command, opened, person, register, sight
from tests.made_up_city.city import city

S = 1_000_000
EVENING_US = int(datetime(2026, 3, 8, 22, 30, tzinfo=UTC).timestamp()) * S


def hour_of(zone):
    return lambda us: datetime.fromtimestamp(us / 1e6, ZoneInfo(zone)).hour


def tally(*reviews, zone="Asia/Makassar"):
    total = Tally(hour_of(zone))
    for found in reviews:
        total.add(found)
    return total


def test_spreads():
    """Written out; nothing of nothing."""
    assert spread([]) == Spread(0, None, None)
    assert spread([30.0, 10.0]) == Spread(2, 20.0, 30.0)
    assert spread([float(n) for n in range(1, 101)]) == Spread(100, 50.5, 95.0)


def test_one_incident():
    """Its times and its people, in seconds; who was taken back before an answer says nothing about willingness."""
    total = tally(review(served()))
    assert {name: t.median_s for name, t in total.times().items()} == {
        "verify_s": None, "ask_s": 0.0, "fill_s": 20.0, "first_s": 81.0, "all_s": 81.0, "close_s": 940.0,
        "answer_s": 15.0, "travel_s": 61.0, "on_scene_s": 859.0,
    }  # fmt: skip
    assert (total.acceptance(), total.acceptance().rate) == (Answers(2, 1), 0.5)
    assert total.asked() == {"accepted": 1, "declined": 1, "unanswered": 0, "withdrawn": 1, "waiting": 0}
    assert total.by_kind() == [("fire", Answers(2, 1))]
    assert total.gained == Gained(1, 0, 1, 0, 0, 1, 30.0, 20.0)


def asked_at(us):
    """An incident whose only volunteer accepted, asked then."""
    incident = IncidentChanged(at_us=us, id="i", kind="fire", severity=2, status="closed", lon=0, lat=0, opened_us=us)
    came = Turn("o", "p", "d", "", us, None, "released", True, answered_us=us)
    return Review(incident, turns={"o": came})


def test_hours_are_the_citys():
    """The same instants in Kupang and in a city with summer time, an hour before and after its clock jumped."""
    reviews = [asked_at(EVENING_US - 24 * 3600 * S), asked_at(EVENING_US)]
    assert tally(*reviews).by_hour() == [(6, Answers(2, 2))]
    assert tally(*reviews, zone=city().tz).by_hour() == [(12, Answers(1, 1)), (13, Answers(1, 1))]


def test_what_was_merged_is_counted_once():
    """Two reports of one fire are one incident, and one that was merged."""
    place = Town(register(person(1)), sight(0, {1: 500}))
    entries = [opened()[0], opened("j")[0], command("incident.merge", 1, id="j", into="i")]
    twice = story(place, *entries, incident="j")
    total = tally(review(twice), review(story(place, command("incident.verify", 2, id="i"))))
    assert (total.merged, dict(total.statuses)) == (1, {"verified": 1})


def test_no_incident_at_all():
    """A quiet month has figures too: none."""
    total = tally()
    assert (total.acceptance(), total.acceptance().rate, total.by_hour()) == (Answers(0, 0), None, [])
