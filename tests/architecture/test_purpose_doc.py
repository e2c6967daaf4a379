"""docs/purpose.md has the reasons of the code, all of them, in its order, and the defaults of places and tasks."""

import re
import typing

import msgspec

from core.entities import Place, Task
from geo.meaning.purpose import Purposes, Why
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "purpose.md").read_text()


def test_every_reason_is_described_in_its_order():
    """The table lists the words that `why` can be, in the order in which they are asked."""
    reasons = PAGE.split("## The reasons")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", reasons, re.MULTILINE) == list(typing.get_args(Why))
    assert len(Purposes(None, {}, (), {}, None, None).reasons) == 9  # three reasons are said by the place


def test_parameters_of_places_and_tasks():
    """The page says the defaults of the entities."""
    told = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| [a-z]+ \| ([\w, ]+) \|", PAGE, re.MULTILINE)
    defaults = {field.name: field.default for kind in (Place, Task) for field in msgspec.structs.fields(kind)}
    assert {name: float(value) for name, value, _ in told} == {
        name: defaults[name] for name in ("radius_m", "queue_m", "max_s")
    }
