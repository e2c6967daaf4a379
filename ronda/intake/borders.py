"""How the members of a boundary set fit together: what two of them claim, and what between them nobody does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import shapely
from shapely.affinity import translate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from ronda.intake.polygons import SLIVER_M2, square_metres

_NEIGHBOURS: Final = 4  # named at a gap; the rest is counted


def misfits(shapes: Mapping[str, BaseGeometry]) -> list[str]:
    """Overlaps, then gaps, each the largest first; those below a square metre are only counted."""
    shapes = _on_one_side(shapes)
    overlaps, gaps = _overlaps(shapes), _gaps(shapes)
    small = [sum(area_m2 < SLIVER_M2 for area_m2, _ in found) for found in (overlaps, gaps)]
    said = [text for found in (overlaps, gaps) for area_m2, text in sorted(found, reverse=True) if area_m2 >= SLIVER_M2]
    if any(small):
        said.append(f"overlaps of less than 1 m² ({small[0]}) and gaps ({small[1]}) are left as they are")
    return said


def _on_one_side(shapes: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """All counted on beyond 180 where one of them is."""
    over = any(shape.bounds[2] > 180.0 for shape in shapes.values())
    return {id_: translate(s, 360.0) if over and s.bounds[2] < 0.0 else s for id_, s in shapes.items()}


def _overlaps(shapes: Mapping[str, BaseGeometry]) -> list[tuple[float, str]]:
    """Ground that two areas claim; the rule of `geo.city.world` gives it to the one whose id comes first."""
    ids = sorted(shapes)
    members = [shapes[id_] for id_ in ids]
    pairs = shapely.STRtree(members).query(members, predicate="intersects").T.tolist()
    found = []
    for a, b in pairs:
        area_m2 = square_metres(members[a].intersection(members[b])) if a < b else 0.0
        if area_m2 > 0.0:
            what = f"{ids[a]} and {ids[b]} overlap by {area_m2:,.0f} m²; a point there belongs to {ids[a]}"
            found.append((area_m2, what))
    return found


def _gaps(shapes: Mapping[str, BaseGeometry]) -> list[tuple[float, str]]:
    """Ground that areas enclose and none of them claims."""
    ids = sorted(shapes)
    members = [shapes[id_] for id_ in ids]
    holes = [Polygon(ring) for part in shapely.get_parts(shapely.union_all(members)) for ring in part.interiors]
    around = shapely.STRtree(members).query(holes, predicate="intersects").T.tolist() if holes else []
    found = []
    for number, hole in enumerate(holes):
        beside = [ids[member] for gap, member in around if gap == number]
        middle = hole.representative_point()
        where = f"at {middle.x - 360.0 * (middle.x > 180.0):.5f}, {middle.y:.5f}"
        area_m2 = square_metres(hole)
        found.append((area_m2, f"gap of {area_m2:,.0f} m² {where} {_between(beside)}; a point there belongs to none"))
    return found


def _between(ids: Sequence[str]) -> str:
    if len(ids) == 1:
        return f"inside {ids[0]}"
    more = f" and {len(ids) - _NEIGHBOURS} more" if len(ids) > _NEIGHBOURS else ""
    return f"between {', '.join(ids[:_NEIGHBOURS])}{more}"
