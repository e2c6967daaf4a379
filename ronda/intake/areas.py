"""A boundary set as it comes: repaired where it is dirty, joined where one area has several parts, versioned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from core.assigning import fault
from core.boundaries import set_version
from core.entities import Area, AreaId
from ronda.intake.borders import misfits
from ronda.intake.polygons import Repaired, repaired, rings_of
from ronda.intake.table import RawRow
from ronda.intake.taken import Taken


def areas(raw: Sequence[RawRow], version: str = "") -> Taken:
    """One `Area` for each id; features of one id are joined. Without a version the set is named after its content."""
    shapes: dict[str, list[BaseGeometry]] = {}
    named: dict[str, RawRow] = {}
    notes: Counter[str] = Counter()
    remarks: list[str] = []
    refused: list[str] = []
    for row in raw:
        try:
            area_id, found = _read(row)
        except ValueError as error:
            refused.append(f"{row.where}: {error}")
            continue
        named.setdefault(area_id, row)
        shapes.setdefault(area_id, []).append(found.shape)
        notes["clockwise"] += found.clockwise
        remarks += [f"{row.where} ({area_id}): repaired: {', '.join(found.remarks)}"] if found.remarks else []
    remarks += [f"{area_id}: {len(parts)} features joined" for area_id, parts in shapes.items() if len(parts) > 1]
    remarks += clockwise_remark(notes["clockwise"])
    joined = {id_: parts[0] if len(parts) == 1 else shapely.union_all(parts) for id_, parts in shapes.items()}
    rows = [_area(area_id, named[area_id], shape) for area_id, shape in joined.items()]
    for bad in [area for area in rows if fault(area)]:
        refused.append(f"{named[bad.id].where}: {fault(bad)}")
        rows.remove(bad)
        del joined[bad.id]
    version = version or set_version(rows)
    return Taken([_versioned(row, version) for row in rows], remarks + (misfits(joined) if joined else []), refused)


def clockwise_remark(count: int) -> list[str]:
    """One for all: whole files are written so."""
    return [f"{count} features had shells that ran clockwise; they were turned"] if count else []


def _read(row: RawRow) -> tuple[str, Repaired]:
    if not row.values.get("id"):
        raise ValueError("has no id; name the property that holds it with --columns id=…")
    return str(row.values["id"]), repaired(row.geometry)


def _area(area_id: str, row: RawRow, shape: BaseGeometry) -> Area:
    return Area(
        id=AreaId(area_id),
        name=str(row.values.get("name", area_id)),
        parent=str(row.values.get("parent", "")),
        polygons=rings_of(shape),
    )


def _versioned(row: Area, version: str) -> Area:
    return Area(id=row.id, name=row.name, parent=row.parent, polygons=row.polygons, version=version)
