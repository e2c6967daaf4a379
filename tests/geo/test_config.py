"""Versions of configuration: what they change from their entry on, and those that cannot be read."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from core.entities import Profile
from core.entries import Config
from core.events import AlertChanged, CommandDone
from geo.config import LABELS_MAX, PHONE, GeoConfig
from geo.partition import GeoState
from geo.step import step
from geo.steps.live import open_rows
from tests.geo.tracks import NEARBY, brief, dump, fixes, newest, run, standing, tick

NAN, INF = float("nan"), float("inf")


def place(**changes: Any) -> dict[str, Any]:
    """A config row of a place, with some of it changed."""
    return {"id": "p", "name": "p", "kind": "fuel", "lon": 123.6, "lat": -10.17} | changes


def applied(*changes: Config) -> GeoConfig:
    config = GeoConfig()
    for change in changes:
        config.apply(change)
    return config


def ids(*changes: Config) -> list[str]:
    return sorted(applied(*changes).sections["places"])


@pytest.mark.parametrize("section", ["people", "roads", "closures"])
def test_what_decides_nothing_in_a_partition_is_not_kept(section: Any) -> None:
    """Dispatch's own sections pass by, a map of megabytes among them."""
    config = GeoConfig()
    assert (config.take(Config(section=section, rows=({"id": "x"},))), config.sections) == (False, {})


def test_upsert_set_and_delete() -> None:
    """Upsert and delete go by row id, set replaces all."""
    two = Config(section="places", rows=(place(id="a"), place(id="b")))
    assert ids(two) == ["a", "b"]
    assert ids(two, Config(section="places", rows=(place(id="c"),))) == ["a", "b", "c"]
    assert ids(two, Config(section="places", op="delete", rows=({"id": "a"}, {"id": "nobody"}))) == ["b"]
    assert ids(two, Config(section="places", op="set", rows=(place(id="c"),))) == ["c"]
    assert ids(two, Config(section="places", op="set")) == []


def test_the_newest_version_of_a_row_holds() -> None:
    """An upsert replaces the row of its id whole."""
    config = applied(*(Config(section="places", rows=(place(kind=k),)) for k in ("fuel", "depot")))
    assert [p.kind for p in config.entities("places").values()] == ["depot"]


def test_profiles_go_by_class() -> None:
    """A profile row names its class; what it does not name takes the defaults of a profile."""
    config = applied(Config(section="profiles", rows=({"cls": "truck", "limit_s": 300.0},)))
    assert config.profile("t1") == Profile(limit_s=300.0)
    assert config.profiles["phone"] == PHONE


def test_without_configuration() -> None:
    """An unregistered device is a truck, with a truck's profile."""
    assert (GeoConfig().cls("t1"), GeoConfig().profile("t1")) == ("truck", Profile())


def test_other_sections_concern_nothing_here() -> None:
    """People, and the streets that the map draws, are the archive's: no state changes, nothing is answered."""
    state = GeoState()
    assert step(state, Config(section="people", rows=({"id": "ana"},))) == []
    assert step(state, Config(section="city", rows=({"id": "streets", "lines": []},))) == []
    assert state.drain_state() == {}


def test_what_is_derived_follows_a_change_of_what_it_is_made_of() -> None:
    """Built at its first use, and again after a change of a section that it reads; not of another."""
    config = GeoConfig()
    before = config.duties, config.world
    config.apply(Config(section="vehicles", rows=({"id": "v", "group": "north"},)))
    assert (config.duties is before[0], config.world is before[1]) == (False, True)
    assert config.duties.of_vehicle("v", 0).group == "north"


def test_the_clock_of_the_city() -> None:
    """Offsets of the city's row make its calendar; without them none is known."""
    config = applied(Config(section="city", rows=({"id": "city", "tz": "x", "offsets": [[0, 28800]]},)))
    assert (config.calendar.known, config.calendar.minute(0), GeoConfig().calendar.known) == (True, 480, False)


def test_of_two_areas_the_first_id_has_the_border() -> None:
    """Whatever the order in which they came."""
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    areas = [{"id": name, "name": name, "polygons": [[ring]]} for name in ("b", "a")]
    config = applied(*(Config(section="areas", rows=(row,)) for row in areas))
    assert config.world.area_at(np.array([0.5]), np.array([0.5])) == ["a"]


def test_zones_at_a_point() -> None:
    """Zones only, not the places and areas there."""
    zone = {"id": "z", "line": [[123.6, -10.17]], "radius_m": 50.0}
    config = applied(Config(section="zones", rows=(zone,)), Config(section="places", rows=(place(),)))
    assert (config.zones_at(123.6, -10.17), config.zones_at(123.61, -10.17)) == (["zone:z"], [])


def test_only_the_newest_labels_are_kept() -> None:
    """However long people label, what every change of the section saves stays bounded."""
    rows = tuple({"id": f"d{i}", "at_us": i} for i in range(LABELS_MAX))
    config = applied(Config(section="labels", rows=rows), Config(section="labels", rows=({"id": "new", "at_us": -1},)))
    assert len(config.sections["labels"]) == LABELS_MAX
    assert {"d0", "new"} - set(config.sections["labels"]) == {"d0"}


def test_a_class_change_holds_from_its_entry_on() -> None:
    """A device that becomes a phone is measured as one, and its open dwell stays open."""
    state, _ = run([fixes(standing(0, 100)), Config(section="devices", rows=({"id": "t1", "cls": "phone"},))])
    run([fixes([(110, 45.0, 0.0), (150, 45.0, 0.0)])], state)
    assert [brief(r) for r in open_rows(state)] == [("open", 0, 150, 13, 150, 0)]


def test_a_class_change_reaches_the_row_at_its_close() -> None:
    """The closed row bears the class in force when it closed; a phone's bears no purpose."""
    change = Config(section="devices", rows=({"id": "t1", "cls": "phone"},))
    events = run([NEARBY, fixes(standing(0, 100)), change, fixes([(t, 500.0, 0.0) for t in (200, 240, 280, 330)])])[1]
    (row,) = newest(events)
    assert (row.cls, row.purpose, row.state) == ("phone", "unlabelled", "closed")


def test_a_limit_change_holds_from_its_entry_on() -> None:
    """The next tick judges by the new limit."""
    shorter = Config(section="profiles", rows=({"cls": "truck", "limit_s": 120.0},))
    stood = [NEARBY, fixes(standing(0, 100)), tick(125)]
    assert not any(isinstance(e, AlertChanged) for e in run(stood)[1])
    assert sum(isinstance(e, AlertChanged) for e in run([*stood, shorter, tick(126)])[1]) == 1


def test_an_alert_follows_a_place_that_moved() -> None:
    """When the place that explained a stop goes, the live row may not call alarm without an alert in the log."""
    gone = Config(section="places", rows=(place(lon=123.61),))
    state, events = run([Config(section="places", rows=(place(),)), fixes(standing(0, 2000)), gone, tick(2100)])
    raised = any(isinstance(e, AlertChanged) and e.state == "raised" for e in events)
    assert [r.alert for r in open_rows(state)] == [raised]


def test_config_survives_a_restart() -> None:
    """Sections come back from the saved state as they were."""
    state, _ = run([NEARBY, Config(section="devices", rows=({"id": "t1", "cls": "phone"},))])
    again = GeoState({k: v for k, v in state.drain_state().items() if v is not None})
    assert again.config.sections == state.config.sections
    assert list(again.config.entities("places")) == ["tpa"]
    assert again.config.cls("t1") == "phone"


BAD = [
    pytest.param("places", place(kind="pub"), id="kind outside its list"),
    pytest.param("places", {"name": "p"}, id="no id"),
    pytest.param("places", place(id=5), id="id that is a number"),
    pytest.param("places", place(id=["p"]), id="id that is a list"),
    pytest.param("places", place(lat="south"), id="latitude that is text"),
    pytest.param("places", place(lat=NAN), id="latitude that is NaN"),
    pytest.param("places", place(lat=95.0), id="latitude beyond the pole"),
    pytest.param("places", place(radius_m=-5.0), id="radius below nothing"),
    pytest.param("devices", {"id": "t1", "cls": "boat"}, id="class outside its list"),
    pytest.param("profiles", {"cls": 7}, id="profile without a name"),
    pytest.param("profiles", {"cls": "truck", "horizon_s": INF}, id="horizon without end"),
    pytest.param("profiles", {"cls": "truck", "horizon_s": NAN}, id="horizon that is NaN"),
    pytest.param("profiles", {"cls": "truck", "limit_s": -1.0}, id="limit before the start"),
    pytest.param("areas", {"id": "a", "name": "a", "polygons": [[]]}, id="polygon without a shell"),
    pytest.param("areas", {"id": "a", "name": "a", "polygons": [[[[0, 0], [1, 1]]]]}, id="ring of two points"),
    pytest.param("areas", {"id": "a", "name": "a", "polygons": [[[[0], [1], [2], [0]]]]}, id="points of one number"),
    pytest.param("zones", {"id": "z", "polygons": [[[[0, 0], [1, 1]]]]}, id="zone with a ring of two points"),
    pytest.param("calendar", {"id": "2026-02-30"}, id="a day that is none"),
    pytest.param("calendar", {"id": "2026-02-03", "kind": "feast"}, id="kind of day outside its list"),
    pytest.param("city", {"id": "city", "offsets": [[0]]}, id="offset without its seconds"),
    pytest.param("tasks", {"id": "t", "lon": 0, "lat": 0, "from_us": 0}, id="task without an end"),
    pytest.param("labels", {"id": "d1", "purpose": "unlabelled"}, id="purpose that nobody can give"),
]


@pytest.mark.parametrize(("section", "row"), BAD)
def test_a_bad_row_changes_nothing_and_says_so(section: Any, row: dict[str, Any]) -> None:
    """A version that cannot be read is answered with the reason; the one in force stays, and the stream goes on."""
    state, _ = run([NEARBY, fixes(standing(0, 100))])
    before = dump(state), dict(state.config.sections)
    (answer,) = step(state, Config(section=section, rows=(row,), at_us=7, id="c1"))
    assert isinstance(answer, CommandDone)
    assert (answer.id, answer.ok, answer.at_us, answer.reason.startswith(f"{section}: ")) == ("c1", False, 7, True)
    assert (dump(state), {k: v for k, v in state.config.sections.items() if v}) == before


@pytest.mark.parametrize(("section", "row"), BAD)
def test_after_a_bad_row_the_stream_goes_on(section: Any, row: dict[str, Any]) -> None:
    """Whatever a bad version did, it may not stop the partition or silence its alerts."""
    after = [fixes(standing(110, 2000)), fixes([(1505, 3.0, 0.0)]), tick(5000)]
    _, events = run([NEARBY, fixes(standing(0, 100)), Config(section=section, rows=(row,)), *after])
    assert sum(isinstance(e, AlertChanged) for e in events) == 1


@pytest.mark.parametrize(
    ("polygons", "reason"),
    [
        ([[]], "has a polygon without a shell (number 1); draw its outer ring, or leave it out"),
        (
            [[[[0, 0], [1, 1]]]],
            "has a ring of fewer than three points (in polygon 1); add points to it, or leave it out",
        ),
        ([[[["a", 0], [1, 1]]]], "Expected `float`, got `str` - at `$.polygons[0][0][0][0]`"),
    ],
)
def test_the_reason_names_the_row(polygons: Any, reason: str) -> None:
    """Of many rows the one that is wrong, and what is wrong with it."""
    rows = ({"id": "good", "name": "good"}, {"id": "bad", "name": "bad", "polygons": polygons})
    (answer,) = step(GeoState(), Config(section="areas", rows=rows))
    assert answer == CommandDone(at_us=0, id="", ok=False, reason=f"areas: 'bad': {reason}")


def test_what_cannot_be_built_changes_nothing() -> None:
    """Rows that can be read, but no world be made of: the answer says so, and all is as before."""
    state, _ = run([NEARBY, fixes(standing(0, 100))])
    before, config = dump(state), dict(state.config.__dict__)
    dot = {"id": "z", "line": [[0, 0]], "radius_m": 1e-300}
    with np.errstate(under="raise"):  # arithmetic that fails
        (answer,) = step(state, Config(section="zones", rows=(dot,), id="c1"))
    assert answer == CommandDone(at_us=0, id="c1", ok=False, reason="zones: underflow encountered in multiply")
    assert (dump(state), state.config.__dict__) == (before, config)
    assert step(state, Config(section="zones", rows=(dot,))) == []


def test_a_saved_row_that_cannot_be_read_any_more() -> None:
    """Another version may have saved it: the state is loaded, the row decides nothing until it is changed."""
    saved = {"\0config:places": msgspec.msgpack.encode({"p": place(), "q": place(id="q", kind="pub")})}
    state = GeoState(saved)
    assert (list(state.config.entities("places")), sorted(state.config.sections["places"])) == (["p"], ["p", "q"])
    step(state, Config(section="places", rows=(place(id="q"),)))
    assert sorted(state.config.entities("places")) == ["p", "q"]


def test_a_bad_row_among_good_ones() -> None:
    """A version is taken whole or not at all."""
    state, _ = run([NEARBY])
    step(state, Config(section="places", rows=(place(id="good"), place(id="bad", kind="pub"))))
    assert list(state.config.sections["places"]) == ["tpa"]
    assert list(state.config.entities("places")) == ["tpa"]


def test_a_device_may_ask_for_a_profile_by_name() -> None:
    """A named profile goes before the class's; an unknown name changes nothing."""
    config = GeoConfig()
    config.apply(Config(section="profiles", rows=({"cls": "gerobak", "r_in_m": 12.0},)))
    rows = ({"id": "g1", "profile": "gerobak"}, {"id": "g2", "profile": "kapal"})
    config.apply(Config(section="devices", rows=rows))
    assert (config.profile("g1").r_in_m, config.profile("g2").r_in_m) == (12.0, 25.0)
