"""Bytes of the log, version 1; the only wire format inside the system.

A body is `b"R1"`, a kind byte, a packing byte (0: plain), then the payload. Fixes: a little-endian u32 length, a
msgpack header `{"n", "ids", "columns": [[name, dtype], ...]}` and the raw columns one after another. Everything
else: one msgpack value. Columns and record fields travel by name: a reader fills what it misses and passes over
what it does not know, so a later version may add and never needs to change.
"""

from __future__ import annotations

import struct
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from core.entries import Command, Config, Sightings, Tick
from core.errors import DecodeError
from core.events import Event
from core.fixes import COLUMNS, Fixes
from core.rejects import Reject

MAGIC: Final = b"R1"
_KINDS: Final = {
    "fixes": b"F",
    "tick": b"T",
    "command": b"C",
    "config": b"G",
    "events": b"E",
    "rejects": b"J",
    "sightings": b"S",
}
_NAMES: Final = {code: kind for kind, code in _KINDS.items()}
_TYPES: Final[dict[str, Any]] = {
    "tick": Tick,
    "command": Command,
    "config": Config,
    "sightings": Sightings,
    "events": list[Event],
    "rejects": list[Reject],
}
_RECORDS: Final[dict[Any, str]] = {Tick: "tick", Command: "command", Config: "config", Sightings: "sightings"}
_pack: Final = msgspec.msgpack.Encoder()
_unpack: Final = {kind: msgspec.msgpack.Decoder(type_) for kind, type_ in _TYPES.items()}


class _Header(msgspec.Struct):
    n: Annotated[int, msgspec.Meta(ge=0, le=1 << 32)]
    ids: list[str]
    columns: list[tuple[str, str]]


_header: Final = msgspec.msgpack.Decoder(_Header)
_DTYPES: Final = frozenset({f"<{kind}{size}" for kind in "iuf" for size in (2, 4, 8)} | {"|i1", "|u1"})
_DAMAGED: Final = (
    msgspec.MsgspecError, ValueError, KeyError, TypeError, struct.error, OverflowError, RecursionError, MemoryError,
)  # fmt: skip


def kind_of(value: Any) -> str:
    """The kind under which a value travels."""
    if isinstance(value, Fixes):
        return "fixes"
    if isinstance(value, list):
        return "rejects" if value and isinstance(value[0], Reject) else "events"
    return _RECORDS[type(value)]


def encode(value: Any) -> bytes:
    """Body bytes of a `Fixes`, `Tick`, `Command`, `Config` or list of events."""
    kind = kind_of(value)
    payload = _encode_fixes(value) if kind == "fixes" else _pack.encode(value)
    return MAGIC + _KINDS[kind] + b"\0" + payload


def decode(body: bytes) -> Any:
    """The value of a body; raises `DecodeError` for anything that `encode` did not write."""
    kind = _NAMES.get(body[2:3])
    if body[:2] != MAGIC or kind is None or body[3:4] != b"\0":
        raise DecodeError("bad_entry", "not a version 1 entry; a newer Ronda wrote it or it is damaged")
    try:
        return _decode_fixes(memoryview(bytearray(body))[4:]) if kind == "fixes" else _unpack[kind].decode(body[4:])
    except (
        msgspec.MsgspecError,
        ValueError,
        KeyError,
        TypeError,
        struct.error,
        OverflowError,
        RecursionError,
    ) as error:
        raise DecodeError("bad_entry", str(error)) from error


def _encode_fixes(fixes: Fixes) -> bytes:
    columns = [[name, c.dtype] for name, c in COLUMNS.items()]
    header = _pack.encode({"n": len(fixes), "ids": fixes.ids, "columns": columns})
    parts = [np.ascontiguousarray(getattr(fixes, name), c.dtype).tobytes() for name, c in COLUMNS.items()]
    return b"".join([struct.pack("<I", len(header)), header, *parts])


def _decode_fixes(view: memoryview) -> Fixes:
    """Views of writable bytes: a kernel that was compiled for columns that may not be written to fits no others."""
    size = struct.unpack_from("<I", view)[0]
    header = _header.decode(view[4 : 4 + size])
    n, at, columns = header.n, 4 + size, {}
    if n and not header.columns:
        raise ValueError("rows without columns")
    for name, dtype in header.columns:
        if dtype not in _DTYPES:
            raise ValueError(f"unknown dtype {dtype!r}")
        width = np.dtype(dtype).itemsize
        columns[name] = np.frombuffer(view, dtype, n, at)
        at += n * width
    if at != len(view):
        raise ValueError("length does not match the header")
    known = {name: column for name, column in columns.items() if name in COLUMNS}
    fixes = Fixes.of(header.ids, n=n, **known)
    if n and not 0 <= int(fixes.device.min()) <= int(fixes.device.max()) < len(fixes.ids):
        raise ValueError("a device index points outside the dictionary")
    return fixes
