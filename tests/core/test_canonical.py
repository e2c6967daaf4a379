"""One form of JSON: equal values, equal bytes."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.canonical import canonical, digest_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"b": 1, "a": [1.0, 2.50]}', '{"a":[1,2.5],"b":1}'),
        ("1e16", "10000000000000000"),
        ("10000000000000000.0", "10000000000000000"),
        ("-0.0", "0"),
        ("0.0000001", "1e-7"),
        ('"\\u00e9\\/"', '"é/"'),
    ],
)
def test_the_form_is_this(text: str, form: str) -> None:
    """Keys sorted, whole numbers without a fraction, the shortest digits, no escapes that need not be."""
    assert canonical(text).decode() == form


@given(value=VALUES)
def test_it_depends_on_the_value_alone(value: Any) -> None:
    """However it was written: by another library, with spaces, keys in another order."""
    form = canonical(msgspec.json.encode(value))
    assert canonical(json.dumps(value, indent=2, ensure_ascii=False)) == form
    assert canonical(form) == form


def test_a_digest_can_be_computed_by_anybody() -> None:
    """sha256 of sorted JSON without spaces, as any library writes it."""
    value = {"b": [1, 2.5], "a": "é"}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest_of(value) == sha256(text.encode()).digest()
