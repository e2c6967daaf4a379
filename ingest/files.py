"""Traces in files: CSV (`,` `;` or tab), XLSX, GPX, GeoJSON, Parquet → `Fixes`, and what was wrong with the rest.

Rows pass the same checks as live fixes, except that nothing is too far ahead. A time without an offset is UTC.
Columns are found by their usual names, or as told: `{"device": "unit", "time": "t_utc"}`. `zone` among them is the time
zone of times without an offset. What Traccar exported is known by its columns, and read as it would be live.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree as ET  # expat bounds entity expansion and fetches nothing

import numpy as np

from core.errors import ConfigError
from core.fixes import Fixes
from core.naming import DEVICE_LIMIT
from core.rejects import Reason
from ingest.columns import judge
from ingest.dialects import traccar
from ingest.exports import csv_position, is_traccar, json_position, localise, only_device, zone_of
from ingest.raw import Decoded, RawFix, number
from ingest.workbook import cell_speed, cell_time, sheets

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "device": ("device", "device_id", "deviceid", "unit", "vehicle_id", "vehicle", "imei", "user_id", "id"),
    "time": ("time", "timestamp", "datetime", "t_utc", "fixtime", "fix_time", "tst", "tracked_at", "ts"),
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "speed": ("speed", "speed_mps"),
    "course": ("course", "bearing", "heading"),
    "accuracy": ("accuracy", "accuracy_m", "acc"),
    "altitude": ("altitude", "altitude_m", "ele", "alt"),
    "battery": ("battery", "battery_pct"),
    "odometer": ("odometer", "odometer_m"),
    "ignition": ("ignition",),
    "moving": ("moving", "motion"),
}
ZONE: Final = "zone"
_REQUIRED: Final = ("time", "lat", "lon")
_NUMBERS: Final = ("speed", "course", "accuracy", "altitude", "battery", "odometer")
_TRUTH: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class Trouble(NamedTuple):
    """A row that was not taken. `line` is the line of a CSV, else the number of the point, from 1."""

    line: int
    reason: Reason
    detail: str


class Trace(NamedTuple):
    """What a file held."""

    fixes: Fixes
    troubles: list[Trouble]


class _Row(NamedTuple):
    """What a line says, by our names; or what a dialect has made of it already."""

    line: int
    values: Mapping[str, Any]
    decoded: Decoded | None = None


def parse_columns(text: str) -> dict[str, str]:
    """`device=unit,time=t_utc` as a mapping of our names to the file's."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    columns = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    for ours, theirs in columns.items():
        if ours not in {*SYNONYMS, ZONE} or not theirs:
            names = ", ".join((*SYNONYMS, ZONE))
            raise ConfigError(f"--columns has {ours!r}; write name=column with a name of {names}")
    return columns


def read_trace(path: Path, columns: Mapping[str, str] | None = None) -> Trace:
    """All fixes of a file, in its order; rows without a device column belong to a device named like the file."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(f"{path.name}: Ronda reads {', '.join(_READERS)}; rename or convert the file")
    try:
        return _assemble(_localised(reader(path, columns or {}), columns or {}), path.stem)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except (UnicodeDecodeError, csv.Error, json.JSONDecodeError, ET.ParseError) as error:
        raise ConfigError(f"{path.name} is damaged or not what its name says: {error}") from error


def _localised(rows: Iterable[_Row], told: Mapping[str, str]) -> Iterator[_Row]:
    """Rows whose times without an offset got that of the zone told, if one was."""
    zone = zone_of(told.get(ZONE))
    for row in rows:
        if zone is not None and row.decoded is None and isinstance(time := row.values.get("time"), str):
            yield row._replace(values={**row.values, "time": localise(time, zone)})
        else:
            yield row


def _assemble(rows: Iterable[_Row], stem: str) -> Trace:
    """Check rows and put the good ones into columns."""
    troubles: list[Trouble] = []
    raws: list[RawFix] = []
    lines: list[int] = []
    index: dict[str, int] = {}
    devices: list[int] = []
    flags: list[int] = []
    dialects: list[int] = []
    for row in rows:
        device = str(row.values.get("device") or stem).strip()
        fix, flag, trouble = _read(row, device)
        if fix is not None:
            raws.append(fix)
            lines.append(row.line)
            devices.append(index.setdefault(device, len(index)))
            flags.append(flag)
            dialects.append(1 if row.decoded is None else traccar.DIALECT.number)
        elif trouble is not None:
            troubles.append(trouble)
    judged = judge(raws, None, naive_is_utc=True)
    judged.columns["flags"] |= np.array(flags, np.uint32)
    good = judged.verdict < 0
    for bad in np.nonzero(~good)[0].tolist():
        raw = raws[bad]
        detail = f"time {raw.time!r:.40}" if judged.reason(bad) == "bad_time" else f"lat {raw.lat}, lon {raw.lon}"
        troubles.append(Trouble(lines[bad], judged.reason(bad), detail))
    columns = {name: column[good] for name, column in judged.columns.items()}
    columns["device"] = np.array(devices, np.int32)[good]
    columns["received_us"] = columns["time_us"]
    columns["dialect"] = np.array(dialects, np.uint8)[good]
    return Trace(Fixes.of(tuple(index), n=int(good.sum()), **columns), sorted(troubles))


def _read(row: _Row, device: str) -> tuple[RawFix | None, int, Trouble | None]:
    """The fix of a row with its flags, or what is wrong with it, or nothing: a heartbeat."""
    if not (0 < len(device) <= DEVICE_LIMIT and device.isprintable()):  # a file may call them what it likes
        detail = f"a device id has 1 to {DEVICE_LIMIT} printable characters, not {device!r:.60}"
        return None, 0, Trouble(row.line, "unknown_device", detail)
    if row.decoded is None:
        outcome = _read_values(row.values)
        return (outcome, 0, None) if isinstance(outcome, RawFix) else (None, 0, outcome._replace(line=row.line))
    if row.decoded.problems:
        problem = row.decoded.problems[0]
        return None, 0, Trouble(row.line, problem.reason, problem.detail)
    return (row.decoded.fixes[0], row.decoded.flags[0], None) if row.decoded.fixes else (None, 0, None)


def _read_values(values: Mapping[str, Any]) -> RawFix | Trouble:
    absent = [name for name in _REQUIRED if values.get(name) is None or values[name] == ""]
    if absent:
        return Trouble(0, "missing_field", ", ".join(absent))
    if not isinstance(values["time"], int | float | str):
        return Trouble(0, "bad_time", f"time {values['time']!r:.40}")
    options: dict[str, Any] = {name: _number(values.get(name)) for name in _NUMBERS}
    for name in ("ignition", "moving"):
        options[name] = _TRUTH.get(str(values.get(name)).lower())
    return RawFix(values["time"], _number(values["lat"]), _number(values["lon"]), **options)


def _number(value: Any) -> float:
    """A number; a decimal comma will do (in a file whose separator is not a comma)."""
    return number(value.replace(",", ".") if isinstance(value, str) else value)


def _columns_of(header: list[str], told: Mapping[str, str], name: str) -> dict[str, str]:
    """Which column of the file holds what."""
    by_lower = {column.strip().lower(): column for column in reversed(header)}
    found: dict[str, str] = {}
    for ours, theirs in SYNONYMS.items():
        wanted = (told[ours].lower(),) if ours in told else theirs
        column = next((by_lower[candidate] for candidate in wanted if candidate in by_lower), None)
        if column is not None:
            found[ours] = column
        elif ours in told or ours in _REQUIRED:
            asked = told.get(ours, ours)
            raise ConfigError(f"{name} has no column {asked!r}; it has {', '.join(header)}. Say --columns {ours}=NAME")
    return found


def _read_csv(path: Path, told: Mapping[str, str]) -> Iterator[_Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(file, delimiter=delimiter)
        header = next(reader, [])
        if is_traccar(header):
            yield from _of_traccar(
                ((reader.line_num, csv_position(header, c, told.get(ZONE))) for c in reader if c), told
            )
            return
        places = {ours: header.index(column) for ours, column in _columns_of(header, told, path.name).items()}
        for cells in reader:
            if cells:
                yield _Row(reader.line_num, {o: cells[at] for o, at in places.items() if at < len(cells)})


def _of_traccar(positions: Iterable[tuple[int, dict[str, Any]]], told: Mapping[str, str]) -> Iterator[_Row]:
    """Rows of an export of Traccar, which knows devices by numbers of its own: the file names the device, or `told`."""
    check = only_device()
    for line, position in positions:
        device = check(position) if "device" not in told else position.get(told["device"], "")
        yield _Row(line, {"device": device}, traccar.read_position(position))


def _read_gpx(path: Path, told: Mapping[str, str]) -> Iterator[_Row]:
    del told  # GPX has fixed names
    device, n = "", 0
    path_to: list[str] = []
    for event, element in ET.iterparse(path, ("start", "end")):  # noqa: S314  # see the import
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            path_to.append(tag)
            continue
        path_to.pop()
        if tag == "name" and path_to[-1:] == ["trk"]:
            device = (element.text or "").strip()
        elif tag in {"trkpt", "wpt"}:
            n += 1
            values = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element.iter()}
            values |= {"altitude": values.get("ele", ""), "device": device, **element.attrib}
            yield _Row(n, values)
            element.clear()
        elif tag == "trk":
            device = ""


def _read_geojson(path: Path, told: Mapping[str, str]) -> Iterator[_Row]:
    value = json.loads(path.read_text(encoding="utf-8-sig"))
    if isinstance(value, list) and value and all(isinstance(p, dict) and "fixTime" in p for p in value):
        yield from _of_traccar(enumerate(map(json_position, value), start=1), told)
        return
    features = value.get("features", [value]) if isinstance(value, dict) else []
    n = 0
    for feature in features:
        geometry = (feature.get("geometry") if isinstance(feature, dict) else None) or {}
        properties = _rename((feature.get("properties") if isinstance(feature, dict) else None) or {}, told)
        for point, time in _points(geometry, properties):
            n += 1
            place = {"lon": point[0], "lat": point[1]} if len(point) > 1 else {}
            height = {"altitude": point[2]} if len(point) > 2 else {}
            yield _Row(n, {**properties, **height, **place, "time": time})
    if not n:
        raise ConfigError(f"{path.name} holds no GeoJSON points with a time")


def _rename(properties: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    by_lower = {name.lower(): value for name, value in properties.items()}
    wanted = {ours: (told[ours].lower(),) if ours in told else theirs for ours, theirs in SYNONYMS.items()}
    found = {o: next((by_lower[name] for name in names if name in by_lower), None) for o, names in wanted.items()}
    return found | {"times": by_lower.get("coordtimes") or by_lower.get("times") or []}


def _points(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> list[tuple[list[Any], Any]]:
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        return []
    if geometry.get("type") == "Point":
        return [(coordinates, properties.get("time"))]
    if geometry.get("type") == "LineString":
        times = properties["times"]
        return [
            (point, times[i] if i < len(times) else None)
            for i, point in enumerate(coordinates)
            if isinstance(point, list)
        ]
    return []


def _read_parquet(path: Path, told: Mapping[str, str]) -> Iterator[_Row]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ConfigError("reading Parquet needs pyarrow: pip install 'ronda[parquet]'") from None
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path.name} is damaged or not what its name says: {error}") from error
    places = _columns_of(table.column_names, told, path.name)
    columns: dict[str, list[Any]] = {}
    for ours, theirs in places.items():
        column = table.column(theirs)
        if pa.types.is_timestamp(column.type):
            instants = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_pylist()
            columns[ours] = [None if us is None else us / 1e6 for us in instants]
        else:
            columns[ours] = column.to_pylist()
    for i in range(table.num_rows):
        yield _Row(i + 1, {ours: values[i] for ours, values in columns.items()})


def _read_xlsx(path: Path, told: Mapping[str, str]) -> Iterator[_Row]:
    """Every sheet with times and places; an invalid position of a route report is an old one."""
    some = False
    for sheet in sheets(path, [(told[ours].lower(),) if ours in told else SYNONYMS[ours] for ours in _REQUIRED]):
        some = True
        places = {ours: sheet.header.index(c) for ours, c in _columns_of(sheet.header, told, path.name).items()}
        valid_at = next((i for i, name in enumerate(sheet.header) if name.lower() == "valid" and sheet.is_report), None)
        for line, cells in sheet.rows:
            values = {ours: cells[at] for ours, at in places.items() if at < len(cells) and cells[at] is not None}
            if not values or (valid_at is not None and str(cells[valid_at]).lower() in ("false", "0")):
                continue
            speed = cell_speed(values.get("speed"), of_report=sheet.is_report)
            own = {"time": cell_time(values.get("time")), "speed": speed}
            yield _Row(line, {"device": sheet.device, **values, **own})
    if not some:
        raise ConfigError(
            f"{path.name} has no sheet with the columns {', '.join(_REQUIRED)}. Say --columns time=NAME,…"
        )


_READERS: Final[dict[str, Callable[[Path, Mapping[str, str]], Iterator[_Row]]]] = {
    ".csv": _read_csv,
    ".txt": _read_csv,
    ".tsv": _read_csv,
    ".gpx": _read_gpx,
    ".geojson": _read_geojson,
    ".json": _read_geojson,
    ".parquet": _read_parquet,
    ".xlsx": _read_xlsx,
}
