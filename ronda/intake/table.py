"""Rows of a CSV or GeoJSON file, each with the place where it stands, so that a report can point at it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from core.errors import ConfigError

# What our fields are called in other people's files; the first name is our own.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "kode", "code", "kdepum", "kode_desa", "kode_kelurahan", "kdcpum"),
    "name": ("name", "nama", "namobj", "kelurahan", "desa"),
    "parent": ("parent", "kecamatan", "wadmkc", "kdccpum"),
    "cls": ("cls", "class", "kelas"),
    "kind": ("kind", "jenis", "type", "tipe"),
    "plate": ("plate", "nopol", "nomor_polisi", "plat"),
    "group": ("group", "kelompok", "armada"),
    "workshop": ("workshop", "bengkel"),
    "lon": ("lon", "lng", "longitude", "bujur", "x"),
    "lat": ("lat", "latitude", "lintang", "y"),
    "radius_m": ("radius_m", "radius"),
    "skills": ("skills", "keahlian"),
    "points": ("points", "titik"),
    "from": ("from", "from_us", "mulai", "dari"),
    "until": ("until", "until_us", "to", "sampai", "selesai"),
    "device": ("device", "perangkat", "gps"),
    "vehicle": ("vehicle", "kendaraan", "truk"),
    "person": ("person", "orang", "sopir"),
    "route": ("route", "rute"),
    "shift": ("shift", "giliran"),
    "start": ("start", "start_min"),
    "end": ("end", "end_min"),
    "days": ("days", "hari"),
}


class RawRow(NamedTuple):
    """One row: where it stands, its values under our names, and its GeoJSON geometry if it has one."""

    where: str
    values: dict[str, Any]
    geometry: dict[str, Any] | None


def read(path: Path, columns: dict[str, str]) -> list[RawRow]:
    """All rows; `columns` maps our names to the file's and goes before the synonyms."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).") from error
    if path.suffix.lower() in (".json", ".geojson"):
        return _features(path, data, columns)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _lines(path, data, columns)
    raise ConfigError(f"{path}: give a .geojson or a .csv file.")


def parse_columns(text: str | None) -> dict[str, str]:
    """`id=KDEPUM,name=NAMOBJ` as a mapping."""
    pairs = [pair.partition("=") for pair in (text or "").split(",") if pair.strip()]
    if any(not ours.strip() or not theirs.strip() for ours, _, theirs in pairs):
        raise ConfigError("--columns takes NAME=COLUMN pairs parted by commas, such as id=KDEPUM,name=NAMOBJ.")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _features(path: Path, data: bytes, columns: dict[str, str]) -> list[RawRow]:
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path} is not valid JSON ({error}).") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise ConfigError(f"{path} is not a GeoJSON FeatureCollection.")
    rows = []
    for number, given in enumerate(features, 1):
        feature = given if isinstance(given, dict) else {}
        properties = feature.get("properties") or {}
        own_id = {"id": str(feature["id"])} if feature.get("id") is not None else {}
        values = {**own_id, **_named(properties, columns)}
        rows.append(RawRow(f"feature {number}", values, feature.get("geometry")))
    return rows


def _lines(path: Path, data: bytes, columns: dict[str, str]) -> list[RawRow]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # a spreadsheet's default where UTF-8 is not
    header = text.partition("\n")[0]
    delimiter = max(";\t,", key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    if not reader.fieldnames:
        raise ConfigError(f"{path} is empty; its first line must name the columns.")
    rows = []
    for fields in reader:
        given = {name: value.strip() for name, value in fields.items() if name and value and value.strip()}
        if given:
            rows.append(RawRow(f"line {reader.line_num}", _named(given, columns), None))
    return rows


def _named(properties: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """The values under our names: by `columns`, else by a synonym, whatever the case."""
    lower = {name.strip().lower(): value for name, value in properties.items() if value is not None}
    named = {}
    for ours, theirs in SYNONYMS.items():
        wanted = (columns[ours].lower(),) if ours in columns else theirs
        found = next((lower[name] for name in wanted if name in lower), None)
        if found is not None:
            named[ours] = found
    return named
