"""What hinders the way: the hazards drawn at open incidents, as closures of the roads."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from core.entities import Closure
from core.errors import ConfigError, ConflictError
from core.events import IncidentChanged
from dispatch.incidents import ENDED
from dispatch.roads.closing import Closed


def closures(incidents: Iterable[IncidentChanged]) -> list[Closure]:
    """Hazards that say how deep the water is or what gets through; others are drawn and hinder nobody."""
    return [
        Closure(id=incident.id, shape=hazard.shape, depth_cm=hazard.depth_cm, access=hazard.access)
        for incident in incidents
        if incident.status not in ENDED
        and (hazard := incident.hazard) is not None
        and (hazard.depth_cm, hazard.access) != (None, None)
    ]


def checked(incidents: Iterable[IncidentChanged], drawn: Iterable[Closure]) -> None:
    """Raises `ConflictError` when hazards and closures together cannot be used: before they are kept, not after."""
    found = [*closures(incidents), *drawn]
    try:
        Closed(None, msgspec.convert(msgspec.to_builtins(found), list[Closure]))
    except (ConfigError, msgspec.ValidationError) as error:
        raise ConflictError(f"the hazard cannot be used: {error}") from error
