"""The content hash: identity of a fix and order at equal times, so it may never change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from core.fixes import COLUMNS, Fixes
from tests.strategies import fixes

ONE: dict[str, Any] = {
    "time_us": 1_767_571_200_000_000,
    "received_us": 1_767_571_201_000_000,
    "lat": -10.17,
    "lon": 123.6,
    "speed_mps": 8.5,
    "ignition": 1,
}


def content(**changes: Any) -> int:
    """Content of the one fix, with some columns changed."""
    return int(Fixes.of(["t1"], device=[0], **{name: [v] for name, v in (ONE | changes).items()}).content[0])


def test_hash_of_a_known_fix() -> None:
    """The hash of this fix is in archives: a change of the function would make every old fix a new one."""
    assert content() == 0x38A5244FC480D990


def test_hash_of_nothing() -> None:
    """A fix of which nothing is known hashes to this."""
    assert int(Fixes.of(["t1"], device=[0]).content[0]) == 0x309A2C04F0E87566


def test_negative_zero_is_zero() -> None:
    """A device that writes -0.0 means 0.0."""
    assert content(speed_mps=-0.0, lat=-0.0) == content(speed_mps=0.0, lat=0.0)


@pytest.mark.parametrize("bits", [0x7FF8000000000001, 0xFFF8000000000000, 0x7FFFFFFFFFFFFFFF])
def test_every_nan_is_the_same(bits: int) -> None:
    """Missing is missing, whatever payload or sign the NaN carries."""
    nan = np.array([bits], np.uint64).view(np.float64)[0]
    assert content(lon=nan) == content(lon=float("nan"))


@pytest.mark.parametrize("changed", [{"received_us": 1}, {"flags": 31}, {"dialect": 2}])
def test_what_ingest_adds_is_not_content(changed: dict[str, int]) -> None:
    """The same message heard again, later or otherwise flagged, is the same fix."""
    assert content(**changed) == content()


@pytest.mark.parametrize("name", [name for name, column in COLUMNS.items() if column.content])
def test_every_content_column_counts(name: str) -> None:
    """Another value in any content column is another fix."""
    assert content(**{name: 0.25 if COLUMNS[name].dtype[1] == "f" else 0}) != content()


def test_the_device_is_not_content() -> None:
    """Content tells fixes of one device apart; the device is beside it in every key."""
    assert Fixes.of(["x", "t1"], device=[1], **{n: [v] for n, v in ONE.items()}).content[0] == content()


def test_swapped_columns_differ() -> None:
    """Latitude and longitude have their places in the hash."""
    assert content(lat=5.0, lon=6.0) != content(lat=6.0, lon=5.0)


@given(fixes())
def test_rows_hash_alone(batch: Fixes) -> None:
    """The hash of a row does not depend on the rows around it."""
    again = [
        int(Fixes.of(p.ids, **columns(p)).content[0]) for p in (batch.take(np.array([i])) for i in range(len(batch)))
    ]
    assert again == batch.content.tolist()


def columns(batch: Fixes) -> dict[str, Any]:
    """All columns but the hash."""
    return {name: getattr(batch, name) for name in COLUMNS if name != "content"}
