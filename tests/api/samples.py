"""Records for the tests of this room, with sensible values where a test does not care."""

from typing import Any

from core.events import AlertChanged, Dwell, DwellChanged, IncidentChanged, Spell, SpellChanged
from core.live import Live, Stray

NOW_US = 1_767_571_200_000_000  # 2026-01-05T08:00:00+08:00, the fixture clock's start
S = 1_000_000


def live(device: str = "t-1", **given: Any) -> Live:
    """A truck that stands and was heard a second ago."""
    usual = {
        "cls": "truck",
        "time_us": NOW_US - S,
        "received_us": NOW_US - S,
        "lon": 123.6,
        "lat": -10.2,
        "motion": "stopped",
        "since_us": NOW_US - 60 * S,
    }
    return Live(**{"device": device} | usual | given)


def stray(**given: Any) -> Stray:
    """What a truck sends whose clock has been a day behind for ten minutes."""
    usual = {"since_us": NOW_US - 600 * S, "received_us": NOW_US - 5 * S, "time_us": NOW_US - 5 * S - 86_400 * S}
    return Stray(**usual | {"lon": 123.65, "lat": -10.15} | given)


def dwell(id: str = "d-1", **given: Any) -> Dwell:  # noqa: A002  the contract's name
    """A closed dwell of ten minutes that ended an hour ago."""
    usual = {
        "device": "t-1",
        "cls": "truck",
        "start_us": NOW_US - 4200 * S,
        "end_us": NOW_US - 3600 * S,
        "last_us": NOW_US - 3600 * S,
        "observed_s": 500.0,
        "silent_s": 100.0,
        "lon": 123.6,
        "lat": -10.2,
        "radius_m": 12.0,
        "fixes": 40,
        "state": "closed",
        "revision": 2,
        "purpose": "unexplained",
    }
    return Dwell(**{"id": id} | usual | given)


def open_dwell(id: str = "d-1", **given: Any) -> Dwell:  # noqa: A002  the contract's name
    """A dwell that began half an hour ago, all of it observed, last heard a second ago."""
    usual = {
        "start_us": NOW_US - 1800 * S,
        "end_us": None,
        "last_us": NOW_US - S,
        "observed_s": 1799.0,
        "silent_s": 0.0,
        "state": "open",
        "revision": 1,
    }
    return dwell(id, **usual | given)


def changed(row: Dwell, cause: str = "close", at_us: int = NOW_US) -> DwellChanged:
    return DwellChanged(at_us=at_us, cause=cause, row=row)


def spell(id: str = "s-1", **given: Any) -> Spell:  # noqa: A002  the contract's name
    """A closed trip of ten minutes that ended an hour ago."""
    usual = {
        "kind": "trip",
        "device": "t-1",
        "cls": "truck",
        "start_us": NOW_US - 4200 * S,
        "end_us": NOW_US - 3600 * S,
        "last_us": NOW_US - 3600 * S,
        "fixes": 60,
        "state": "closed",
        "revision": 2,
        "lon": 123.6,
        "lat": -10.2,
    }
    return Spell(**{"id": id} | usual | given)


def told(row: Spell, cause: str = "close", at_us: int = NOW_US) -> SpellChanged:
    return SpellChanged(at_us=at_us, cause=cause, row=row)


def alert(id: str = "a-1", **given: Any) -> AlertChanged:  # noqa: A002  the contract's name
    """An alert raised a minute ago."""
    usual = {
        "at_us": NOW_US - 60 * S,
        "kind": "dwell_limit",
        "device": "t-1",
        "state": "raised",
        "revision": 1,
        "lon": 123.6,
        "lat": -10.2,
        "dwell": "d-1",
    }
    return AlertChanged(**{"id": id} | usual | given)


def incident(id: str = "i-1", **given: Any) -> IncidentChanged:  # noqa: A002  the contract's name
    """A flood, just reported."""
    usual = {
        "at_us": NOW_US,
        "kind": "flood",
        "severity": 3,
        "status": "reported",
        "lon": 123.6,
        "lat": -10.2,
        "opened_us": NOW_US,
    }
    return IncidentChanged(**{"id": id} | usual | given)
