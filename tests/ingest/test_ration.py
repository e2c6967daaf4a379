"""The ration of rejects: one mad device fills no disk and hides no other."""

from __future__ import annotations

from core.rejects import Reason, Reject
from ingest.ration import Rate, Ration
from tests.strategies import T0_US

S = 1_000_000


def reject(device: str = "mad", reason: Reason = "not_json") -> Reject:
    return Reject(received_us=T0_US, reason=reason, dialect="native", topic=f"ronda/v1/{device}/fix", device=device)


def ration(**options: object) -> Ration:
    return Ration(lambda device: device != "", device=Rate(2, 10.0), **options)  # type: ignore[arg-type]


def test_so_many_at_once_then_one_now_and_then() -> None:
    """By our clock."""
    picked = ration()
    assert [len(picked.pick([reject()] * 5, T0_US + s * S)) for s in (0, 1, 10, 1000)] == [2, 0, 1, 2]


def test_a_mad_device_hides_neither_another_nor_another_reason() -> None:
    """Each has a bucket of its own."""
    picked = ration()
    picked.pick([reject()] * 100, T0_US)
    assert len(picked.pick([reject("sane"), reject("mad", "future")], T0_US)) == 2


def test_what_was_withheld_is_told_once_a_minute() -> None:
    """With its number, device and reason; then counting begins anew."""
    picked = ration()
    picked.pick([reject()] * 5_814, T0_US)
    (summary,) = picked.summaries(T0_US + 60 * S)
    assert (summary.device, summary.reason, summary.payload) == ("mad", "not_json", b"")
    assert summary.detail == "and 5,812 more, not stored one by one"
    assert picked.summaries(T0_US + 90 * S) == picked.summaries(T0_US + 180 * S) == []


def test_made_up_names_share_one_bucket_and_leave_that_of_the_registered_alone() -> None:
    """A flood of strangers hides no device that somebody looks for."""
    picked = Ration(lambda device: device == "t1", strangers=Rate(10, 1.0))
    assert len(picked.pick([reject(f"x{i}") for i in range(1000)], T0_US)) == 10
    assert len(picked.pick([reject("t1")], T0_US)) == 1


def test_memory_is_bounded_and_what_is_forgotten_is_still_counted() -> None:
    """The last line of a minute's summaries sums up the rest."""
    picked = ration(keys_limit=10, strangers=Rate(0, 1.0), all_known=Rate(0, 1.0))
    picked.pick([reject(f"x{i}") for i in range(1000)], T0_US)
    summaries = picked.summaries(T0_US)
    assert len(summaries) == 11
    assert summaries[-1].detail == "and 990 more, not stored one by one"


def test_a_clock_that_is_set_back_gives_nothing_away_and_takes_nothing() -> None:
    """Time that runs backwards refills no bucket."""
    picked = ration()
    picked.pick([reject()] * 2, T0_US)
    assert [len(picked.pick([reject()], T0_US + s * S)) for s in (-3600, -3590)] == [0, 1]
