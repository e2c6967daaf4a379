"""From the engine's records to the rows that the outside sees: names, units and times of the contract.

Everything here is pure: records and a clock's reading in, plain values out.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Literal

import msgspec

from api.times import rfc3339, rfc3339_or_none
from core.events import AlertChanged, CapAlert, Dwell, Hazard, IncidentChanged, Need, OfferChanged, PlaceRef, PlanMade
from core.live import Live, Stray
from core.rejects import Reject

State = Literal["moving", "stopped", "silent"]
DWELL_FIELDS = (
    "id", "device", "vehicle", "class", "start", "end", "duration_s", "observed_s", "silent_s", "lon", "lat",
    "radius_m", "fixes", "state", "merged_into", "revision", "area", "place", "purpose", "why", "reason", "alert",
)  # fmt: skip
_OF_INCIDENT = (  # shown under our own names
    "placed", "source", "reports", "verified_by", "merged_into", "paused", "excluded", "duplicates", "impact",
)  # fmt: skip
DWELL_COLUMNS = [name for name in DWELL_FIELDS if name != "place"] + ["place_id", "place_name", "place_kind"]


def state_of(live: Live, now_us: int) -> State:
    """What a device is doing now: nobody is moving or stopped whom we have not heard for too long."""
    return "silent" if now_us - live.time_us > live.silent_after_s * 1e6 else live.motion


def since_us(live: Live, now_us: int) -> int:
    """When its state began; a silence began with the last fix."""
    return live.time_us if state_of(live, now_us) == "silent" else live.since_us


def overlaid(row: Dwell, live: Live | None) -> Dwell:
    """An open row as the engine holds it now; the archive has it as it was at its last change."""
    current = live.open_row(row.id) if live is not None and row.state == "open" else None
    return current if current is not None and current.revision >= row.revision else row


def durations(row: Dwell, now_us: int, silent_after_s: float = 180.0) -> tuple[float, float, float]:
    """Duration, observed and silent seconds, the first being the sum of the other two.

    An open dwell counts up to now: the time since its last fix is silence once it is longer than the device
    class may keep quiet, and observed before that.
    """
    observed, silent = row.observed_s, row.silent_s
    if row.end_us is not None:
        return (row.end_us - row.start_us) / 1e6, observed, silent
    duration = max(now_us - row.start_us, 0) / 1e6
    rest = max(duration - observed - silent, 0.0)
    if now_us - row.last_us > silent_after_s * 1e6:
        return max(duration, observed + silent), observed, silent + rest
    return max(duration, observed + silent), observed + rest, silent


def dwell_row(row: Dwell, vehicle: str | None, now_us: int, zone: tzinfo, live: Live | None = None) -> dict[str, Any]:
    """A dwell as the contract names it."""
    row = overlaid(row, live)
    duration, observed, silent = durations(row, now_us, live.silent_after_s if live else 180.0)
    return {
        "id": row.id,
        "device": row.device,
        "vehicle": vehicle,
        "class": row.cls,
        "start": rfc3339(row.start_us, zone),
        "end": rfc3339_or_none(row.end_us, zone),
        "duration_s": round(duration, 3),
        "observed_s": round(observed, 3),
        "silent_s": round(silent, 3),
        "lon": row.lon,
        "lat": row.lat,
        "radius_m": round(row.radius_m, 2),
        "fixes": row.fixes,
        "state": row.state,
        "merged_into": row.merged_into,
        "revision": row.revision,
        "area": row.area,
        "place": place_row(row.place),
        "purpose": row.purpose,
        "why": row.why,
        "reason": row.reason,
        "alert": row.alert,
    }


def point(lon: float, lat: float, properties: dict[str, Any], feature_id: str | None = None) -> dict[str, Any]:
    """A GeoJSON feature with a point."""
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    named = {} if feature_id is None else {"id": feature_id}
    return {"type": "Feature", **named, "geometry": geometry, "properties": properties}


def dwell_cells(row: dict[str, Any]) -> list[Any]:
    """A dwell's values in the order of `DWELL_COLUMNS`: the place flattened."""
    place = row["place"] or {}
    flat = row | {f"place_{name}": place.get(name) for name in ("id", "name", "kind")}
    return [flat[name] for name in DWELL_COLUMNS]


def dwell_feature(row: dict[str, Any]) -> dict[str, Any]:
    """A dwell as a GeoJSON point."""
    properties = {name: value for name, value in row.items() if name not in ("lon", "lat")}
    return point(row["lon"], row["lat"], properties, row["id"])


def place_row(place: PlaceRef | None) -> dict[str, str] | None:
    return None if place is None else {"id": place.id, "name": place.name, "kind": place.kind}


def alert_row(alert: AlertChanged, raised_us: int, vehicle: str | None, zone: tzinfo) -> dict[str, Any]:
    """An alert in its newest version; `at` is when it came to be so."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "device": alert.device,
        "vehicle": vehicle,
        "state": alert.state,
        "raised": rfc3339(raised_us, zone),
        "at": rfc3339(alert.at_us, zone),
        "lon": alert.lon,
        "lat": alert.lat,
        "dwell": alert.dwell,
        "spell": alert.spell,
        "rule": alert.rule,
        "thread": alert.thread or alert.dwell,
        "level": alert.level,
        "digest": alert.digest,
        "quiet": alert.quiet,
        "by": alert.by,
        "note": alert.note,
        "revision": alert.revision,
    }


def incident_row(incident: IncidentChanged, zone: tzinfo) -> dict[str, Any]:
    """An incident in its newest version."""
    return {
        "id": incident.id,
        "kind": incident.kind,
        "severity": incident.severity,
        "status": incident.status,
        "lon": incident.lon,
        "lat": incident.lat,
        "area": incident.area,
        "address": incident.address,
        "needs": [need_row(need) for need in incident.needs],
        "hazard": None if incident.hazard is None else incident.hazard.shape,
        "exercise": incident.exercise,
        "text": incident.text,
        "opened": rfc3339(incident.opened_us or incident.at_us, zone),
        "closed": rfc3339_or_none(incident.closed_us, zone),
        "revision": incident.revision,
        "hazard_info": None if incident.hazard is None else hazard_info(incident.hazard),
        "cap": None if incident.cap is None else cap_row(incident.cap, zone),
        **{name: getattr(incident, name) for name in _OF_INCIDENT},
        "photos": [{"id": shot.sha256, "at": rfc3339(shot.at_us, zone), "by": shot.by} for shot in incident.photos],
    }


def report_row(incident: IncidentChanged, zone: tzinfo) -> dict[str, Any]:
    """What who reported it is told: nothing about other people."""
    names = ("id", "kind", "severity", "status", "lon", "lat", "area", "address", "exercise", "opened")
    row = incident_row(incident, zone)
    return {name: row[name] for name in names}


def cap_row(cap: CapAlert, zone: tzinfo) -> dict[str, Any]:
    """The official alert behind an incident; `attribution` is to be shown with it."""
    return {
        "attribution": cap.attribution,
        "sender": cap.sender,
        "identifier": cap.identifier,
        "event": cap.event,
        "headline": cap.headline,
        "urgency": cap.urgency,
        "certainty": cap.certainty,
        "web": cap.web or None,
        "sent": rfc3339(cap.sent_us, zone),
        "expires": rfc3339_or_none(cap.expires_us, zone),
        "state": cap.state,
        "signed": cap.signed,
    }


def hazard_info(hazard: Hazard) -> dict[str, Any]:
    """What is said of a hazard beside its shape."""
    return {
        "label": hazard.label,
        "depth_cm": hazard.depth_cm,
        "access": hazard.access,
        "assumed": hazard.assumed,
    }


def need_row(need: Need) -> dict[str, Any]:
    return {"role": need.role, "vehicle": need.vehicle, "skills": list(need.skills), "count": need.count}


def offer_row(offer: OfferChanged, zone: tzinfo) -> dict[str, Any]:
    """What one volunteer was asked, in its newest version."""
    return {
        "id": offer.id,
        "incident": offer.incident,
        "volunteer": offer.person,
        "device": offer.device,
        "role": offer.role,
        "state": offer.state,
        "eta_s": offer.eta_s,
        "at": rfc3339(offer.at_us, zone),
        "why": offer.why,
        "minutes": offer.minutes,
        "made": rfc3339(offer.made_us, zone),
        "expires": rfc3339(offer.expires_us, zone),
        "by": offer.by,
        "actor": offer.actor,
        "manual": offer.manual,
        "revision": offer.revision,
    }


def plan_row(plan: PlanMade, zone: tzinfo) -> dict[str, Any]:
    """A matching decision: who was chosen, who was not, by which figures, what else would cost, and the proof."""
    row: dict[str, Any] = msgspec.to_builtins(plan)
    del row["at_us"], row["type"]
    return row | {"at": rfc3339(plan.at_us, zone)}


def reject_row(seq: int, reject: Reject, zone: tzinfo) -> dict[str, Any]:
    """A refused message; what cannot be read as UTF-8 shows as replacement characters."""
    return {
        "seq": seq,
        "received": rfc3339(reject.received_us, zone),
        "reason": reject.reason,
        "dialect": reject.dialect,
        "topic": reject.topic,
        "device": reject.device or None,
        "detail": reject.detail,
        "payload": reject.payload.decode(errors="replace"),
    }


def registry_row(row: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """A configured row under the contract's names: `cls` is `class`, a `_us` instant is RFC 3339 without the suffix."""
    return dict(_renamed(name, value, zone) for name, value in row.items())


def _renamed(name: str, value: Any, zone: tzinfo) -> tuple[str, Any]:
    if name == "cls":
        return "class", value
    if name.endswith("_us") and (value is None or isinstance(value, int)):
        return name.removesuffix("_us"), rfc3339_or_none(value, zone)
    return name, value


def position_properties(live: Live, vehicle: str | None, now_us: int, zone: tzinfo) -> dict[str, Any]:
    """What a feature of `GET /api/v1/positions` says beside its point."""
    return {
        "device": live.device,
        "vehicle": vehicle,
        "class": live.cls,
        "state": state_of(live, now_us),
        "since": rfc3339(since_us(live, now_us), zone),
        "time": rfc3339(live.time_us, zone),
        "age_s": round((now_us - live.time_us) / 1e6, 3),
        "speed": live.speed_mps,
        "course": live.course_deg,
        "accuracy": live.accuracy_m,
        "battery": live.battery_pct,
        "area": live.area,
        "alert": live.alert,
        "clock": clock_row(live.stray, zone),
    }


def clock_row(stray: Stray | None, zone: tzinfo) -> dict[str, Any] | None:
    """What a device sends whose own time lies far behind: by how much, since when, and where it says that it is."""
    if stray is None:
        return None
    return {
        "behind_s": round(stray.behind_s, 3),
        "since": rfc3339(stray.since_us, zone),
        "received": rfc3339(stray.received_us, zone),
        "lon": stray.lon,
        "lat": stray.lat,
    }


def frame_row(live: Live, vehicle: str | None, now_us: int) -> list[Any]:
    """A row of the live feed, in the order of `api.hub.FIELDS`."""
    return [
        live.device,
        vehicle,
        live.cls,
        state_of(live, now_us),
        round(live.lon, 6),
        round(live.lat, 6),
        live.time_us // 1000,
        since_us(live, now_us) // 1000,
        _short(live.speed_mps),
        _short(live.course_deg),
        _short(live.accuracy_m),
        _short(live.battery_pct),
        live.area,
        live.alert,
        _frame_dwell(live.dwell, live, now_us),
        live.sos,
        _frame_clock(live.stray),
    ]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _frame_clock(stray: Stray | None) -> dict[str, Any] | None:
    if stray is None:
        return None
    return {
        "behind_s": round(stray.behind_s, 1),
        "since": stray.since_us // 1000,
        "received": stray.received_us // 1000,
        "lon": round(stray.lon, 6),
        "lat": round(stray.lat, 6),
    }


def _frame_dwell(row: Dwell | None, live: Live, now_us: int) -> dict[str, Any] | None:
    if row is None:
        return None
    _, observed, silent = durations(row, now_us, live.silent_after_s)
    return {
        "id": row.id,
        "start": row.start_us // 1000,
        "purpose": row.purpose,
        "place": place_row(row.place),
        "observed_s": round(observed, 1),
        "silent_s": round(silent, 1),
        "lon": round(row.lon, 6),
        "lat": round(row.lat, 6),
        "alert": row.alert,
        "why": row.why,
        "reason": row.reason,
    }
