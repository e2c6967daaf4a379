"""When a clock can be believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.units import US_PER_S
from ronda.timekeeper import FLOOR_US, Timekeeper, agreed

NOW_US = 1_795_500_000 * US_PER_S  # 2026-11-24
Y2016_US, Y2099_US = 1_451_606_400 * US_PER_S, 4_070_908_800 * US_PER_S
HOUR_US = 3600 * US_PER_S


def three(time_us: int) -> dict[str, int]:
    """Three devices that agree."""
    return {f"d{n}": time_us + n * US_PER_S for n in range(3)}


def test_a_fresh_installation_under_a_sound_clock_starts_at_once() -> None:
    """No log, no devices, no reason."""
    assert Timekeeper().look(NOW_US, 0.0, {}) is None


def test_2016_is_before_ronda() -> None:
    """No battery, no network: the clock is where the firmware left it."""
    assert "2016-01-01 00:00:00 UTC, before Ronda was made" in str(Timekeeper().look(Y2016_US, 0.0, {}))


def test_2016_is_not_excused_by_devices() -> None:
    """Three devices in 2016 are three wrong devices."""
    assert Timekeeper().look(Y2016_US, 0.0, three(Y2016_US)) is not None


def test_2099_is_too_far_ahead() -> None:
    """On a new log as on an old one."""
    assert "too far ahead" in str(Timekeeper().look(Y2099_US, 0.0, {}))
    assert "a year and more after the log" in str(Timekeeper(NOW_US).look(Y2099_US, 0.0, {}))


def test_three_devices_vouch_for_a_clock_long_after_the_log() -> None:
    """A machine that stood in a store for two years."""
    keeper, now_us = Timekeeper(NOW_US), NOW_US + 2 * 365 * 24 * HOUR_US
    assert keeper.look(now_us, 0.0, {"d0": now_us}) is not None
    assert keeper.look(now_us, 1.0, three(now_us)) is None


def test_a_clock_behind_the_log_waits_for_it() -> None:
    """Two seconds are no matter; more are, until they have passed."""
    assert Timekeeper(NOW_US).look(NOW_US - 2 * US_PER_S, 0.0, {}) is None
    keeper = Timekeeper(NOW_US)
    assert "but the log was written until" in str(keeper.look(NOW_US - 10 * US_PER_S, 0.0, {}))
    assert keeper.look(NOW_US, 10.0, {}) is None


def test_a_clock_set_back_while_running_is_noticed() -> None:
    """What was believed before is the log's time."""
    keeper = Timekeeper()
    assert keeper.look(NOW_US, 0.0, {}) is None
    assert keeper.look(NOW_US - HOUR_US, 1.0, {}) is not None
    assert keeper.look(NOW_US + US_PER_S, 2.0, {}) is None


def test_three_devices_that_are_ahead_contradict_the_clock() -> None:
    """After a power cut the clock goes on where it stopped; devices know better."""
    keeper = Timekeeper(NOW_US)
    assert keeper.look(NOW_US + US_PER_S, 0.0, {}) is None
    assert "most say 2026" in str(keeper.look(NOW_US + 2 * US_PER_S, 1.0, three(NOW_US + HOUR_US)))


def test_two_devices_that_are_ahead_are_two_wrong_devices() -> None:
    """Their fixes are refused as future ones; intake goes on."""
    two = {"d0": NOW_US + HOUR_US, "d1": NOW_US + HOUR_US}
    assert Timekeeper().look(NOW_US, 0.0, two) is None


def test_three_wrong_devices_among_seven_do_not_count() -> None:
    """Most of all devices have to agree."""
    sound = {f"s{n}": NOW_US for n in range(4)}
    assert Timekeeper().look(NOW_US, 0.0, sound | three(NOW_US + 8 * HOUR_US)) is None


def test_a_confirmed_clock_that_runs_evenly_is_not_doubted() -> None:
    """Three trackers in the wrong zone cannot stop a city."""
    keeper = Timekeeper()
    assert keeper.look(NOW_US, 0.0, three(NOW_US)) is None
    assert keeper.confirmed
    wrong = {f"w{n}": NOW_US + 8 * HOUR_US for n in range(9)}
    assert keeper.look(NOW_US + US_PER_S, 1.0, wrong) is None


def test_after_a_jump_devices_are_asked_again() -> None:
    """A clock that jumped is a new clock."""
    keeper = Timekeeper()
    keeper.look(NOW_US, 0.0, three(NOW_US))
    keeper.look(NOW_US + HOUR_US, 1.0, {})
    assert not keeper.confirmed


def test_what_devices_held_back_does_not_contradict_the_clock() -> None:
    """After two hours without us they begin with the oldest, and cannot go on until it is acknowledged."""
    keeper, now_us = Timekeeper(NOW_US), NOW_US + 2 * HOUR_US
    backlog = three(NOW_US + 60 * US_PER_S)
    held = [keeper.look(now_us + s * US_PER_S, float(s), backlog) is not None for s in range(0, 70, 10)]
    assert held == [True, True, True, True, True, True, False]


def test_devices_that_go_on_at_their_own_time_contradict_the_clock() -> None:
    """The clock woke two hours ahead; what devices send goes on as time does."""
    keeper, ahead_us = Timekeeper(NOW_US), 2 * HOUR_US
    for s in range(0, 200, 10):
        now_us = NOW_US + s * US_PER_S
        assert keeper.look(now_us + ahead_us, float(s), three(now_us)) is not None


def test_a_recording_older_than_the_log_says_nothing() -> None:
    """Old trips may be sent at any time."""
    keeper, now_us = Timekeeper(NOW_US), NOW_US + 700 * US_PER_S
    assert keeper.look(now_us, 0.0, three(NOW_US - 24 * HOUR_US)) is None
    assert Timekeeper().look(now_us, 0.0, three(NOW_US - 24 * HOUR_US)) is None


def test_after_a_long_pause_devices_are_listened_to_for_a_while() -> None:
    """A few seconds at most, and no longer than until they confirm."""
    now_us = NOW_US + 8 * HOUR_US
    keeper = Timekeeper(NOW_US)
    assert [keeper.look(now_us + s * US_PER_S, s, {}) is None for s in (0.0, 14.0, 16.0)] == [False, False, True]
    keeper = Timekeeper(NOW_US)
    assert keeper.look(now_us, 0.0, {}) is not None
    assert keeper.look(now_us, 0.1, three(now_us)) is None


def test_a_person_may_vouch() -> None:
    """RONDA_TRUST_CLOCK."""
    assert Timekeeper(NOW_US, trust=True).look(Y2016_US, 0.0, {}) is None


def test_while_held_the_best_time_goes_on_from_the_log() -> None:
    """Credentials expire by it."""
    keeper = Timekeeper(NOW_US)
    keeper.look(Y2016_US, 100.0, {})
    assert keeper.best_us(130.0) == NOW_US + 30 * US_PER_S
    keeper.look(NOW_US + 60 * US_PER_S, 160.0, {})
    assert keeper.best_us(160.0) is None


@given(st.integers(-(1 << 62), 1 << 62), st.dictionaries(st.text(), st.integers(-(1 << 62), 1 << 62)))
def test_no_clock_and_no_device_is_too_wild(now_us: int, devices: dict[str, int]) -> None:
    """Any time gets a verdict, and what is believed is after the floor."""
    if Timekeeper().look(now_us, 0.0, devices) is None:
        assert now_us >= FLOOR_US


@given(st.lists(st.integers(-(1 << 60), 1 << 60), max_size=9))
def test_what_is_agreed_stands_close_to_most(offsets: list[int]) -> None:
    """At least three, and more than half, within two minutes of it."""
    middle = agreed(offsets)
    if middle is not None:
        close = [offset for offset in offsets if abs(offset - middle) <= 120 * US_PER_S]
        assert len(close) >= 3
        assert 2 * len(close) > len(offsets)
