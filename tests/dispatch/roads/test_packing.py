"""Graphs as bytes and as rows of the log."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from dispatch.roads import packing
from dispatch.roads.build import build
from dispatch.roads.graph import same
from dispatch.roads.packing import graph_of, pack, rows_of, unpack, version_of
from tests.dispatch.roads.maps import way

ROADS = build(
    [way((0, 0), (1000, 0), maxspeed="30"), way((300, 0), (300, 10), (310, 400), oneway="yes"), way((310, 400), (0, 0))]
)[0]


def test_a_graph_comes_back_from_its_bytes():
    """Bit by bit."""
    assert same(unpack(pack(ROADS)), ROADS)


def test_a_graph_comes_back_from_its_rows_in_any_order(monkeypatch):
    """Also when they went through JSON, as the archive keeps them."""
    monkeypatch.setattr(packing, "PART_BYTES", 100)
    rows = rows_of(ROADS)
    assert len(rows) > 3
    assert [row["id"] for row in rows[:2]] == ["roads-0001", "roads-0002"]
    through_json = json.loads(msgspec.json.encode(rows[::-1]))
    assert same(graph_of(through_json), ROADS)


def test_there_is_no_graph_while_rows_are_missing_or_mixed(monkeypatch):
    """A set of several entries arrives one after the other; what is left of a longer one is passed over."""
    monkeypatch.setattr(packing, "PART_BYTES", 100)
    rows = rows_of(ROADS)
    other = rows_of(build([way((0, 0), (999, 0))])[0])
    assert graph_of([]) is None
    assert graph_of(rows[:-1]) is None
    assert graph_of([*other, *rows[len(other) :]]) is not None
    assert graph_of([*rows[:1], *other[1:]]) is None


def test_the_version_is_of_the_content():
    """The order of the ways in a file changes nothing, another limit does."""
    ways = [way((0, 0), (1000, 0)), way((300, 0), (300, 400)), way((0, 0), (-9, 200))]
    versions = {version_of(build(order)[0]) for order in (ways, ways[::-1])}
    assert len(versions) == 1
    assert version_of(build([*ways[:2], way((0, 0), (-9, 200), maxspeed="20")])[0]) not in versions


@given(st.binary(max_size=300), st.integers(0, 200))
def test_damaged_bytes_are_refused(noise, cut):
    """Never taken for a graph, never another error."""
    good = pack(ROADS)
    for bad in (noise, good[:cut], good[:cut] + noise):
        if bad != good:
            with pytest.raises(ConfigError):
                unpack(bad)


def test_few_bytes_that_unpack_to_many_are_refused():
    """A bomb is cut off."""
    import zlib

    with pytest.raises(ConfigError, match="damaged"):
        unpack(zlib.compress(b"\0" * (packing._MOST + 1)))


def test_columns_that_contradict_each_other_are_refused():
    """A segment that ends at no node."""
    with pytest.raises(ConfigError, match="ends at no node"):
        type(ROADS)(**{name: getattr(ROADS, name) for name in ROADS.__slots__} | {"a": ROADS.a + 99})
