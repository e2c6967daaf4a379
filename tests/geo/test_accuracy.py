"""How true the dwells are: gates on the frozen fleet, on seeds that nobody tuned with (docs/accuracy.md)."""

from __future__ import annotations

import numpy as np
import pytest

from bench.accuracy import fleet, phones, rounds, sleepers
from bench.accuracy.generator import TEST_SEEDS, TUNING_SEED
from bench.accuracy.peers import Points, cleaned
from bench.accuracy.score import compare, iou
from simulators.schedule import Planned

SEED = TEST_SEEDS[0]


@pytest.mark.parametrize("seed", [TUNING_SEED, SEED])
def test_the_fleet_is_frozen(seed: int) -> None:
    """Fixes, order of arrival and truth are what they were before the tuning."""
    fleet.check((seed,))


@pytest.mark.parametrize(
    ("every_s", "min_s", "f1"),
    [(5.0, 60.0, 0.95), (10.0, 60.0, 0.95), (30.0, 60.0, 0.93), (5.0, 900.0, 0.98), (10.0, 900.0, 0.98),
     (30.0, 900.0, 0.96)],
)  # fmt: skip
def test_dwells_of_the_fleet(every_s: float, min_s: float, f1: float) -> None:
    """F1 from raw messages in order of arrival, and starts and ends within half an interval."""
    score = fleet.ours(SEED, every_s, min_s)
    assert score.f1 >= f1
    assert max(score.start_error_s, score.end_error_s) <= every_s / 2.0 + 0.3  # one seed: its median is not exact


def test_silence_alarms_the_sleepers_only() -> None:
    """Every dwell over its limit is alarmed while the tracker sleeps, and at most 2 % of those that died driving."""
    night = sleepers.night(SEED, 60)
    assert night.found == night.over > 100
    assert night.accused <= 0.02 * night.died


@pytest.mark.skipif(not phones.FOLDER.exists(), reason="the phone days are not at hand")
def test_phone_days_with_a_diary() -> None:
    """Half of what the diaries call stops and we call dwells is the same: labels by hand, five days."""
    result = phones.left_out("Ronda", [lambda day: phones.ours(day, 50.0, 60.0)], phones.days())
    assert result.f1 >= 0.5


def made_up(number: int) -> list[Planned]:
    """Twenty stops of a round, 60 m to 600 m apart, three minutes each."""
    far_m = np.cumsum(np.random.default_rng(number).uniform(60.0, 600.0, 20))
    return [
        Planned(f"{number}-{i}", f"{number}", 18_000.0 + 260.0 * i, 123.6 + x / 109_660.0, -10.17 + 0.01 * number)
        for i, x in enumerate(far_m.tolist())
    ]


def test_collections_are_found_at_their_own_point() -> None:
    """95 % of what was heard and lasted a minute; nothing is claimed that the track does not show."""
    seen = rounds.outcome([made_up(number) for number in range(10)])
    assert seen.asked > 150
    assert seen.right >= 0.95 * seen.asked
    assert seen.empty == 0


@pytest.mark.skipif(not rounds.TABLE.exists(), reason="the table of real rounds is not at hand")
def test_collections_of_real_rounds() -> None:
    """The same of the first forty of Tainan's."""
    seen = rounds.outcome((rounds.tainan() or [])[:40])
    assert (seen.asked > 500, seen.right >= 0.95 * seen.asked, seen.empty) == (True, True, 0)


def test_iou_of_intervals() -> None:
    """Ten shared seconds of thirty."""
    assert iou((0.0, 20.0), (10.0, 30.0)) == pytest.approx(1 / 3)
    assert iou((0.0, 10.0), (10.0, 30.0)) == 0.0


def test_a_stop_in_the_band_counts_neither_way() -> None:
    """Of a minute asked for, 50 s may be found or not; 40 s are none, 90 s must be found."""
    truth = [(0.0, 50.0), (200.0, 240.0), (400.0, 490.0)]
    assert compare([(0.0, 50.0), (400.0, 480.0)], truth, 60.0)[:3] == (1, 0, 0)
    assert compare([(200.0, 240.0)], truth, 60.0)[:3] == (0, 1, 1)


def test_each_stop_is_found_once() -> None:
    """Two halves of a stop are one found and one false."""
    score = compare([(0.0, 60.0), (60.0, 100.0)], [(0.0, 100.0)], 60.0)
    assert (score[:3], score.end_off_s) == ((1, 1, 0), (-40.0,))


def test_peers_are_spared_jumps() -> None:
    """Two fixes thrown 100 m away are taken out before a peer sees them."""
    x = np.array([0.0, 0.0, 0.0, 100.0, 100.0, 0.0, 0.0, 0.0])
    points = Points(np.arange(8.0), x, np.zeros(8), x, x)
    assert cleaned(points, "hampel").t_s.tolist() == [0.0, 1.0, 2.0, 5.0, 6.0, 7.0]
