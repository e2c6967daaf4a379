"""docs/rules.md has the fields of a rule, their defaults and the bounds as the code has them."""

import re

import msgspec

from core.entities import Rule
from core.ruling import RULES_MAX
from geo.rules.alerts import TOLD_MAX, TOLD_US
from geo.rules.followed import FACTS_MAX
from geo.rules.judging import WATCHED
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text()
ROWS = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([^|]*) \| ([^|]*) \|", PAGE, re.MULTILINE)


def test_every_field_of_a_rule_is_described():
    """And no other."""
    table = PAGE.split("| name | usual")[1].split("\n\n")[0]
    told = [name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(set(Rule.__struct_fields__) - {"id"})


def test_defaults_of_a_rule():
    """Numbers of the table are those of the entity."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Rule)}
    pairs = [zip(re.findall(r"`(\w+)`", names), usual.split(", "), strict=False) for names, usual, _ in ROWS]
    told = {name: float(value) for row in pairs for name, value in row if re.fullmatch(r"[\d.]+", value)}
    assert told == {name: defaults[name] for name in told}
    assert len(told) == 7


def test_every_kind_of_fact_is_described():
    """In the table of facts."""
    table = PAGE.split("| `fact` | the interval")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(WATCHED)


def test_bounds():
    """What a city and a device may have."""
    assert f"{RULES_MAX} rules; of a device {FACTS_MAX} facts" in PAGE
    assert f"{TOLD_MAX} alerts of the last {TOLD_US // 86_400_000_000} days" in PAGE
