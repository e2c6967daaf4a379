"""What runs all day reads an index and never a whole table, on both servers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from store import pg
from tests.conftest import admin, database_url
from tests.running import run_pool
from tests.strategies import T0_US

pytestmark = pytest.mark.service
HOUR_US = 3_600_000_000
MID_US = T0_US + 360 * HOUR_US
LARGE: Final = re.compile(
    r"Seq Scan on "
    r"(fixes|_hyper\w*|dwells|spells|events|alerts|rejects|incidents|plans|offers|pushes|photos|commands|config_log|held|fix_hours|blocks|erased|snapshots)\b"
)
_dwells = {"from_us": MID_US, "to_us": MID_US + 8 * HOUR_US, "after_us": None, "after_id": "", "retracted": False} | (
    dict.fromkeys(["device", "vehicle", "area", "purpose", "open", "min_s", "now_us"]) | {"limit": 1000}
)
_alerts = {"from_us": MID_US, "to_us": MID_US + 8 * HOUR_US} | (
    dict.fromkeys(["after_us", "after_id", "id", "device", "vehicle", "kind", "state", "rule", "thread", "digest"])
    | {"limit": 1000}
)
_spells = {"kind": "trip", "from_us": MID_US, "to_us": MID_US + 8 * HOUR_US, "after_us": None, "after_id": ""} | (
    dict.fromkeys(["device", "vehicle", "area", "subject", "open", "min_s", "now_us"])
    | {"retracted": False, "limit": 1000}
)
_fixes = {"device": "d7", "from_us": MID_US, "to_us": MID_US + 9 * HOUR_US, "after_us": MID_US - 1, "after_content": 0}
_incidents = {"after_us": None, "after_id": None, "id": None, "limit": 100}
_heads = {"coming": ["accepted"], "there": ["arrived"], "look": "look"}
_offers = {"after_us": None, "after_id": None, "limit": 1000}
_rejects = {"after": None, "device": None, "reason": None, "limit": 100}
_hours = {"from_us": MID_US, "to_us": MID_US + 8 * HOUR_US, "device": None, "limit": 1000}
_roll_up = {"devices": [1, 2], "hours_us": [MID_US] * 2, "from_us": MID_US, "to_us": MID_US + 2 * HOUR_US} | (
    {"late": 16, "flagged": 2024, "placeless": 142}
)
_window = {"from_us": MID_US, "to_us": MID_US + 24 * HOUR_US, "limit": 1000}
_flags = dict.fromkeys(["mock", "stale", "duplicate", "repeat", "jump", "stuck", "speed", "accuracy"], 8)
_day = {"day": dt.date(2026, 1, 20), "from_us": MID_US, "day_us": MID_US, "to_us": MID_US + 24 * HOUR_US}
_none: dict[str, Any] = {"from_us": None, "to_us": None}

# Query of a file, what is asked, and an index that must serve ("": any will do). Each is asked many times a minute, or
# in the archive's own transactions.
HOT: Final[list[tuple[str, str, dict[str, Any], str]]] = [
    ("queries", "events_after", {"seq": 39_000, "limit": 100}, "events_pkey"),
    ("queries", "last_seq", {}, "events_pkey"),
    ("queries", "fixes", _fixes | {"limit": 1000}, "fixes_pkey"),
    ("queries", "dwells", _dwells, "dwells_"),
    ("queries", "dwells", _dwells | {"device": "d7"}, "dwells_"),
    ("queries", "dwells", _dwells | _none | {"device": "d7"}, "dwells_device"),
    ("queries", "dwells", _dwells | _none | {"limit": 100}, "dwells_start"),
    ("queries", "dwells", _dwells | _none | {"open": True}, "dwells_"),
    ("queries", "dwell", {"id": "w77"}, "dwells_pkey"),
    ("queries", "alerts", _alerts, "alerts_raised"),
    ("queries", "alerts", _alerts | _none | {"limit": 100}, "alerts_raised"),
    ("queries", "alerts", _alerts | _none | {"id": "a77", "limit": 1}, "alerts_"),
    ("queries", "alerts", _alerts | _none | {"thread": "w77"}, "alerts_thread"),
    ("queries", "alerts", _alerts | {"digest": True}, "alerts_"),
    ("queries", "spells", _spells, "spells_"),
    ("queries", "spells", _spells | {"device": "d7"}, "spells_"),
    ("queries", "spells", _spells | _none | {"device": "d7"}, "spells_device"),
    ("queries", "spells", _spells | _none | {"limit": 100}, "spells_start"),
    ("queries", "spells", _spells | _none | {"open": True}, "spells_open"),
    ("queries", "spells", _spells | {"kind": "visit", "subject": "place:p7"}, "spells_"),
    ("queries", "spells", _spells | _none | {"kind": "visit", "subject": "place:p7"}, "spells_subject"),
    ("queries", "spells", _spells | {"area": "a3"}, "spells_"),
    ("queries", "spell", {"id": "s77"}, "spells_pkey"),
    ("queries", "rejects", _rejects, "rejects_pkey"),
    ("queries", "rejects", _rejects | {"device": "d7"}, "rejects_device"),
    ("queries", "rejects", _rejects | {"after": 30_000, "reason": "future"}, "rejects_pkey"),
    ("queries", "incidents", _incidents, "incidents_opened"),
    ("queries", "incidents", _incidents | {"id": "i7", "limit": 1}, "incidents_"),
    ("queries", "plan", {"incident": "i7"}, "plans_pkey"),
    ("queries", "command", {"id": "c7"}, "commands_pkey"),
    ("queries", "config_done", {"id": "g8"}, "config_log_id"),
    ("queries", "registry", {"section": "devices", "after": "d3", "limit": 100}, "registry_pkey"),
    ("queries", "registry_row", {"section": "devices", "id": "d3"}, "registry_pkey"),
    ("queries", "forget_rejects", {"keep": 39_999}, "rejects_pkey"),
    ("queries", "held_fixes", {"device": "x7", "limit": 1000}, "held_pkey"),
    ("queries", "drop_held", {"device": "x7", "times_us": [T0_US], "contents": [7]}, "held_pkey"),
    ("queries", "expire_held", {"before_us": T0_US + 10_000_000, "limit": 1000}, "held_received"),
    ("queries", "store_fixes", {}, ""),
    ("queries", "device_keys", {"ids": ["d1", "d2"]}, ""),
    ("upkeep", "roll_up", _roll_up, "fixes_pkey"),
    ("upkeep", "hours", _hours, "fix_hours_"),
    ("upkeep", "hours", _hours | {"device": "d7"}, "fix_hours_"),
    ("upkeep", "forgotten", {"device": "d7", "from_us": MID_US, "to_us": MID_US + 48 * HOUR_US}, "fix_hours_"),
    ("upkeep", "sums", {"from_us": MID_US, "to_us": MID_US + 8 * HOUR_US, "limit": 1000}, "fix_hours_hour"),
    ("reports", "dwells", _window, "dwells_"),
    ("reports", "spells", _window, "spells_"),
    ("reports", "unexplained", _window, "dwells_start"),
    ("reports", "heard", _window | {"devices": ["d1", "d2"], "unused": 12}, "fixes_pkey"),
    ("reports", "seen", {"devices": ["d1", "d2"], "at_us": MID_US, "known_us": None, "unused": 12}, "fixes_pkey"),
    ("reports", "honesty", _window | _flags, "fix_hours_"),
    ("reports", "sections", {"sections": ["places"]}, "registry_pkey"),
    ("history", "seq", {}, "events_pkey"),
    ("history", "told_dwells", _window | {"device": "d7"}, "dwells_"),
    ("history", "told_spells", _window | {"device": "d7"}, "spells_"),
    ("history", "told_alerts", {"ids": ["a77", "a78"]}, "alerts_pkey"),
    ("history", "overtaken", {"seq": 39_900, "device": "d7"}, "events_pkey"),
    ("history", "late_span", _window | {"device": "d7", "since_us": MID_US}, "fixes_pkey"),
    ("history", "back", {"device": "d7", "before_us": MID_US, "count": 100}, "fixes_pkey"),
    ("history", "devices_between", _window, "fixes_pkey"),
    ("late", "take", {"seq": 39_900, "limit": 100}, "events_flagged"),
    ("history", "newest_configs", {"after_ms": 19_990}, "config_log_order"),
    ("history", "closed_dwells", _window, "dwells_"),
    ("history", "dwells", {"ids": ["w77", "w78"]}, "dwells_pkey"),
    ("late", "touching", _window, "events_flagged"),
    ("days", "freeze_dwells", _day, "dwells_"),
    ("days", "freeze_spells", _day, "spells_"),
    ("days", "freeze_alerts", _day, "alerts_raised"),
    ("days", "corrections", _day, "dwells_"),
    ("why", "held_of", {"device": "x7"}, "held_pkey"),
    ("joins", "joins_of", {"devices": ["d1", "d2"]}, "registry_assigned"),
    ("joins", "held_registered", {"limit": 100}, "held_pkey"),
    ("offers", "offers_of_incident", _offers | {"about": "i7"}, "offers_incident"),
    ("offers", "offers_of_person", _offers | {"about": "p7"}, "offers_person"),
    ("offers", "offer", {"id": "o7"}, "offers_pkey"),
    ("offers", "heads", _heads | {"incidents": ["i7"]}, "offers_incident"),
    ("timeline", "timeline", {"incident": "i7", "after": 0, "limit": 1001}, "events_incident"),
    ("stories", "told", {"incidents": ["i7", "i8"]}, "events_incident"),
    ("offers", "pushes_of", {"person": "p7"}, "pushes_"),
    ("photos", "kept", {"sha256": "x", "incident": "i7", "at_us": T0_US + 10**15}, "photos_"),
    ("photos", "image", {"sha256": "x"}, "photos_pkey"),
    ("photos", "of_person", {"person": "p7"}, "photos_person"),
    ("photos", "reporter", {"incident": "r7"}, "commands_pkey"),
    ("photos", "reported_by", {"person": "p7", "since_us": 0, "limit": 10}, "commands_reporter"),
    ("photos", "expire", {"before_us": T0_US - 10**15}, "photos_at"),
    ("retention", "first_kept", {"after": 39_000, "before_us": T0_US}, "events_pkey"),
    ("retention", "old_events", {"after": 39_000, "to": 41_000}, "events_pkey"),
    ("retention", "coarsen_plans", {"seqs": [7, 8], "bodies": ["{}", "{}"]}, "plans_pkey"),
    ("retention", "coarsen_events", {"seqs": [7, 8], "bodies": ["{}", "{}"]}, "events_pkey"),
    ("retention", "drop_events", {"seqs": [7, 8]}, "events_pkey"),
    ("chain", "newest", {}, "blocks_pkey"),
    ("chain", "blocks", {"from_no": 70, "to_no": 90, "limit": 20}, "blocks_pkey"),
    ("chain", "block_at", {"at_us": MID_US}, "blocks_opened"),
    ("chain", "said", {"after": 39_000, "to": 39_100, "limit": 1000}, "events_pkey"),
    ("chain", "said_by_entry", {"entry_id": "7-0"}, "events_stream_entry_id_ordinal_key"),
    ("chain", "said_of_incident", {"incident": "i7"}, "events_incident"),
    ("chain", "erased", {"after": 19_000, "limit": 100}, "erased_pkey"),
    ("chain", "newest_snapshot", {}, "snapshots_at"),
    ("chain", "snapshot_before", {"at_us": MID_US}, "snapshots_"),
    ("chain", "forget_kept", {"before_us": MID_US}, "blocks_kept"),
    ("chain", "forget_snapshots", {"before_us": T0_US}, "snapshots_kept"),
]  # fmt: skip
_numbers = count()


@pytest.fixture(scope="module")
def filled_url(postgres_server_url: str) -> Iterator[str]:
    """URL of a database with a month of a fleet; tests only ask how it would be read."""
    name = f"filled{next(_numbers)}"
    admin(postgres_server_url, f"CREATE DATABASE {name} TEMPLATE ronda_template")
    url = database_url(postgres_server_url, name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "filled.sql").read_bytes())
        connection.execute("VACUUM ANALYZE")
    yield url
    admin(postgres_server_url, f"DROP DATABASE {name} WITH (FORCE)")


def plan_of(url: str, file: str, name: str, named: dict[str, Any]) -> str:
    async def body(pool: Any) -> str:
        async with pool.connection() as connection:
            await connection.execute(pg.query("staging"))
            rows = await connection.execute(b"EXPLAIN " + pg.queries(f"{file}.sql")[name], named)
            return "\n".join([row[0] for row in await rows.fetchall()])

    return run_pool(url, body)


@pytest.mark.parametrize(("file", "name", "named", "index"), HOT, ids=[f"{case[1]}-{i}" for i, case in enumerate(HOT)])
def test_hot_queries_use_their_index(filled_url: str, file: str, name: str, named: dict[str, Any], index: str) -> None:
    """The plan names the index and no whole large table."""
    plan = plan_of(filled_url, file, name, named)
    assert index in plan, plan
    assert not LARGE.search(plan), plan


def test_a_day_is_read_from_its_chunks_only(filled_url: str) -> None:
    """Hours of one device touch at most two chunks of the thirty, where there are chunks."""
    plan = plan_of(filled_url, "queries", "fixes", _fixes | {"limit": 1000})
    assert len(set(re.findall(r"_hyper_\w+?_chunk", plan))) <= 2, plan


@pytest.mark.parametrize(("name", "named"), [("dwells", _dwells), ("spells", _spells), ("alerts", _alerts)])
def test_the_vehicle_of_a_row_is_looked_up_by_index(filled_url: str, name: str, named: dict[str, Any]) -> None:
    """The function that all three share becomes a part of the plan: it is not called for each row."""
    plan = plan_of(filled_url, "queries", name, named)
    assert "registry_assigned" in plan, plan
    assert "Function Scan" not in plan, plan


def test_every_query_that_runs_often_is_looked_at() -> None:
    """A new query of the store's own is put among the hot ones, or here among those that need no index."""
    rare = {
        "offsets", "lock_offsets", "new_offsets", "move_offsets", "new_device_keys", "staging", "copy_staging",
        "empty_staging", "held_count", "store_held", "lock_events", "store_events", "store_dwells",
        "store_spells",
        "store_alerts", "store_incidents", "store_plans", "store_rejects", "log_config", "clear_section", "delete_rows",
        "upsert_rows", "store_commands", "finish_commands", "ring", "held_devices", "vehicles_at", "listen", "versions",
        "take_due", "plan_each_time", "hypertable", "timescale", "drop_chunks", "forget_fixes",
    }  # fmt: skip
    known = rare | {name for file, name, _, _ in HOT if file in ("queries", "upkeep")}
    assert known == {*pg.queries("queries.sql"), *pg.queries("upkeep.sql")}


@pytest.mark.parametrize(
    ("name", "named"),
    [("fixes", _fixes | {"limit": 1000}), ("dwells", _dwells | {"device": "d7"}), ("alerts", _alerts)],
)
def test_asking_often_keeps_the_good_plan(filled_url: str, name: str, named: dict[str, Any]) -> None:
    """A prepared query is planned for its values each time: one plan for all values would read far too much."""

    async def body(pool: Any) -> list[Any]:
        async with pool.connection() as connection:
            for _ in range(15):
                await connection.execute(pg.query(name), named)
            told = await connection.execute(
                "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%LIMIT%'"
            )
            return list(await told.fetchall())

    ((custom, generic),) = run_pool(filled_url, body)
    assert (custom > 5, generic) == (True, 0)
