"""A file against the registry: what it does not speak of stays, what cannot be true is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.fixes import Fixes
from ronda.intake.merge import Change, compare
from ronda.intake.registry import take
from ronda.intake.table import read
from store.archive import Archive
from tests.running import run_pool

pytestmark = pytest.mark.service
KUPANG = ZoneInfo("Asia/Makassar")
DAY_US = 86_400_000_000
JAN_1_US = 1_767_196_800_000_000  # 2026-01-01T00:00:00+08:00


def against(url: str, tmp_path: Path, there: Config, section: str, text: str, **how: bool) -> Change:
    """Compare a CSV text with a registry that holds these rows."""
    (tmp_path / "rows.csv").write_text(text)
    taken = take(section, read(tmp_path / "rows.csv", {}), KUPANG)

    async def body(pool: AsyncConnectionPool) -> Change:
        archive = Archive(pool)
        await archive.offsets()
        await archive.write({"in.0": "1-0"}, Fixes.empty(), configs=[("1-0", there)])
        return await compare(pool, section, taken, **({"replace": False, "close": False} | how))

    return run_pool(url, body)


def rows(section: Any, *given: dict[str, Any]) -> Config:
    return Config(section=section, rows=given)


def joined(name: str, vehicle: str, from_us: int = JAN_1_US) -> dict[str, Any]:
    return {"id": name, "device": "g1", "vehicle": vehicle, "from_us": from_us}


def test_fields_that_the_file_does_not_speak_of_stay(postgres_url: str, tmp_path: Path) -> None:
    """A list of SIM dates does not turn phones into trucks."""
    there = rows("devices", {"id": "a", "cls": "phone", "note": "x"}, {"id": "b"})

    change = against(postgres_url, tmp_path, there, "devices", "id,sim\na,31/12/2026\nb,\nc,\n")

    assert [row["id"] for row in change.new] == ["c"]
    (row,) = change.changed
    assert (row["cls"], row["note"], row["sim_expires"]) == ("phone", "x", "2026-12-31")
    assert change.differences == ["a: sim_expires '' → '2026-12-31'"]
    assert [row["id"] for row in change.same] == ["b"]


def test_consent_is_not_imported_away(postgres_url: str, tmp_path: Path) -> None:
    """A list of people, even one that replaces the set, leaves consent and duty of those who are on it."""
    there = rows("people", {"id": "tr", "kind": "volunteer", "consent_us": 5, "duty": [[1, 2]]}, {"id": "x"})

    change = against(postgres_url, tmp_path, there, "people", "id,nama,jenis\ntr,Ana,relawan\n", replace=True)

    (row,) = change.changed
    assert (row["name"], row["consent_us"], row["duty"], change.gone) == ("Ana", 5, ((1, 2),), ["x"])


def test_a_join_that_contradicts_is_refused(postgres_url: str, tmp_path: Path) -> None:
    """Against the registry and within the file; the rest of the file counts."""
    text = "gps,truk,mulai\ng1,t2,2026-01-05\ng2,t3,2026-01-05\ng2,t4,2026-01-06\n"

    change = against(postgres_url, tmp_path, rows("assignments", joined("old", "t1")), "assignments", text)

    assert [row["id"] for row in change.new] == ["g2:t3:2026-01-05"]
    assert change.refused == [
        f"{new}: assignment {old} at that time; end that first, or give --close"
        for new, old in (
            ("g1:t2:2026-01-05", "old has g1 with vehicle t1"),
            ("g2:t4:2026-01-06", "g2:t3:2026-01-05 has g2 with vehicle t3"),
        )
    ]
    assert "device g1 is not registered (1 rows)" in change.remarks


def test_close_ends_the_former(postgres_url: str, tmp_path: Path) -> None:
    """A file of moves in order of time: each ends the one before, the registry's included."""
    text = "gps,truk,mulai\ng1,t2,2026-01-05\ng1,t3,2026-01-08\n"

    change = against(postgres_url, tmp_path, rows("assignments", joined("old", "t1")), "assignments", text, close=True)

    spans = {row["vehicle"]: (row["from_us"], row["until_us"]) for row in change.new + change.changed}
    assert spans == {
        "t1": (JAN_1_US, JAN_1_US + 4 * DAY_US),
        "t2": (JAN_1_US + 4 * DAY_US, JAN_1_US + 7 * DAY_US),
        "t3": (JAN_1_US + 7 * DAY_US, None),
    }
    assert change.refused == []


def test_close_does_not_undo_what_was(postgres_url: str, tmp_path: Path) -> None:
    """A join that a new one covers wholly is for a person to judge."""
    there = rows("assignments", joined("old", "t1", JAN_1_US + DAY_US))

    change = against(postgres_url, tmp_path, there, "assignments", "gps,truk,mulai\ng1,t2,2026-01-01\n", close=True)

    assert change.empty
    assert "lies wholly within" in change.refused[0]


def test_the_same_file_again_changes_nothing(postgres_url: str, tmp_path: Path) -> None:
    """Dates written another way name the same assignment; its end, unspoken of, stays."""
    there = rows("assignments", joined("g1:t1:2026-01-01", "t1") | {"until_us": JAN_1_US + DAY_US})

    change = against(postgres_url, tmp_path, there, "assignments", "gps,truk,mulai\ng1,t1,1/1/2026\n")

    assert (len(change.same), change.empty) == (1, True)


def test_replacing_joins_looks_at_the_file_alone(postgres_url: str, tmp_path: Path) -> None:
    """What goes away contradicts nothing."""
    there = rows("assignments", joined("old", "t1"))

    change = against(postgres_url, tmp_path, there, "assignments", "gps,truk,mulai\ng1,t2,2026-01-05\n", replace=True)

    assert ([row["vehicle"] for row in change.new], change.gone, change.refused) == (["t2"], ["old"], [])
