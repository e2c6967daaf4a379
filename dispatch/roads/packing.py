"""A road graph as bytes, and as rows of a configuration entry. The same graph gives the same version anywhere.

Columns travel by name as differences from row to row, little-endian, then packed by zlib. The version is a hash of
what was packed and not of the packed bytes: another zlib may pack better.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.entities import RoadPart
from core.errors import ConfigError
from dispatch.roads.graph import MAX_NODES, MAX_POINTS, MAX_SEGMENTS, Roads
from dispatch.roads.speeds import CLASSES, Speeds

FORMAT: Final = "ronda roads 1"
PART_BYTES: Final = 64_000  # of one row, below 64 kB with its frame
_COLUMNS: Final = {
    "lon": "<i4", "lat": "<i4", "a": "<i4", "b": "<i4", "length_cm": "<i4", "kind": "|u1", "limit_kmh": "|u1",
    "forth": "|u1", "back": "|u1", "first": "<i4", "line": "<i4",
}  # fmt: skip
_MOST: Final = 8 * (MAX_NODES + MAX_POINTS) + 24 * MAX_SEGMENTS + 100_000  # bytes unpacked
_DAMAGED: Final = "the roads in the log are damaged or were written by a newer Ronda; import them again"


class _Packed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the bytes; `classes` says whose speeds the columns of `speeds` are."""

    format: str
    classes: tuple[str, ...]
    kinds: tuple[str, ...]
    speeds: tuple[Speeds, ...]
    columns: dict[str, bytes]


def version_of(roads: Roads) -> str:
    """Sixteen hex digits that name this very graph."""
    return _hash(_plain(roads))


def pack(roads: Roads) -> bytes:
    """Bytes that `unpack` reads back."""
    return zlib.compress(_plain(roads), 9)


def unpack(body: bytes) -> Roads:
    """The graph of these bytes; raises `ConfigError` for any others."""
    return _roads(_plain_of(body))


def rows_of(roads: Roads) -> list[dict[str, Any]]:
    """The graph as rows, each small enough to be one row of an entry."""
    plain = _plain(roads)
    body, version = zlib.compress(plain, 9), _hash(plain)
    parts = [body[at : at + PART_BYTES] for at in range(0, len(body), PART_BYTES)]
    return [
        {"id": f"roads-{n:04}", "version": version, "part": n, "of": len(parts), "body": part}
        for n, part in enumerate(parts, 1)
    ]


def graph_of(rows: Iterable[Mapping[str, Any] | RoadPart]) -> Roads | None:
    """The graph of all rows of the section; None while parts of it are missing or of another version.

    A set of several entries is replaced row by row, so in between the rows belong to two graphs.
    """
    parts = sorted((_part(row) for row in rows), key=lambda part: part.part)
    if not parts or [part.part for part in parts[: parts[0].of]] != list(range(1, parts[0].of + 1)):
        return None
    kept = parts[: parts[0].of]  # rows beyond are of a longer graph before
    if len({(part.version, part.of) for part in kept}) > 1:
        return None
    plain = _plain_of(b"".join(part.body for part in kept))
    if _hash(plain) != kept[0].version:
        raise ConfigError(_DAMAGED)
    return _roads(plain)


def _part(row: Mapping[str, Any] | RoadPart) -> RoadPart:
    try:
        return msgspec.convert(row, RoadPart)
    except msgspec.ValidationError as error:
        raise ConfigError(_DAMAGED) from error


def _hash(plain: bytes) -> str:
    return hashlib.sha256(plain).hexdigest()[:16]


def _plain(roads: Roads) -> bytes:
    columns = {name: _steps(np.asarray(getattr(roads, name), dtype)) for name, dtype in _COLUMNS.items()}
    packed = _Packed(format=FORMAT, classes=CLASSES, kinds=roads.kinds, speeds=roads.speeds, columns=columns)
    return msgspec.msgpack.encode(packed)


def _plain_of(body: bytes) -> bytes:
    """Unpacked, and no more than a graph can be: a few bytes may unpack to gigabytes."""
    opened = zlib.decompressobj()
    try:
        plain = opened.decompress(body, _MOST)
    except zlib.error as error:
        raise ConfigError(_DAMAGED) from error
    if not opened.eof or opened.unused_data:
        raise ConfigError(_DAMAGED)
    return plain


def _roads(plain: bytes) -> Roads:
    try:
        packed = msgspec.msgpack.decode(plain, type=_Packed)
        columns: dict[str, Any] = {name: _sums(packed.columns[name], name) for name in _COLUMNS}
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise ConfigError(_DAMAGED) from error
    if packed.format != FORMAT or packed.classes != CLASSES:
        raise ConfigError(_DAMAGED)
    return Roads(**columns, kinds=packed.kinds, speeds=packed.speeds)


def _steps(column: NDArray[Any]) -> bytes:
    """Differences down the rows pack better than the values; they wrap around, as the sums do."""
    before = np.zeros_like(column)
    before[1:] = column[:-1]
    packed: bytes = (column - before).tobytes()
    return packed


def _sums(body: bytes, name: str) -> NDArray[Any]:
    steps = np.frombuffer(body, _COLUMNS[name])
    rows = steps.reshape(-1, 2) if name == "line" else steps
    return np.cumsum(rows, axis=0, dtype=rows.dtype)
