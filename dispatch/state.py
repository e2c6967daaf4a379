"""What dispatch remembers: the newest version of each incident and who is proposed for it. Bytes and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from core.errors import ConfigError, ConflictError
from core.events import IncidentChanged
from dispatch.incidents import ENDED
from dispatch.matching.problem import MAX_PLACES, MAX_TIME_S

VERSION: Final = 1


class Volunteer(msgspec.Struct, frozen=True, kw_only=True):
    """A volunteer who could be asked: the newest known position and its time."""

    device: str
    lon: float
    lat: float
    time_us: int


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`incidents` in order of opening, ended ones too until they are forgotten; `plans` names the open ones' people."""

    version: int = VERSION
    incidents: dict[str, IncidentChanged] = {}
    plans: dict[str, tuple[str, ...]] = {}
    done: tuple[str, ...] = ()  # ids of the newest commands carried out: a log may hold one twice


@dataclass(frozen=True, slots=True)
class Params:
    """How dispatch decides. `needs` is the number of people by kind of incident; each bound is a promise of memory."""

    needs: Mapping[str, int] = field(default_factory=dict)
    default_need: int = 3
    cutoff_s: float = 1800.0
    position_max_age_s: float = 1800.0
    sticky_s: float = 60.0
    max_open: int = 100
    max_ended: int = 200
    max_done: int = 500

    def __post_init__(self) -> None:
        most = max([self.default_need, *self.needs.values()])
        if min([self.default_need, *self.needs.values()]) < 1:
            raise ConfigError("each kind of incident needs at least 1 person: correct `needs`")
        if most * self.max_open > MAX_PLACES:
            raise ConfigError(f"{self.max_open} incidents of {most} people exceed {MAX_PLACES} places: lower one")
        if not 0 < self.cutoff_s <= MAX_TIME_S or self.sticky_s < 0:
            raise ConfigError(f"cutoff_s must be within 0..{MAX_TIME_S} and sticky_s not negative")

    def need_of(self, kind: str) -> int:
        """People that an incident of this kind asks for."""
        return self.needs.get(kind, self.default_need)


def encode(state: State) -> bytes:
    """Bytes that `decode` reads back."""
    return msgspec.msgpack.encode(state)


def decode(body: bytes | None) -> State:
    """The state of these bytes; a fresh one when there are none yet."""
    return msgspec.msgpack.decode(body, type=State) if body else State()


def open_incidents(state: State) -> list[IncidentChanged]:
    """Incidents that still want people, in order of opening."""
    return [incident for incident in state.incidents.values() if incident.status not in ENDED]


def remember(state: State, incident: IncidentChanged, command: str, params: Params) -> State:
    """The state with this version of the incident; ended ones opened first are forgotten beyond the bound."""
    incidents = {**state.incidents, incident.id: incident}
    ended = [i for i, kept in incidents.items() if kept.status in ENDED]
    if len(incidents) - len(ended) > params.max_open:
        raise ConflictError(f"{params.max_open} incidents are open already; close one first")
    for forgotten in ended[: max(0, len(ended) - params.max_ended)]:
        del incidents[forgotten]
    done = (*state.done, command)[-params.max_done :]
    return msgspec.structs.replace(state, incidents=incidents, done=done)
