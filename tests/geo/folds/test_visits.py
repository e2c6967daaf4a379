"""Visits of fences and services of points and streets, on journeys that can be read."""

from __future__ import annotations

from core.entries import Config
from geo.folds.tracklayout import CONTACTS, M_CONTACTS, Z_REFUSED
from geo.steps.telltrack import open_spells
from tests.geo.rounds import TOWN, ZONES, place, seconds, spell, spells
from tests.geo.tracks import DAY_US, driving, fixes, run, standing


def test_a_drive_through_a_zone() -> None:
    """From the first fix inside to the last: 300 to 700 m at 8 m/s."""
    (visit,) = [v for v in spells(run([*TOWN, fixes(driving(0, 200))])[1], "visit") if v.subject == "zone:yard"]
    assert spell(visit) == ("visit", "zone:yard", "closed", 40.0, 80.0, 5)


def test_a_touch_is_no_visit() -> None:
    """One fix inside is no visit, and a fix in the margin does not end one."""
    rows = [(0, 280.0, 0.0), (10, 310.0, 0.0), (20, 285.0, 0.0), (30, 200.0, 0.0), (40, 120.0, 0.0), (70, 0.0, 0.0)]
    assert spells(run([*TOWN, fixes(rows)])[1], "visit") == []


def test_noise_at_the_border_ends_no_visit() -> None:
    """Fixes within the margin, or beyond it for less than `exit_s`, belong to the visit's time."""
    rows = [(10 * i, 305.0 if i % 2 else 290.0, 0.0) for i in range(1, 30)]
    rows[12] = (130, 250.0, 0.0)
    state, _ = run([*TOWN, fixes(rows)])
    (visit,) = [v for v in open_spells(state) if v.kind == "visit"]
    assert (visit.subject, seconds(visit.start_us), seconds(visit.last_us)) == ("zone:yard", 10.0, 290.0)


def test_asleep_inside_is_inside_until_it_wakes() -> None:
    """One fix inside, an hour of silence, awake 100 m away: the visit lasted through the silence."""
    rows = [(0, 250.0, 150.0), (10, 650.0, 0.0), (3610, 750.0, 0.0), (3620, 900.0, 0.0), (3650, 1200.0, 0.0)]
    (visit,) = [v for v in spells(run([*TOWN, fixes(rows)])[1], "visit") if v.subject == "zone:yard"]
    assert (seconds(visit.start_us), seconds(visit.last_us), visit.silent_s) == (10.0, 3610.0, 3600.0)


def test_a_visit_bears_the_version_of_its_boundary() -> None:
    """What the zone was called by when it was imported."""
    zones = Config(section="zones", op="set", rows=({**ZONES[0], "version": "2026a"},))
    (visit,) = spells(run([zones, fixes(driving(0, 200))])[1], "visit")
    assert visit.version == "2026a"


def test_a_pass_between_two_fixes_is_a_service() -> None:
    """The point at 250 m, 10 m off the road: passed between the fixes of 240 and 320 m."""
    bins = Config(section="places", op="set", rows=(place("b", 280.0, 10.0),))
    (service,) = spells(run([bins, fixes(driving(0, 200))])[1], "service")
    assert (service.subject, service.nearest_m, service.fixes) == ("place:b", 10.0, 0)
    assert (service.nearest_us, service.heading_deg, service.stopped_s) == (DAY_US + 35_000_000, 90.0, 0.0)


def test_a_stop_at_a_point_is_measured() -> None:
    """A minute at the point, seen by reported speeds."""
    rows = driving(0, 20) + standing(30, 90, at=(250.0, 0.0)) + driving(100, 200, x0=330.0)
    mps = [8.0] * 3 + [0.0] * 7 + [8.0] * 11
    found = spells(run([*TOWN, fixes(rows, speed_mps=mps)])[1], "service")
    (service,) = [s for s in found if s.subject == "place:bin1"]
    assert (service.fixes, service.stopped_s, service.nearest_m) == (7, 70.0, 0.0)


def test_a_point_is_not_covered() -> None:
    """Only a street has a length of which a share can be driven."""
    found = spells(run([*TOWN, fixes(driving(0, 200))])[1], "service")
    assert [(s.subject, s.covered, s.pieces) for s in found] == [
        ("place:bin1", None, None), ("place:bin2", None, None), ("street:main", 1.0, 65535),
    ]  # fmt: skip


def test_a_silence_passes_nothing() -> None:
    """Who is heard before and behind a point, with a silence between, has not served it."""
    rows = [*driving(0, 10), *driving(400, 500, x0=700.0)]
    subjects = {s.subject for s in spells(run([*TOWN, fixes(rows)])[1], "service")}
    assert subjects == {"street:main"}


def test_strays_of_a_parked_truck_pass_nothing() -> None:
    """A jump to a point and back is taken back."""
    rows = standing(0, 1000, at=(100.0, 0.0))
    rows[50] = (500, 250.0, 0.0)
    assert spells(run([*TOWN, fixes(rows)])[1], "service") == []


def test_a_street_is_covered_by_its_pieces() -> None:
    """Half of it driven along, then turned off."""
    rows = driving(0, 120, x0=0.0) + [(130 + 10 * i, 960.0, 80.0 * (i + 1)) for i in range(6)]
    (service,) = [s for s in spells(run([*TOWN, fixes(rows)])[1], "service") if s.subject == "street:main"]
    assert service.covered == 9 / 16


def test_contacts_are_bounded() -> None:
    """Of forty points at one place, sixteen contacts are kept and the others counted."""
    many = Config(section="places", op="set", rows=tuple(place(f"b{i:02}", 5.0 * i) for i in range(40)))
    state, _ = run([many, fixes(standing(0, 100, at=(100.0, 0.0)))])
    assert state.devices.track.m[0, 0, M_CONTACTS] == CONTACTS
    assert state.devices.track.z[Z_REFUSED] > 0


def test_a_zone_that_is_gone_ends_its_visit() -> None:
    """Others go on under the same ids, though their numbers moved."""
    state, events = run([*TOWN, fixes(standing(0, 300, at=(500.0, 20.0)))])
    before = {row.subject: row.id for row in open_spells(state)}
    more = run([Config(section="zones", op="delete", rows=({"id": "yard"},)), fixes([(310, 500.0, 20.0)])], state)[1]
    assert [spell(row)[1:3] for row in spells(more)] == [("zone:yard", "closed")]
    left = {row.subject: row.id for row in open_spells(state)}
    assert left == {subject: id_ for subject, id_ in before.items() if subject != "zone:yard"}
    assert events
