"""The honesty of a fix: what a device claims against what it said before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Fixes, Flag
from ingest.admit import Admission
from ingest.columns import judge
from ingest.honesty import RING, Honesty
from ingest.raw import RawFix
from tests.ingest.house import FIX, message
from tests.ingest.registry import Registry
from tests.strategies import T0_US, fixes

LON, LAT = 123.6, -10.17
M = 1 / 111_195  # a metre of latitude in degrees


def honesty(**options: Any) -> Honesty:
    return Honesty(lambda device: "phone" if device.startswith("hp") else "truck", **options)


def track(device: str, *rows: tuple[float, float], **columns: Any) -> Fixes:
    """Fixes of one device: seconds after T0 and metres to the north of a point."""
    time_us = [T0_US + int(s * 1e6) for s, _ in rows]
    lat = [LAT + m * M for _, m in rows]
    return Fixes.of((device,), device=[0] * len(rows), time_us=time_us, lat=lat, lon=[LON] * len(rows), **columns)


def flags(batch: Fixes) -> list[Flag]:
    return [Flag(flag) for flag in honesty().flags(batch).tolist()]


NONE = Flag(0)


def test_the_same_fix_again_is_a_duplicate() -> None:
    """The first copy is not."""
    assert flags(track("t1", (0, 0), (10, 50), (0, 0))) == [NONE, NONE, Flag.DUPLICATE]


def test_an_array_that_is_sent_again_is_known_whole() -> None:
    """As phones do when an answer was lost."""
    sent, compare = track("t1", *[(10 * i, 50 * i) for i in range(RING)]), honesty()
    assert not compare.flags(sent).any()
    assert (compare.flags(sent) & Flag.DUPLICATE).astype(bool).all()


def test_a_fix_of_another_device_is_no_duplicate() -> None:
    """Two trucks at one gate."""
    batch = Fixes.concat([track("t1", (0, 0)), track("t2", (0, 0))])
    assert flags(batch) == [NONE, NONE]


def test_an_old_measurement_under_a_new_time_is_a_repeat() -> None:
    """To the last digit of speed and course."""
    moving = {"speed_mps": [1.5, 1.5], "course_deg": [87.0, 87.0]}
    assert flags(track("t1", (0, 0), (10, 0), **moving)) == [NONE, Flag.REPEAT]


def test_a_place_alone_may_be_repeated() -> None:
    """A vehicle that stands is no liar."""
    assert flags(track("t1", (0, 0), (10, 0))) == [NONE, NONE]


def test_standing_with_another_speed_is_no_repeat() -> None:
    """One digit of difference is a measurement."""
    assert flags(track("t1", (0, 0), (10, 0), speed_mps=[0.1, 0.2])) == [NONE, NONE]


@pytest.mark.parametrize(
    ("device", "metres", "seconds", "jump"),
    [
        ("t1", 440, 10, False),  # 44 m/s
        ("t1", 460, 10, True),
        ("hp1", 690, 10, False),
        ("hp1", 710, 10, True),
        ("t1", 190, 0, False),  # the noise of a bad fix
        ("t1", 210, 0, True),
        ("t1", 9_000, -10, True),  # a late one is no excuse
        ("t1", 40_000, 1_000, False),
    ],
)
def test_no_vehicle_gets_there_in_that_time(device: str, metres: float, seconds: float, *, jump: bool) -> None:
    """By its class; a truck is no phone in an aeroplane."""
    assert flags(track(device, (0, 0), (seconds, metres)))[1] == (Flag.JUMP if jump else NONE)


def test_both_accuracies_are_forgiven_a_jump() -> None:
    """A phone that says 500 m may be 500 m off."""
    assert flags(track("t1", (0, 0), (1, 900), accuracy_m=[500, 500])) == [NONE, NONE]


def test_across_the_antimeridian_is_no_jump() -> None:
    """From 179.9999 to -179.9999 are 22 m."""
    batch = Fixes.of(("t1",), device=[0, 0], time_us=[T0_US, T0_US + 10**7], lat=[0.5, 0.5], lon=[179.9999, -179.9999])
    assert flags(batch) == [NONE, NONE]


@pytest.mark.parametrize(
    ("seconds", "columns", "stuck"),
    [
        (10, {"speed_mps": [8, 9]}, True),
        (3, {"speed_mps": [8, 9]}, False),
        (10, {"speed_mps": [8, 0.5]}, False),
        (10, {"odometer_m": [1000, 1080]}, True),
        (10, {"odometer_m": [1000, 1020]}, False),
        (10, {"moving": [1, 1]}, False),
    ],
)
def test_a_coordinate_that_stands_while_the_device_drives(seconds: float, columns: Any, *, stuck: bool) -> None:
    """By speed or odometer; a movement sensor feels the engine, too."""
    assert flags(track("t1", (0, 0), (seconds, 0), **columns))[1] == (Flag.STUCK if stuck else NONE)


@pytest.mark.parametrize(
    ("device", "mps", "lie"), [("t1", 44, False), ("t1", 46, True), ("hp1", 69, False), ("hp1", 71, True)]
)
def test_a_speed_that_its_class_cannot_reach(device: str, mps: float, *, lie: bool) -> None:
    """162 km/h for a truck, 252 for whoever carries a phone."""
    assert flags(track(device, (0, 0), speed_mps=[mps])) == [Flag.SPEED if lie else NONE]


def test_a_speed_beyond_belief_is_flagged_and_dropped() -> None:
    """The value is missing, and what was said is remembered."""
    columns = judge([RawFix(T0_US / 1e6, 1.0, 2.0, speed=150.0)], None).columns
    assert (np.isnan(columns["speed_mps"][0]), columns["flags"].tolist()) == (True, [Flag.SPEED])


@pytest.mark.parametrize(
    ("metres", "columns", "lie"),
    [
        (198, {"accuracy_m": [1.9, 1.9], "speed_mps": [0, 0]}, True),
        (45, {"accuracy_m": [1.9, 1.9], "speed_mps": [0, 0]}, False),  # noise under trees
        (198, {"accuracy_m": [20, 20], "speed_mps": [0, 0]}, False),
        (198, {"accuracy_m": [1.9, 1.9], "speed_mps": [0, 9]}, False),  # it drove
        (198, {"speed_mps": [0, 0]}, False),  # it claims nothing
    ],
)
def test_an_accuracy_that_its_own_fixes_disprove(metres: float, columns: Any, *, lie: bool) -> None:
    """It stood, it says, at two places."""
    assert flags(track("t1", (0, 0), (30, metres), **columns))[1] == (Flag.ACCURACY if lie else NONE)


def test_nothing_is_exact() -> None:
    """0 m is no accuracy."""
    assert flags(track("t1", (0, 0), accuracy_m=[0])) == [Flag.ACCURACY]


def cuts(batch: Fixes, size: int) -> Iterator[Fixes]:
    for start in range(0, len(batch), size):
        yield batch.take(np.arange(start, min(start + size, len(batch))))


@given(fixes(), st.integers(1, 7))
def test_any_cut_into_batches_gives_the_same_flags(batch: Fixes, size: int) -> None:
    """What is compared is the order of arrival, not the size of a batch."""
    compare = honesty()
    assert [f for part in cuts(batch, size) for f in compare.flags(part).tolist()] == honesty().flags(batch).tolist()


def test_memory_is_bounded() -> None:
    """Beyond the limit it begins anew."""
    compare = honesty(devices_limit=100)
    for i in range(1000):
        compare.flags(track(f"t{i}", (0, 0)))
    assert len(compare._slots) <= 100


def test_admission_adds_the_flags_to_those_of_the_message() -> None:
    """In the fixes that go into the log."""
    admitted = Admission(Registry()).sort([message(FIX), message(FIX, retained=True)])
    assert admitted.fixes.flags.tolist() == [0, Flag.RETAINED | Flag.DUPLICATE]


def test_a_fault_of_the_comparison_costs_no_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flags are hints."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Honesty, "flags", fail)
    assert len(Admission(Registry()).sort([message(FIX)]).fixes) == 1
