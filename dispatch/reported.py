"""An incident comes into being: what may be said of it, what the city's table puts in place, what it may be twice."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.events import CapAlert, Hazard, IncidentChanged, Need
from core.units import seconds_to_us
from dispatch import opening
from dispatch.desk import Desk
from dispatch.roads.metric import between_m
from dispatch.state import LOOK, open_incidents

Kind = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]  # a comparison with NaN is false: refused too
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
MOST_NEEDED: Final = 200
SAME_SHOWN: Final = 5


class Open(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    lon: Lon
    lat: Lat
    severity: Literal[1, 2, 3] = 2
    text: Text = ""
    area: str | None = None
    exercise: bool = False
    needs: tuple[Need, ...] = ()
    address: Text | None = None
    hazard: Hazard | None = None
    placed: Literal["", "placeholder", "area"] = ""  # `area`: nobody knows more than the area, or the hazard
    source: Literal["", "volunteer", "cap"] = ""
    cap: CapAlert | None = None


def opened(desk: Desk, command: Command, body: Open) -> IncidentChanged:
    """A new incident, which bears the id of the command."""
    state = desk.state
    found = opening.placed(state, body.lon, body.lat, body.area, body.placed, body.source)
    hazard = opening.waded(state, body.kind, body.source, body.hazard)
    needs = body.needs or opening.usual_needs(state, body.kind)
    body = msgspec.structs.replace(body, needs=needs, hazard=hazard, **found._asdict())
    desk.remark = opening.remark(state, body.kind, body.source)
    sound(body.needs)
    same = _same(desk, body)
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    incident = IncidentChanged(
        at_us=desk.now_us, id=command.id, status="reported", opened_us=command.at_us, duplicates=same, **fields
    )
    desk.keep(incident)
    return incident


def _same(desk: Desk, new: Open) -> tuple[str, ...]:
    """Open incidents that may be this one: kind, time, and place; with a doubtful coordinate, the area.

    No exercise is a real one.
    """
    oldest_us = desk.now_us - seconds_to_us(desk.params.same_s)
    found = []
    for old in open_incidents(desk.state):
        if (old.kind, old.exercise) == (new.kind, new.exercise) and old.opened_us >= oldest_us:
            if (old.source == "cap") != (new.source == "cap"):
                near = False  # an alert over an area is no report of a place in it
            elif (old.placed or new.placed) and new.source != "cap":
                near = new.area is not None and old.area == new.area
            else:
                near = bool(between_m(new.lon, new.lat, old.lon, old.lat) <= desk.params.same_m)
            found += [old.id] if near else []
    return tuple(found[-SAME_SHOWN:])


def sound(needs: tuple[Need, ...]) -> None:
    """Needs must be countable and told apart."""
    if any(not 1 <= need.count <= MOST_NEEDED for need in needs):
        raise ConflictError(f"each need is of 1 to {MOST_NEEDED} people; correct `count`")
    if len({need.role for need in needs}) < len(needs) or any(need.role == LOOK for need in needs):
        raise ConflictError(f"roles of needs must differ, and {LOOK!r} is taken; correct `role`")
