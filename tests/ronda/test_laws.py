"""Laws 1 to 4 through the real pump, log and archive: on memory and on Valkey, always with Postgres."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from store.log import Log
from store.pg import connect
from tests.geo.everything import EVERYTHING
from tests.geo.tracks import cuts, journeys, shuffled, tick
from tests.ronda.pipeline import FragileLog, archive_all, clear, pump_all, tables, tell
from tests.running import run_with

pytestmark = pytest.mark.service
few = settings(max_examples=8, phases=[Phase.explicit, Phase.generate])  # an example costs seconds: no shrinking
Tables = dict[str, list[tuple[Any, ...]]]


def played(
    new_log: Callable[[], Log], url: str, entries: list[Any], deaths: tuple[tuple[int, bool], ...] = ()
) -> Tables:
    """Tables after everything was pumped and archived, on a new log and an empty database."""

    async def body(log: Log) -> Tables:
        async with await connect(url, max_size=2) as pool:
            await clear(pool)
            await tell(log, entries)
            await pump_all(FragileLog(log, deaths))
            await archive_all(log, pool)
            return await tables(log, pool)

    return run_with(new_log(), body)


def closed(rows: Tables) -> list[tuple[Any, ...]]:
    """Dwells and spells that ended."""
    return [row for kind in ("dwells", "spells") for row in rows[kind] if "closed" in row]


def end_of(batch: Any) -> Any:
    return tick(float(batch.time_us.max() - batch.time_us.min()) / 1e6 + 5000)


@few
@given(st.data())
def test_any_cut_gives_the_same_tables(new_log: Callable[[], Log], postgres_url: str, data: st.DataObject) -> None:
    """Law 1 on real parts."""
    batch = data.draw(journeys())
    parts = data.draw(cuts(batch))
    assert played(new_log, postgres_url, [*EVERYTHING, *parts]) == played(new_log, postgres_url, [*EVERYTHING, batch])


@few
@given(st.data())
def test_any_order_gives_the_same_tables(new_log: Callable[[], Log], postgres_url: str, data: st.DataObject) -> None:
    """Law 2 on real parts: the archive's live rows are the same for every arrival order within the horizon."""
    batch = data.draw(journeys())
    late = data.draw(shuffled(batch))
    end = end_of(batch)
    expected = played(new_log, postgres_url, [*EVERYTHING, batch, end])
    assert played(new_log, postgres_url, [*EVERYTHING, *data.draw(cuts(late)), end]) == expected


@few
@given(st.data())
def test_ticks_change_no_closed_row(new_log: Callable[[], Log], postgres_url: str, data: st.DataObject) -> None:
    """Law 3 on real parts: without ticks the closed rows are the same."""
    batch = data.draw(journeys())
    at = [float(t - 1_765_000_000_000_000) / 1e6 + 30 for t in batch.time_us.tolist()]
    single = [batch.take(np.array([i])) for i in range(len(batch))]
    ticked = [e for fix, t in zip(single, at, strict=True) for e in (fix, tick(t))]
    assert closed(played(new_log, postgres_url, [*EVERYTHING, *ticked])) == closed(
        played(new_log, postgres_url, [*EVERYTHING, batch])
    )


@few
@given(st.data())
def test_a_kill_at_any_commit_changes_nothing(
    new_log: Callable[[], Log], postgres_url: str, data: st.DataObject
) -> None:
    """Law 4 on real parts: an owner that dies before or after any commit leaves the tables of an unkilled run."""
    batch = data.draw(journeys().flatmap(shuffled))
    parts = [*EVERYTHING, *data.draw(cuts(batch)), end_of(batch)]
    deaths = data.draw(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=3, unique_by=lambda d: d[0]))
    expected = played(new_log, postgres_url, parts)
    assert played(new_log, postgres_url, parts, tuple(deaths)) == expected
