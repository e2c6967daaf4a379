"""The registry that the simulated city brings."""

from itertools import pairwise

import msgspec
import pytest

from core import entities
from core.codec import decode, encode
from geo.config import GeoConfig
from simulators import people
from simulators.day import on_duty
from simulators.registry import city_configs, fleet_configs

KINDS = {
    "devices": entities.Device, "vehicles": entities.Vehicle, "people": entities.Person, "routes": entities.Route,
    "assignments": entities.Assignment, "areas": entities.Area, "places": entities.Place, "shifts": entities.Shift,
    "profiles": entities.Profile, "calendar": entities.Day,
}  # fmt: skip


@pytest.fixture(scope="module")
def configs(kupang, graph):
    fleet = fleet_configs(
        kupang, trucks=35, volunteers=65, from_us=1, at_us=2, actor="test", duty_us=(5, 9 * 3600 * 1_000_000)
    )
    return {c.section: c for c in [*city_configs(kupang, graph, at_us=2, actor="test"), *fleet]}


def test_every_row_is_an_entity_with_an_id(configs):
    """Rows read back as the entities of their section, through the log."""
    for section, kind in KINDS.items():
        for row in decode(encode(configs[section])).rows:
            assert row["id"]
            msgspec.convert(row, kind)


def test_assignments_name_what_exists(configs):
    """Devices, vehicles, people, routes and shifts of assignments are registered."""
    ids = {section: {row["id"] for row in config.rows} for section, config in configs.items()}
    one_of = {"device": "devices", "vehicle": "vehicles", "person": "people", "route": "routes", "shift": "shifts"}
    for row in configs["assignments"].rows:
        for key, section in one_of.items():
            assert row[key] is None or row[key] in ids[section]


def test_each_tracker_is_in_one_truck(configs):
    """35 devices of class truck, each joined with a vehicle of its own."""
    pairs = [(r["device"], r["vehicle"]) for r in configs["assignments"].rows if r["device"] and r["vehicle"]]
    trackers = {row["id"] for row in configs["devices"].rows if row["cls"] == "truck"}
    assert {device for device, _ in pairs} == trackers
    assert len({vehicle for _, vehicle in pairs}) == len(pairs) == 35


def test_the_streets_are_lines_of_degrees(configs, kupang):
    """The row `streets` of the city is what the map draws."""
    (row,) = [row for row in configs["city"].rows if row["id"] == "streets"]
    west, south, east, north = kupang.bounds
    assert all(west < lon < east and south < lat < north for line in row["lines"] for lon, lat in line)


def test_volunteers_who_publish_are_on_duty(configs):
    """All have consented; who sends is on duty, in spans of eight hours, and nobody else."""
    persons = [msgspec.convert(row, entities.Person) for row in configs["people"].rows]
    volunteers = {p.id: p for p in persons if p.kind == "volunteer"}
    publishing = {f"tr-{number + 1:02d}" for number in on_duty(65)}

    assert {p.consent_us for p in volunteers.values()} == {1}
    assert {name for name, p in volunteers.items() if p.duty} == publishing
    assert volunteers["tr-01"].duty == ((5, 28_800_000_005), (28_800_000_005, 32_400_000_000))
    assert all(not p.duty for p in persons if p.kind != "volunteer")


def test_duty_of_any_length_is_a_bounded_number_of_spans():
    """A month of pretended days is not ninety spans."""
    spans = people.duty(0, 30 * 86_400_000_000)
    assert len(spans) <= entities.DUTY_SPANS
    assert (spans[0][0], spans[-1][1]) == (0, 30 * 86_400_000_000)
    assert all(a[1] == b[0] for a, b in pairwise(spans))


def test_the_city_tells_its_clock_and_its_holidays(configs):
    """Offsets since 1970 in seconds ahead of UTC, and each holiday as a day of the calendar."""
    (city,) = [row for row in configs["city"].rows if row["id"] == "city"]
    days = {row["id"]: row for row in configs["calendar"].rows}
    assert [list(offset) for offset in city["offsets"]] == [[0, 28_800]]
    assert days["2026-12-25"] == {"id": "2026-12-25", "name": "Hari Raya Natal", "kind": "holiday"}


def test_the_pretended_fleet_is_always_on_shift(configs):
    """At any hour of any day, holidays too: a demo at night shows a working city."""
    geo = GeoConfig()
    for config in configs.values():
        geo.apply(config)
    for hour in range(0, 24 * 400, 7):
        at_us = 1_767_225_600_000_000 + hour * 3_600_000_000
        assert geo.duties.works(geo.duties.of("trk-21", at_us), at_us)


def test_trucks_wait_before_the_landfill(kupang):
    """Its queue reaches 250 m beyond it; nobody queues elsewhere."""
    assert {place.kind for place in kupang.places if place.queue_m} == {"landfill"}
    assert [place.queue_m for place in kupang.places if place.kind == "landfill"] == [250.0]
