"""`ronda import rules`: what one installation gives, another takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from psycopg_pool import AsyncConnectionPool

from api.rows import registry_row
from core.entities import Hours, Rule
from core.entries import Config
from core.errors import ConfigError
from core.fixes import Fixes
from core.ruling import RULES_MAX
from ronda.intake.merge import Change, compare
from ronda.intake.rules import read_rules, rules
from ronda.intake.taken import Taken
from store.archive import Archive
from tests.running import run_pool

KUPANG = ZoneInfo("Asia/Makassar")
NIGHT = Rule(
    id="malam", name="Malam di luar depo", fact="dwell", for_s=600.0, subjects=("zone:pasar",),
    hours=(Hours(start_min=1320, end_min=1740, days=(5, 6), holidays=False),),
)  # fmt: skip


def taken(tmp_path: Path, document: Any) -> Taken:
    (tmp_path / "rules.json").write_text(json.dumps(document))
    return rules(read_rules(tmp_path / "rules.json"), KUPANG)


def test_a_page_of_the_api_is_a_file_of_rules(tmp_path: Path) -> None:
    """What GET /api/v1/rules answers gives the same rule again; a list alone will do, with times as people write."""
    page = {"items": [registry_row(msgspec.to_builtins(NIGHT), KUPANG)], "next": None}
    assert taken(tmp_path, page) == Taken([NIGHT], [], [])
    (short,) = taken(tmp_path, [{"id": "u", "fact": "inside", "hours": [{"start": "22:00", "end": "29:00"}]}]).rows
    assert short == Rule(id="u", fact="inside", hours=(Hours(start_min=1320, end_min=1740),))


def test_a_rule_that_cannot_be_says_why(tmp_path: Path) -> None:
    """A fact that there is not, a misspelt field, an id that is missing or comes twice; the others are taken."""
    good = {"id": "u", "fact": "silence", "for_s": 600}
    found = taken(
        tmp_path, [good, {"id": "a", "fact": "flight"}, good | {"id": "b", "for": 1}, {"fact": "dwell"}, good, 3]
    )
    assert [rule.id for rule in found.rows] == ["u"]
    assert [line.split(":")[0] for line in found.refused] == ["rule 2", "rule 3", "rule 4", "rule 5", "rule 6"]
    assert "for is no field of rules" in found.refused[1]


@pytest.mark.parametrize("text", ["[", '{"rules": []}', "3"])
def test_a_file_without_rules_is_one_sentence(tmp_path: Path, text: str) -> None:
    """It says what to give instead."""
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(ConfigError, match="GET /api/v1/rules"):
        read_rules(tmp_path / "rules.json")


def against(url: str, there: Config, given: list[Rule], *, replace: bool = False) -> Change:
    async def body(pool: AsyncConnectionPool) -> Change:
        archive = Archive(pool)
        await archive.offsets()
        await archive.write({"in.0": "1-0"}, Fixes.empty(), configs=[("1-0", there)])
        return await compare(pool, "rules", Taken(given, [], []), replace=replace, close=False)

    return run_pool(url, body)


@pytest.mark.service
def test_a_rule_about_a_zone_that_is_not_there_is_refused(postgres_url: str) -> None:
    """It would never raise; the others are new."""
    other = Rule(id="u", fact="speeding")
    change = against(postgres_url, Config(section="rules", rows=({"id": "old", "fact": "dwell"},)), [NIGHT, other])
    assert [row["id"] for row in change.new] == ["u"]
    assert change.refused == ["malam: subjects name the zone 'pasar', which is not there; import that first"]


@pytest.mark.service
@pytest.mark.parametrize(("replace", "refused"), [(False, 1), (True, 0)])
def test_there_are_no_more_rules_than_the_api_lets_in(postgres_url: str, replace: bool, refused: int) -> None:
    """The last place is taken by the first of two; a file that replaces all has room."""
    full = Config(section="rules", rows=tuple({"id": f"u-{i}", "fact": "dwell"} for i in range(RULES_MAX - 1)))
    change = against(postgres_url, full, [Rule(id=name, fact="dwell") for name in ("a", "b")], replace=replace)
    assert len(change.refused) == refused
