"""The way as it is now: the roads in force, and what hinders, hazards drawn at open incidents and closures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

import msgspec

from core.entities import Assignment, Closure, Person
from core.errors import ConfigError, ConflictError
from core.events import IncidentChanged
from dispatch.eta import Reach
from dispatch.incidents import ENDED
from dispatch.roads.closing import Closed
from dispatch.roads.field import Fields
from dispatch.roads.network import Network
from dispatch.roads.packing import graph_of
from dispatch.roll import Positions, Roll
from dispatch.state import State, Volunteer


def closures(incidents: Iterable[IncidentChanged]) -> list[Closure]:
    """Hazards that say how deep the water is or what gets through; others are drawn and hinder nobody."""
    return [
        Closure(id=incident.id, shape=hazard.shape, depth_cm=hazard.depth_cm, access=hazard.access)
        for incident in incidents
        if incident.status not in ENDED
        and (hazard := incident.hazard) is not None
        and (hazard.depth_cm, hazard.access) != (None, None)
    ]


def lasts(closure: Closure, now_us: int) -> bool:
    """Whether a closure is not over yet."""
    return closure.until_us is None or closure.until_us > now_us


def checked(incidents: Iterable[IncidentChanged], drawn: Iterable[Closure]) -> None:
    """Raises `ConflictError` when hazards and closures together cannot be used: before they are kept, not after."""
    found = [*closures(incidents), *drawn]
    try:
        Closed(None, msgspec.convert(msgspec.to_builtins(found), list[Closure]))
    except (ConfigError, msgspec.ValidationError) as error:
        raise ConflictError(f"the hazard cannot be used: {error}") from error


def drawable(network: Network | None, found: Iterable[Closure]) -> list[Closure]:
    """Those that fit on the map in force, or without one beside the first: what lies far away hinders nobody here."""
    kept: list[Closure] = []
    for closure in sorted(found, key=lambda closure: closure.id):
        with suppress(ConfigError):
            Closed(network, [*kept[:1], closure])
            kept.append(closure)
    return kept


class Ways:
    """What follows from parts of a state, kept from entry to entry: forgetting it changes nothing."""

    def __init__(self) -> None:
        self._fields = Fields()
        self._network: Network | None = None
        self._kept: tuple[Network | None, list[Closure], Reach] | None = None
        self._rolled: tuple[Mapping[str, Person], Mapping[str, Assignment], Roll] | None = None
        self._placed: tuple[Mapping[str, Volunteer], Positions] | None = None

    def reach(self, state: State) -> Reach:
        """Who can be where how soon, by the roads and closures in force."""
        network, found = self._roads(state), [*closures(state.incidents.values()), *state.closures.values()]
        if self._kept is None or self._kept[0] is not network or self._kept[1] != found:
            self._kept = (network, found, self._reach(network, found))
        return self._kept[2]

    def roll(self, state: State) -> Roll:
        """The register in force."""
        if self._rolled is None or self._rolled[0] is not state.people or self._rolled[1] is not state.holds:
            self._rolled = (state.people, state.holds, Roll(state.people, state.holds))
        return self._rolled[2]

    def positions(self, state: State) -> Positions:
        """Where everybody was seen last."""
        roll, before = self.roll(state), self._placed
        if before is None or before[0] is not state.seen or before[1].roll is not roll:
            self._placed = (state.seen, Positions(state.seen, roll, before[1] if before else None))
        return self._placed[1]  # type: ignore[index]  # just put there

    def _reach(self, network: Network | None, found: list[Closure]) -> Reach:
        try:
            return Reach(network, found, self._fields)
        except ConfigError:
            return Reach(network, drawable(network, found), self._fields)

    def _roads(self, state: State) -> Network | None:
        version = next((part.version for part in state.roads.values()), "")
        if (self._network.version if self._network else "") != version:
            roads = graph_of(state.roads.values()) if version else None
            self._network = Network(roads, version) if roads else None
        return self._network
