"""Ways of a road map from a file: OpenStreetMap (PBF, XML), or lines of GeoJSON with OpenStreetMap's tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from core.errors import ConfigError
from dispatch.roads.graph import UNIT
from dispatch.roads.speeds import SPEEDS_KMH
from dispatch.roads.tags import Point, Way, kind_of, way_of
from ronda.intake.table import bytes_of, features_of

OSM: Final = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".xml")
MAX_WAYS: Final = 2_000_000  # of a file, roads only; a country has more, a city a hundredth of it


class Ways(NamedTuple):
    """The ways that somebody can use, and how many lines were passed over, by reason."""

    ways: list[Way]
    passed: Counter[str]


def ways_of(path: Path) -> Ways:
    """All ways of a file; raises `ConfigError` if it cannot be read."""
    name = path.name.lower()
    lines = _osm(path) if name.endswith(OSM) else _geojson(path)
    ways, passed = [], Counter[str]()
    for tags, points in lines:
        way = way_of(tags, points)
        if way is not None:
            ways.append(way)
        else:
            passed[_reason(tags, points)] += 1
        if len(ways) > MAX_WAYS:
            raise ConfigError(f"{path} has more than {MAX_WAYS} roads; cut it to the city (osmium extract, or JOSM).")
    return Ways(ways, passed)


def _reason(tags: Mapping[str, Any], points: tuple[Point, ...]) -> str:
    kind = kind_of(tags)
    if len(points) < 2:
        return "with less than two points in the file"
    return f"highway={kind or '(none)'}" + (" closed to everybody" if kind in SPEEDS_KMH else "")


def _osm(path: Path) -> Iterator[tuple[Mapping[str, Any], tuple[Point, ...]]]:
    try:
        import osmium
    except ImportError as error:
        raise ConfigError('OpenStreetMap files need the package osmium: pip install "ronda[roads]".') from error
    if not path.is_file():
        raise ConfigError(f"{path} cannot be read (no such file).")
    try:
        ways = osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("highway"))
        for way in ways:
            if isinstance(way, osmium.osm.Way):
                tags = {tag.k: tag.v for tag in way.tags}
                for points in _runs(way.nodes):
                    yield tags, points
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise ConfigError(f"{path} is not a whole OpenStreetMap file ({error}); download it again.") from error


def _runs(nodes: Iterable[Any]) -> list[tuple[Point, ...]]:
    """Stretches of a way whose nodes are in the file: at the border of an extract some are not."""
    runs: list[list[Point]] = [[]]
    for node in nodes:
        if node.location.valid():
            runs[-1].append((node.location.x, node.location.y))
        else:
            runs.append([])
    return [tuple(run) for run in runs if len(run) > 1] or [()]


def _geojson(path: Path) -> Iterator[tuple[Mapping[str, Any], tuple[Point, ...]]]:
    if path.suffix.lower() not in (".json", ".geojson"):
        raise ConfigError(f"{path}: give an OpenStreetMap file ({', '.join(OSM)}) or a .geojson of lines.")
    for number, feature in enumerate(features_of(path, bytes_of(path)), 1):
        tags, shape = feature.get("properties") or {}, feature.get("geometry") or {}
        for line in _lines(shape):
            yield tags, _points(line, f"{path} feature {number}")


def _lines(shape: dict[str, Any]) -> list[Any]:
    """The lines of a geometry; one without points for any other."""
    if shape.get("type") == "LineString":
        return [shape.get("coordinates")]
    several = shape.get("coordinates")
    return several if shape.get("type") == "MultiLineString" and isinstance(several, list) else [()]


def _points(line: Any, where: str) -> tuple[Point, ...]:
    try:
        points = tuple((round(float(lon) * UNIT), round(float(lat) * UNIT)) for lon, lat, *_ in line)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"{where}: its line is not made of positions (lon, lat): {error}.") from error
    for lon, lat in points:
        if abs(lon) > 180 * UNIT or abs(lat) > 90 * UNIT:
            raise ConfigError(f"{where}: {lon / UNIT}, {lat / UNIT} is no position in degrees; save it as WGS 84.")
    return points
