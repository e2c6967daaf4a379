"""The columnar batch: building, taking apart, putting together, equality."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import COLUMNS, Fixes, Flag
from tests.strategies import fixes

THREE = Fixes.of(["a", "b"], device=[1, 0, 1], time_us=[30, 10, 20], lat=[1.0, 2.0, 3.0], lon=[4.0, 5.0, 6.0])


def test_of_fills_missing_columns() -> None:
    """A column that is not given holds its missing value: NaN, -1 or 0."""
    f = Fixes.of(["a"], device=[0], time_us=[5])
    assert [f.ignition[0], f.moving[0], f.flags[0], f.dialect[0], f.received_us[0]] == [-1, -1, 0, 0, 0]
    assert np.isnan([f.lat[0], f.lon[0], f.speed_mps[0], f.course_deg[0], f.accuracy_m[0], f.odometer_m[0]]).all()


def test_of_gives_every_column_its_dtype() -> None:
    """Whatever numbers come in, the columns have the dtypes of the table."""
    assert {name: getattr(THREE, name).dtype for name in COLUMNS} == {n: np.dtype(c.dtype) for n, c in COLUMNS.items()}


def test_of_keeps_a_given_content() -> None:
    """A content hash that is given is not computed again."""
    assert Fixes.of(["a"], device=[0], content=[7]).content.tolist() == [7]


def test_a_length_is_needed() -> None:
    """Without a device column and without a length nothing can be built."""
    with pytest.raises(KeyError, match="device"):
        Fixes.of(["a"], time_us=[1])


def test_names() -> None:
    """The device id of each row."""
    assert THREE.names() == ["b", "a", "b"]


def test_repr_is_short() -> None:
    """A batch in a message is one line, however long it is."""
    assert repr(THREE) == "<3 fixes of 2 devices>"


def test_take_by_mask_compacts_the_dictionary() -> None:
    """Only the devices that remain stay in the dictionary."""
    taken = THREE.take(THREE.device == 1)
    assert (taken.ids, taken.device.tolist(), taken.time_us.tolist()) == (("b",), [0, 0], [30, 20])


def test_take_by_index_repeats_and_reorders() -> None:
    """Rows come in the order of the index, as often as it names them."""
    taken = THREE.take(np.array([2, 1, 2]))
    assert (taken.names(), taken.lat.tolist()) == (["b", "a", "b"], [3.0, 2.0, 3.0])


def test_take_nothing() -> None:
    """No rows leave the empty batch."""
    assert THREE.take(np.array([], int)) == Fixes.empty()


def test_split_is_one_batch_a_device() -> None:
    """Each device's rows stay in their order."""
    assert [(p.ids, p.time_us.tolist()) for p in THREE.split()] == [(("a",), [10]), (("b",), [30, 20])]


def test_concat_merges_dictionaries() -> None:
    """A device known to both batches has one index afterwards."""
    other = Fixes.of(["c", "b"], device=[1, 0], time_us=[1, 2])
    joined = Fixes.concat([THREE, other])
    assert (joined.ids, joined.device.tolist()) == (("a", "b", "c"), [1, 0, 1, 1, 2])
    assert joined.names() == ["b", "a", "b", "b", "c"]


def test_concat_of_nothing_is_empty() -> None:
    """No batches, or only empty ones, make the empty batch."""
    assert len(Fixes.concat([])) == len(Fixes.concat([Fixes.empty(), Fixes.empty()])) == 0
    assert Fixes.empty().ids == ()


def test_equality_goes_by_name_not_by_index() -> None:
    """The order of the dictionary, and names that no row uses, make no difference."""
    other = Fixes.of(
        ["unused", "b", "a"], device=[1, 2, 1], time_us=[30, 10, 20], lat=[1.0, 2.0, 3.0], lon=[4.0, 5.0, 6.0]
    )
    assert other == THREE


def test_another_device_is_another_batch() -> None:
    """The same positions of another device are not equal."""
    assert Fixes.of(["a"], device=[0], time_us=[1]) != Fixes.of(["b"], device=[0], time_us=[1])


def test_nan_equals_nan() -> None:
    """Two missing speeds are the same speed; a missing and a known one are not."""
    a, b = (Fixes.of(["a"], device=[0], speed_mps=[np.nan], content=[1]) for _ in range(2))
    assert a == b
    assert a != Fixes.of(["a"], device=[0], speed_mps=[0.0], content=[1])


def test_equality_with_others() -> None:
    """Batches of another length, and things that are no batch, are unequal."""
    assert THREE.take(np.array([0])) != THREE
    assert THREE != "fixes"


def test_a_batch_cannot_be_hashed_or_changed() -> None:
    """Arrays are compared, not hashed; the columns cannot be put in place of one another."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(THREE)
    with pytest.raises(AttributeError):
        THREE.lat = THREE.lon  # type: ignore[misc]


def test_flag_bits_are_fixed() -> None:
    """The bits are in archives: they never move."""
    from_the_start = {"SOS": 1, "RETAINED": 2, "HEARTBEAT": 4, "MOCK": 8, "STALE": 16}
    compared = {"DUPLICATE": 32, "REPEAT": 64, "JUMP": 128, "STUCK": 256, "SPEED": 512, "ACCURACY": 1024}
    assert {f.name: f.value for f in Flag} == from_the_start | compared


@given(fixes())
def test_split_and_concat_keep_every_row(batch: Fixes) -> None:
    """Cut by device and joined again, a batch has the same rows, sorted by device."""
    order = np.argsort(batch.device, kind="stable")
    assert Fixes.concat(batch.split()) == batch.take(order)


@given(fixes(), fixes())
def test_concat_is_one_after_another(a: Fixes, b: Fixes) -> None:
    """The first rows are the first batch, the others the second."""
    joined = Fixes.concat([a, b])
    assert joined.take(np.arange(len(a))) == a
    assert joined.take(np.arange(len(a), len(a) + len(b))) == b


@given(fixes(), st.data())
def test_take_twice_is_take_once(batch: Fixes, data: st.DataObject) -> None:
    """Rows of rows are rows."""
    rows = np.array(data.draw(st.permutations(range(len(batch)))), int)
    half = rows[: len(rows) // 2]
    assert batch.take(rows).take(np.arange(len(half))) == batch.take(half)
