"""Reports as the outside sees them: records of `geo` with the city's times, and flat rows for tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any, Final, get_args

import msgspec

from api.times import rfc3339
from core.events import Purpose
from geo.reports.coverage import Round, Status, by_area, by_hour, counts
from geo.reports.dayreport import DayReport
from geo.reports.totals import Totals

SUMS: Final = (
    "vehicle", "group", "days", "distance_m", "gap_m", "moving_s", "stopped_s", "silent_s", "trips", "speedings",
    "ritase",
)  # fmt: skip
TOTAL_COLUMNS: Final = (
    *SUMS,
    *(f"stops_{purpose}" for purpose in get_args(Purpose)),
    *(f"stop_s_{purpose}" for purpose in get_args(Purpose)),
    *(f"points_{status}" for status in ("planned", *get_args(Status))),
)
POINT_COLUMNS: Final = (
    "route", "shift", "point", "name", "area", "due", "status", "at", "vehicle", "device", "nearest_m", "stopped_s",
    "fixes", "service", "unheard_from", "unheard_until",
)  # fmt: skip


def told(value: Any, zone: tzinfo) -> Any:
    """A record as plain values; a `_us` instant is RFC 3339 without the suffix, a pair of them two."""
    return _timed(msgspec.to_builtins(value), zone)


def _timed(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, dict):
        return dict(_named(name, below, zone) for name, below in value.items())
    if isinstance(value, list | tuple):
        return [_timed(below, zone) for below in value]
    return value


def _named(name: str, value: Any, zone: tzinfo) -> tuple[str, Any]:
    if not name.endswith("_us"):
        return name, _timed(value, zone)
    if isinstance(value, list | tuple):
        return name.removesuffix("_us"), [rfc3339(us, zone) for us in value]
    return name.removesuffix("_us"), None if value is None else rfc3339(value, zone)


def narrowed(rounds: Iterable[Round], area: str | None, route: str | None) -> list[Round]:
    """The rounds of one route, with the points of one area; a round without any of these is left out."""
    found = [one for one in rounds if route in (None, one.route)]
    if area is None:
        return found
    parts = [
        msgspec.structs.replace(one, points=tuple(p for p in one.points if p.area == area), streets=()) for one in found
    ]
    return [part for part in parts if part.points]


def coverage_body(report: DayReport, rounds: Sequence[Round], zone: tzinfo) -> dict[str, Any]:
    """Coverage of these rounds: in all, by route, by area, by hour; what else a supervisor asks of a round."""
    orders = {(order.route, order.shift): order for order in report.orders}
    streets = [street for one in rounds for street in one.streets]
    body = {
        "day": report.day,
        "at_us": report.now_us,
        "summary": counts(point.status for one in rounds for point in one.points),
        "routes": [
            {"counts": counts(p.status for p in one.points), "order": orders.get((one.route, one.shift))}
            | msgspec.structs.asdict(one)
            for one in rounds
        ],
        "areas": [{"area": area or None} | sums for area, sums in by_area(rounds).items()],
        "hours": [{"hour": hour} | sums for hour, sums in by_hour(rounds).items()],
        "streets": counts(street.status for street in streets),
        "unserved_streets": [street for street in streets if street.status in ("missed", "unknown")],
        "ritase": report.ritase,
        "unassigned": report.coverage.unassigned,
        "idle": report.coverage.idle,
    }
    return dict(told(body, zone))


def point_rows(rounds: Iterable[Round], zone: tzinfo) -> list[dict[str, Any]]:
    """One row a point, under `POINT_COLUMNS`."""
    rows = []
    for one in rounds:
        for point in one.points:
            row: dict[str, Any] = dict.fromkeys(POINT_COLUMNS) | told(point, zone)
            row |= {name: value for name, value in (row.pop("by") or {}).items() if name in POINT_COLUMNS}
            row["unheard_from"], row["unheard_until"] = row.pop("unheard") or (None, None)
            rows.append(row | {"route": one.route, "shift": one.shift})
    return rows


def total_row(row: Totals) -> dict[str, Any]:
    """A sum as a flat row, under `TOTAL_COLUMNS`."""
    flat: dict[str, Any] = {name: getattr(row, name) for name in SUMS}
    for name in ("stops", "stop_s", "points"):
        flat |= {f"{name}_{key}": value for key, value in getattr(row, name).items()}
    return {name: flat.get(name, 0) for name in TOTAL_COLUMNS}
