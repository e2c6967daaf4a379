"""From ways of a map to a road graph: split at crossings, without islands, joined where nothing branches off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.errors import ConfigError
from dispatch.roads.graph import UNIT, Roads
from dispatch.roads.metric import between_m
from dispatch.roads.speeds import CLASSES, SPEEDS_KMH
from dispatch.roads.tags import Point, Way

_KINDS: Final = {kind: number for number, kind in enumerate(SPEEDS_KMH)}


@dataclass(slots=True)
class Report:
    """What became of the ways. `islands_km` is, by class, road that a vehicle cannot reach and come back from."""

    ways: int = 0
    nodes: int = 0
    segments: int = 0
    km: float = 0.0
    doubles: int = 0
    joined: int = 0
    dropped_km: float = 0.0
    islands: int = 0
    islands_km: dict[str, float] = field(default_factory=dict)
    biggest_island: tuple[float, float] | None = None  # lon, lat of some point of it


def build(ways: Iterable[Way]) -> tuple[Roads, Report]:
    """The graph of the ways, the same for any order of them; raises `ConfigError` if nothing is left."""
    report = Report()
    pieces = _split(list(ways), report)
    pieces = _main_land(pieces, report)
    pieces = _joined(pieces, report)
    if not pieces:
        raise ConfigError(
            "no road is left that a vehicle could use: is the file of this city, and are its roads in it?"
        )
    roads = _graph(sorted(pieces, key=lambda piece: piece.points))
    report.nodes, report.segments, report.km = roads.nodes, roads.segments, roads.km
    return roads, report


def _split(ways: list[Way], report: Report) -> list[Way]:
    """Parts of ways between crossings, each once."""
    report.ways = len(ways)
    whole = _once((replace(way, points=_without_repeats(way.points)) for way in ways), report)
    uses = Counter(point for way in whole for point in way.points)
    uses.update(point for way in whole for point in (way.points[0], way.points[-1]))  # an end is a crossing
    return _once((piece for way in whole for piece in _pieces(way, uses)), report)


def _pieces(way: Way, uses: Mapping[Point, int]) -> Iterator[Way]:
    cuts = [i for i, point in enumerate(way.points) if uses[point] > 1]
    for start, end in pairwise(cuts):
        yield replace(way, points=way.points[start : end + 1])


def _once(ways: Iterable[Way], report: Report) -> list[Way]:
    """Each line once: a map may have both directions as two."""
    found: dict[tuple[Any, ...], Way] = {}
    for given in ways:
        way = _forward(given)
        key = (way.points, way.kind, way.limit_kmh)
        known = found.get(key)
        report.doubles += known is not None
        found[key] = _both(known, way) if known else way
    return list(found.values())


def _without_repeats(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(point for i, point in enumerate(points) if i == 0 or point != points[i - 1])


def _forward(way: Way) -> Way:
    """The way in the direction that sorts first."""
    turned = way.points[::-1]
    return way if way.points <= turned else replace(way, points=turned, forth=way.back, back=way.forth)


def _both(one: Way, other: Way) -> Way:
    return replace(one, forth=one.forth | other.forth, back=one.back | other.back)


def _main_land(pieces: list[Way], report: Report) -> list[Way]:
    """Only what a class can reach from anywhere else and leave again: one strongly connected part for each class."""
    if not pieces:
        return []
    numbers = {point: i for i, point in enumerate(sorted({p for w in pieces for p in (w.points[0], w.points[-1])}))}
    a, b = (np.array([numbers[way.points[end]] for way in pieces]) for end in (0, -1))
    masks = np.array([(way.forth, way.back) for way in pieces], np.uint8)
    length_m = np.array([_length_m(way.points) for way in pieces])
    kept = np.zeros_like(masks)
    for cls, name in enumerate(CLASSES):
        able = np.array([SPEEDS_KMH[way.kind][cls] > 0 for way in pieces])
        may = (masks >> cls & 1).astype(bool) & able[:, None]
        label = _parts(may, a, b, len(numbers))
        within = may.any(axis=1) & (label[a] == label[b])
        main = np.argmax(np.bincount(label[a[within]], weights=length_m[within], minlength=1))
        inside = may & (within & (label[a] == main))[:, None]
        kept |= inside.astype(np.uint8) << cls
        report.islands_km[name] = float(length_m[may.any(axis=1) & ~inside.any(axis=1)].sum()) / 1000
    lost: NDArray[np.bool_] = ~np.any(kept, axis=1)
    report.dropped_km = float(length_m[lost].sum()) / 1000
    _report_islands(report, lost, a, b, length_m, [way.points[0] for way in pieces])
    return [
        replace(way, forth=int(forth), back=int(back))
        for way, (forth, back), gone in zip(pieces, kept.tolist(), lost.tolist(), strict=True)
        if not gone
    ]


def _parts(may: Any, a: Any, b: Any, n: int) -> Any:
    """For each node the strongly connected part that it belongs to."""
    tail, head = np.concatenate([a[may[:, 0]], b[may[:, 1]]]), np.concatenate([b[may[:, 0]], a[may[:, 1]]])
    graph = coo_array((np.ones(len(tail), np.int8), (tail, head)), shape=(n, n)).tocsr()
    return connected_components(graph, directed=True, connection="strong")[1]


def _report_islands(report: Report, lost: Any, a: Any, b: Any, length_m: Any, points: list[Point]) -> None:
    if not lost.any():
        return
    n = int(max(a.max(), b.max())) + 1
    graph = coo_array((np.ones(int(lost.sum()), np.int8), (a[lost], b[lost])), shape=(n, n)).tocsr()
    part = connected_components(graph, directed=False)[1][a]
    lengths = np.bincount(part[lost], weights=length_m[lost])
    report.islands = int((np.bincount(part[lost]) > 0).sum())
    lon, lat = points[int(np.flatnonzero(lost & (part == lengths.argmax()))[0])]
    report.biggest_island = (lon / UNIT, lat / UNIT)


def _joined(pieces: list[Way], report: Report) -> list[Way]:
    """Pieces that meet where nothing else does become one, with the line of both."""
    kept = dict(enumerate(pieces))
    at: dict[Point, list[int]] = {}
    for number, way in kept.items():
        for point in (way.points[0], way.points[-1]):
            at.setdefault(point, []).append(number)
    for point in sorted(at):
        numbers = at[point]
        if len(numbers) != 2 or numbers[0] == numbers[1]:
            continue
        one, other = _ending(kept[numbers[0]], point), _ending(kept[numbers[1]], point)
        whole = _meet(one, other)
        if whole is None:
            continue
        far = whole.points[-1]
        kept[numbers[0]] = whole
        del kept[numbers[1]], at[point]
        at[far][at[far].index(numbers[1])] = numbers[0]
        report.joined += 1
    return [_forward(way) for way in kept.values()]


def _ending(way: Way, point: Point) -> Way:
    """The way turned so that it ends at the point."""
    if way.points[-1] == point:
        return way
    return replace(way, points=way.points[::-1], forth=way.back, back=way.forth)


def _meet(one: Way, other: Way) -> Way | None:
    """Two ways that end at one point as a single one, if nothing tells them apart and no ring closes."""
    alike = (one.kind, one.limit_kmh, one.forth, one.back) == (other.kind, other.limit_kmh, other.back, other.forth)
    if not alike or one.points[0] == other.points[0]:
        return None
    return replace(one, points=one.points + other.points[-2::-1])


def _graph(pieces: list[Way]) -> Roads:
    ends = sorted({point for way in pieces for point in (way.points[0], way.points[-1])})
    numbers = {point: i for i, point in enumerate(ends)}
    node = np.array(ends, np.int32)
    first = np.concatenate([[0], np.cumsum([len(way.points) for way in pieces])])
    return Roads(
        lon=node[:, 0].copy(),
        lat=node[:, 1].copy(),
        a=np.array([numbers[way.points[0]] for way in pieces], np.int32),
        b=np.array([numbers[way.points[-1]] for way in pieces], np.int32),
        length_cm=np.array([round(_length_m(way.points) * 100) for way in pieces], np.int32),
        kind=np.array([_KINDS[way.kind] for way in pieces], np.uint8),
        limit_kmh=np.array([way.limit_kmh for way in pieces], np.uint8),
        forth=np.array([way.forth for way in pieces], np.uint8),
        back=np.array([way.back for way in pieces], np.uint8),
        first=first.astype(np.int32),
        line=np.array([point for way in pieces for point in way.points], np.int32),
        kinds=tuple(SPEEDS_KMH),
        speeds=tuple(SPEEDS_KMH.values()),
    )


def _length_m(points: tuple[Point, ...]) -> float:
    lon, lat = np.array(points).T / UNIT
    return float(between_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum())
