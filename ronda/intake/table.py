"""Rows of a CSV, XLSX or GeoJSON file, each with the place where it stands, so that a report can point at it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from core.errors import ConfigError
from ronda.intake import sheet as sheets

# What our fields are called in other people's files; the first name is our own.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "kode", "code", "kdepum", "kode_desa", "kode_kelurahan", "kdcpum"),
    "name": ("name", "nama", "namobj", "kelurahan", "desa"),
    "parent": ("parent", "kecamatan", "wadmkc", "kdccpum"),
    "cls": ("cls", "class", "kelas"),
    "profile": ("profile", "profil"),
    "sim_expires": ("sim_expires", "sim", "masa_aktif", "masa_aktif_sim", "kartu_habis"),
    "note": ("note", "catatan", "keterangan"),
    "kind": ("kind", "jenis", "type", "tipe"),
    "plate": ("plate", "nopol", "no_polisi", "nomor_polisi", "plat"),
    "group": ("group", "kelompok", "armada"),
    "workshop": ("workshop", "bengkel"),
    "phone": ("phone", "telepon", "no_hp", "nomor_hp", "hp", "whatsapp", "wa"),
    "lon": ("lon", "lng", "longitude", "bujur", "x"),
    "lat": ("lat", "latitude", "lintang", "y"),
    "radius_m": ("radius_m", "radius"),
    "width_m": ("width_m", "width", "lebar"),
    "enter_s": ("enter_s",),
    "exit_s": ("exit_s",),
    "margin_m": ("margin_m",),
    "queue_m": ("queue_m", "antrean"),
    "max_s": ("max_s", "paling_lama"),
    "skills": ("skills", "keahlian"),
    "points": ("points", "titik"),
    "from": ("from", "from_us", "mulai", "dari", "tanggal_mulai"),
    "until": ("until", "until_us", "to", "sampai", "selesai", "tanggal_selesai"),
    "device": ("device", "perangkat", "gps", "imei", "pelacak", "id_perangkat"),
    "vehicle": ("vehicle", "kendaraan", "truk", "no_lambung"),
    "person": ("person", "orang", "sopir", "relawan"),
    "route": ("route", "rute"),
    "shift": ("shift", "giliran"),
    "start": ("start", "start_min"),
    "end": ("end", "end_min"),
    "days": ("days", "hari"),
    "holidays": ("holidays", "hari_libur"),
    "date": ("date", "tanggal"),
}
# What stands for the id of a row where no column says id.
IDS: Final = {
    "devices": "device", "vehicles": "vehicle", "people": "person", "routes": "route", "shifts": "shift",
    "calendar": "date",
}  # fmt: skip
_KNOWN: Final = frozenset(name for names in SYNONYMS.values() for name in names)
_PLAIN: Final = re.compile(r"[^a-z0-9]+")


class RawRow(NamedTuple):
    """One row: where it stands, its values under our names, and its GeoJSON geometry if it has one."""

    where: str
    values: dict[str, Any]
    geometry: dict[str, Any] | None


def read(path: Path, columns: dict[str, str], sheet: str | None = None) -> list[RawRow]:
    """All rows; `columns` maps our names to the file's and goes before the synonyms; `sheet` is of a workbook."""
    data = bytes_of(path)
    if path.suffix.lower() in (".json", ".geojson"):
        return _features(path, data, columns)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _lines(path, data, columns)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        known = _KNOWN | {_plain(name) for name in columns.values()}
        found = sheets.rows(path, sheet, lambda name: _plain(name) in known)
        lines = ((f"row {number}", values) for number, values in found)
        return _rows(lines, columns)
    raise ConfigError(f"{path}: give a .geojson, a .csv or an .xlsx file (.xls and .ods: save as .xlsx).")


def parse_columns(text: str | None) -> dict[str, str]:
    """`id=KDEPUM,name=NAMOBJ` as a mapping."""
    pairs = [pair.partition("=") for pair in (text or "").split(",") if pair.strip()]
    if any(not ours.strip() or not theirs.strip() for ours, _, theirs in pairs):
        raise ConfigError("--columns takes NAME=COLUMN pairs parted by commas, such as id=KDEPUM,name=NAMOBJ.")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def bytes_of(path: Path) -> bytes:
    """The whole file; raises `ConfigError` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).") from error


def features_of(path: Path, data: bytes) -> list[dict[str, Any]]:
    """The features of a GeoJSON collection, whatever is in them; something else among them is an empty one."""
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path} is not valid JSON ({error}).") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise ConfigError(f"{path} is not a GeoJSON FeatureCollection.")
    return [given if isinstance(given, dict) else {} for given in features]


def _features(path: Path, data: bytes, columns: dict[str, str]) -> list[RawRow]:
    rows = []
    for number, feature in enumerate(features_of(path, data), 1):
        properties, geometry = (_mapping(feature.get(name)) for name in ("properties", "geometry"))
        own_id = {"id": str(feature["id"])} if feature.get("id") is not None else {}
        values = {**own_id, **_named(properties, columns)}
        rows.append(RawRow(f"feature {number}", values, geometry or None))
    return rows


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


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
    return _rows(((f"line {reader.line_num}", fields) for fields in reader), columns)


def _rows(lines: Iterable[tuple[str, dict[str, str]]], columns: dict[str, str]) -> list[RawRow]:
    """Rows of a table; an empty cell says nothing."""
    rows = []
    for where, fields in lines:
        given = {
            name: value.strip()
            for name, value in fields.items()
            if name and isinstance(value, str) and value.strip()  # cells beyond the header come as a list
        }
        if given:
            rows.append(RawRow(where, _named(given, columns), None))
    return rows


def _named(properties: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """The values under our names: by `columns`, else by a synonym, whatever the case."""
    lower = {_plain(name): value for name, value in properties.items() if value is not None}
    named = {}
    for ours, theirs in SYNONYMS.items():
        wanted = (_plain(columns[ours]),) if ours in columns else theirs
        found = next((lower[name] for name in wanted if name in lower), None)
        if found is not None:
            named[ours] = found
    return named


def _plain(name: str) -> str:
    """`No. Polisi` is `no_polisi`."""
    return _PLAIN.sub("_", name.lower()).strip("_")
