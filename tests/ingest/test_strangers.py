"""Devices that nobody registered: kept for adoption, within bounds."""

from __future__ import annotations

from core.units import DAY_US
from ingest.admit import Admission
from ingest.strangers import Strangers
from tests.ingest.house import FIX, message
from tests.ingest.registry import Registry
from tests.strategies import T0_US

HOUR_US = 3_600_000_000


def test_a_strangers_fixes_are_held_and_told_of() -> None:
    """They are apart from the others', with the reject that says why."""
    admitted = Admission(Registry()).sort([message(FIX), message(b"[" + FIX + b"," + FIX + b"]", "ronda/v1/new/fix")])
    assert (admitted.fixes.names(), admitted.held.names()) == (["t1"], ["new", "new"])
    assert [(reject.device, reject.reason) for reject in admitted.rejects] == [("new", "unknown_device")]


def test_a_device_that_was_registered_meanwhile_is_no_stranger() -> None:
    """Its next fix counts."""
    registry = Registry()
    admission = Admission(registry)
    admission.sort([message(FIX, "ronda/v1/new/fix")])
    registry.devices["new"] = "truck"
    admitted = admission.sort([message(FIX, "ronda/v1/new/fix")])
    assert (admitted.fixes.names(), len(admitted.held), admitted.rejects) == (["new"], 0, [])


def test_without_room_nothing_is_held_and_the_reject_says_so() -> None:
    """The second stranger finds the house full."""
    admission = Admission(Registry(), strangers=Strangers(devices_limit=1))
    admitted = admission.sort([message(FIX, "ronda/v1/a/fix"), message(FIX, "ronda/v1/b/fix")])
    assert admitted.held.names() == ["a"]
    assert "no room" in admitted.rejects[1].detail


def test_fixes_of_one_stranger_are_bounded_by_the_day() -> None:
    """And there is room again tomorrow."""
    strangers = Strangers(device_limit=100)
    assert [strangers.take("a", 60, T0_US), strangers.take("a", 60, T0_US), strangers.take("a", 40, T0_US)] == [
        True, False, True,
    ]  # fmt: skip
    assert strangers.take("a", 60, T0_US + DAY_US)


def test_fixes_of_all_strangers_are_bounded_by_the_day() -> None:
    """However many names somebody makes up."""
    strangers = Strangers(total_limit=100)
    assert [strangers.take(name, 60, T0_US) for name in "ab"] == [True, False]


def test_one_that_fell_silent_makes_room_for_another() -> None:
    """After an hour, not before."""
    strangers = Strangers(devices_limit=1)
    assert strangers.take("a", 1, T0_US)
    assert not strangers.take("b", 1, T0_US + HOUR_US - 1)
    assert strangers.take("b", 1, T0_US + HOUR_US)
    assert ("a" in strangers, "b" in strangers) == (False, True)
