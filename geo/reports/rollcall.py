"""The roll call: what every vehicle does at an instant, or that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from core.entities import Vehicle
from core.events import Dwell, PlaceRef
from core.units import US_PER_S
from geo.reports.daybook import Book, Seen, ends_us

Doing = Literal["moving", "depot", "stopped", "silent", "never_seen", "workshop"]
AT: Final = 6 * 60 + 15  # minutes after midnight: when the trucks should be out


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One vehicle. `since_us` is when its state began, `last` its newest fix by then."""

    vehicle: str
    group: str
    device: str | None
    state: Doing
    since_us: int | None = None
    last: Seen | None = None
    place: PlaceRef | None = None
    dwell: str | None = None


def rollcall(book: Book, at_us: int, seen: Mapping[str, Seen]) -> list[Answer]:
    """Every registered vehicle, by id. `seen` has the newest fix of each device that is not later than `at_us`."""
    vehicles = book.config.entities("vehicles")
    return [_answer(book, vehicles[id_], at_us, seen) for id_ in sorted(vehicles)]


def _answer(book: Book, vehicle: Vehicle, at_us: int, seen: Mapping[str, Seen]) -> Answer:
    devices = book.config.duties.devices_of(vehicle.id, at_us)
    device = max((d for d in devices if d in seen), key=lambda d: seen[d].at_us, default=None)
    known = _state(book, device, at_us, seen[device]) if device else ("never_seen", None, None)
    state, since_us, dwell = known
    return Answer(
        vehicle=vehicle.id,
        group=vehicle.group,
        device=device or (devices[0] if devices else None),
        state="workshop" if vehicle.workshop else state,
        since_us=since_us,
        last=seen[device] if device else None,
        place=dwell.place if dwell else None,
        dwell=dwell.id if dwell else None,
    )


def _state(book: Book, device: str, at_us: int, last: Seen) -> tuple[Doing, int | None, Dwell | None]:
    """Where it stands it is looked at first: a tracker that slept, and woke in the same place, stood there."""
    quiet_us = int(book.config.profile(device).silent_after_s * US_PER_S)
    stays = book.dwells_of.get(device, ())
    dwell = next((d for d in reversed(stays) if d.start_us <= at_us <= ends_us(d, book.now_us)), None)
    if dwell is not None and (dwell.end_us is not None or at_us - last.at_us <= quiet_us):
        kind = dwell.place.kind if dwell.place else ""
        doing: Doing = "depot" if kind == "depot" else "workshop" if kind == "workshop" else "stopped"
        return doing, dwell.start_us, dwell
    if at_us - last.at_us > quiet_us:
        return "silent", last.at_us, dwell
    ended = max((d.end_us for d in stays if d.end_us is not None and d.end_us <= at_us), default=None)
    trip = next((t for t in book.trips_of.get(device, ()) if t.start_us <= at_us <= ends_us(t, book.now_us)), None)
    began = [us for us in (ended, trip.start_us if trip else None) if us is not None]
    return "moving", max(began, default=None), None
