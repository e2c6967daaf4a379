"""A shift as a stream."""

import itertools
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

import cities
from core.units import US_PER_S
from simulators.day import Scenario, make, on_duty, shifts
from tests.simulators.conftest import CITIES, START_US

SMALL = {"trucks": 4, "volunteers": 7}


def small(kupang, graph, **changes):
    return make(Scenario(city=kupang, **{"seed": 1, "start_us": START_US, **SMALL, **changes}), graph)


def test_the_same_seed_gives_the_same_day(kupang, graph):
    """Every message is the same, to the microsecond."""
    assert list(small(kupang, graph).sendings()) == list(small(kupang, graph).sendings())


def test_another_seed_gives_another_day(kupang, graph):
    """Seeds matter."""
    assert list(small(kupang, graph).sendings()) != list(small(kupang, graph, seed=2).sendings())


def test_messages_come_in_order_of_sending(sendings):
    """The stream can be played as it comes."""
    assert all(a.send_us <= b.send_us for a, b in itertools.pairwise(sendings))


def test_no_fix_is_sent_before_its_time(sendings):
    """So a real-time replay never holds a fix from the future."""
    assert all(row.time_us <= said.send_us for said in sendings for row in said.rows)


def test_fleet_and_volunteers_publish(sendings):
    """35 trucks, and the 20 of 65 volunteers who are on duty."""
    devices = {said.device for said in sendings}
    assert sum(device.startswith("trk-") for device in devices) == 35
    assert sum(device.endswith("-hp") for device in devices) == len(on_duty(65)) == 20


def test_the_stall_is_reached_when_asked(kupang, graph):
    """The hidden truck's day moves so that it arrives exactly then; its tracker says two fixes, then one in 10 min."""
    at_us = START_US + 10_800 * US_PER_S
    day = small(kupang, graph, stall_at_us=at_us)
    (hidden,) = [truth for truth in day.truth() if truth.reason == "hidden"]
    assert (hidden.device, hidden.start_us) == (day.hidden, at_us)
    times = sorted({row.time_us for s in day.sendings() if s.device == day.hidden for row in s.rows})
    there = [(time - at_us) / US_PER_S for time in times if at_us <= time < hidden.end_us]
    assert there[1] < 30
    assert [b - a for a, b in itertools.pairwise(there[1:])] == pytest.approx([600] * 6, abs=11)


def test_the_truth_names_places_of_the_city(day, kupang):
    """Explained stops carry the id of their place, others none."""
    known = {place.id for place in kupang.places}
    for truth in day.truth():
        explained = truth.reason in ("depot", "service", "queue", "unload", "break")
        assert (truth.place in known) == explained
        assert truth.end_us - truth.start_us >= 60 * US_PER_S


def test_two_trackers_of_the_fleet_die(day):
    """The truth says which."""
    assert [t.device for t in day.truth() if t.reason == "tracker_dead"] == ["trk-09", "trk-26"]


def test_shifts_follow_each_other_without_overlap(kupang, graph):
    """Each begins where all of the one before have ended, and odometers run on."""
    scenario = Scenario(city=kupang, seed=1, start_us=START_US, **SMALL)
    first, second = itertools.islice(shifts(scenario, graph), 2)
    assert second.start_us >= first.start_us + first.lasting_s * US_PER_S
    ends = {actor.device: actor.odometer_m + actor.motion.length_m for actor in first.actors}
    assert all(actor.odometer_m == pytest.approx(ends[actor.device]) for actor in second.actors)


def test_the_city_hour_decides_the_traffic(kupang, graph):
    """The same round takes longer from five in the morning than from nine in the evening."""
    morning = small(kupang, graph, volunteers=0)
    night = small(kupang, graph, volunteers=0, start_us=START_US + 16 * 3600 * US_PER_S)
    driven = [sum(actor.motion.length_m for actor in day.actors) for day in (morning, night)]
    assert driven[1] > driven[0]


def test_a_day_in_a_made_up_city_stays_in_its_bounds(made_up_day):
    """Longitudes wrap: every fix is on one side or the other of the antimeridian, none between."""
    rows = [row for said in made_up_day.sendings() for row in said.rows]
    assert {row.lon > 0 for row in rows} == {True, False}
    assert all(abs(row.lon) > 179.9 and 51.98 < row.lat < 52.08 for row in rows)


def test_summer_time_does_not_bend_the_stream():
    """Over the night when the clocks change, time runs on evenly: microseconds know no zone."""
    city = cities.load(CITIES["made_up"])
    start_us = 1_772_956_800_000_000  # 2026-03-07 22:00 there; at 02:00 it becomes 03:00
    day = make(Scenario(city=city, seed=1, trucks=1, volunteers=0, start_us=start_us, clean=True))
    times = [row.time_us for said in day.sendings() for row in said.rows]
    assert times == sorted(times)
    assert ZoneInfo(city.tz)
    assert max(b - a for a, b in itertools.pairwise(times)) < 7200 * US_PER_S


def test_without_volunteers_or_trucks_the_others_still_come(kupang, graph):
    """Either may be zero."""
    base = Scenario(city=kupang, seed=1, start_us=START_US, clean=True)
    phones = make(replace(base, trucks=0, volunteers=7), graph)
    trucks = make(replace(base, trucks=1, volunteers=0), graph)
    assert {a.dialect for a in phones.actors} == {"owntracks"}
    assert {a.dialect for a in trucks.actors} == {"native"}
