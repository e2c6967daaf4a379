"""Hypothesis strategies for any of our records, derived from their annotations."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(1 << 63), (1 << 63) - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8),
    bytes: st.binary(max_size=8),
    bool: st.booleans(),
    type(None): st.none(),
    Any: st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=4), st.lists(st.floats(0, 1))),
}


def records(type_: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one return per kind of type
    """Values of a record type, or of any type that its fields may have; floats are finite, as JSON has no others."""
    while hasattr(type_, "__supertype__"):
        type_ = type_.__supertype__
    args = get_args(type_)
    if hasattr(type_, "__metadata__"):  # a bounded number or text
        bound = type_.__metadata__[0]
        number = st.integers if args[0] is int else st.floats
        return number(bound.ge, bound.le) if bound.ge is not None else records(args[0])
    if type_ in PLAIN:
        return PLAIN[type_]
    if get_origin(type_) is Literal:
        return st.sampled_from(args)
    if get_origin(type_) is dict:
        return st.dictionaries(records(args[0]), records(args[1]), max_size=2)
    if get_origin(type_) is tuple:
        of_each = [records(a) for a in args if a is not Ellipsis]
        return st.lists(of_each[0], max_size=2).map(tuple) if Ellipsis in args else st.tuples(*of_each)
    if args:
        return st.one_of([records(a) for a in args])
    hints = get_type_hints(type_, include_extras=True)
    return st.builds(type_, **{f.name: records(hints[f.name]) for f in msgspec.structs.fields(type_)})
