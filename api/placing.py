"""Where an incident is, what it and people are called, as people there say it."""

from __future__ import annotations

from collections.abc import Iterable

from api.deps import Deps
from core.events import IncidentChanged
from dispatch.wording import place_of
from store import joins, read


async def where(deps: Deps, incident: IncidentChanged) -> str:
    """The address and the area's name, else the coordinates."""
    row = await read.registry_row(deps.pool, "areas", incident.area) if incident.area else None
    return place_of(incident, {incident.area: row.get("name") or incident.area} if row and incident.area else {})


def what(deps: Deps, incident: IncidentChanged) -> str:
    """The kind of incident by its name."""
    return deps.city.hazard(incident.kind).name


async def names_of(deps: Deps, people: Iterable[str]) -> dict[str, str]:
    """What people are called; who is not in the register is not in it."""
    rows = await joins.rows_of(deps.pool, "people", sorted(set(people)))
    return {name: str(row.get("name") or "") for name, row in rows.items()}
