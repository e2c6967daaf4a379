"""`step`: commands in, incidents and plans out. Each command is decided alone, in order, so batches never matter.

Commands: `incident.open` {kind, lon, lat, severity 1..3, text, area, exercise}, the incident then bears the
command's id; `incident.<move>` {id} for the moves of `incidents.TABLE`. Every command is answered by one
`CommandDone`, the last of its events. A command that comes again changes nothing and is answered as done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.events import CommandDone, Event, IncidentChanged
from dispatch.incidents import ENDED, MOVES, Move, moved
from dispatch.plan import replan
from dispatch.state import Params, State, Volunteer, remember


class _Open(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `incident.open`. A comparison with NaN is false, so the bounds refuse it too."""

    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    severity: Literal[1, 2, 3] = 2
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    area: str | None = None
    exercise: bool = False


class _Of(msgspec.Struct, frozen=True, kw_only=True):
    """Body of every other command: which incident."""

    id: str


def step(
    state: State, commands: Sequence[Command], candidates: Sequence[Volunteer], now_us: int, config: Params
) -> tuple[State, list[Event]]:
    """Decide each command with the positions given. `now_us` dates the events and the age of positions."""
    events: list[Event] = []
    for command in commands:
        state, said = _decide(state, command, candidates, now_us, config)
        events += said
    return state, events


def _decide(
    state: State, command: Command, candidates: Sequence[Volunteer], now_us: int, config: Params
) -> tuple[State, list[Event]]:
    done = CommandDone(at_us=now_us, id=command.id, ok=True)
    if command.id in state.done or command.id in state.incidents:
        return state, [done]
    try:
        incident = _changed(state, command, now_us)
        after = remember(state, incident, command.id, config)
    except (ConflictError, msgspec.ValidationError) as refusal:
        return state, [msgspec.structs.replace(done, ok=False, reason=str(refusal))]
    told = None if incident.status in ENDED else incident.id
    after, plans = replan(after, candidates, now_us, config, told=told)
    return after, [incident, *plans, done]


def _changed(state: State, command: Command, now_us: int) -> IncidentChanged:
    """The incident's new version."""
    act = _ACTS.get(command.kind)
    if act is None:
        raise ConflictError(f"unknown command {command.kind!r}; possible: {', '.join(_ACTS)}")
    return act(state, command, now_us)


def _open(_state: State, command: Command, now_us: int) -> IncidentChanged:
    body = msgspec.convert(command.body, _Open)
    return IncidentChanged(
        at_us=now_us,
        id=command.id,
        status="reported",
        opened_us=command.at_us,
        kind=body.kind,
        severity=body.severity,
        lon=body.lon,
        lat=body.lat,
        area=body.area,
        text=body.text,
        exercise=body.exercise,
    )


def _mover(move: Move) -> Callable[[State, Command, int], IncidentChanged]:
    def act(state: State, command: Command, now_us: int) -> IncidentChanged:
        incident = state.incidents.get(msgspec.convert(command.body, _Of).id)
        if incident is None:
            raise ConflictError("no such incident, or it ended long ago; read the list again")
        status = moved(incident.status, move)  # type: ignore[arg-type]  # core keeps the status an open string
        closed_us = command.at_us if status in ENDED else None
        return msgspec.structs.replace(
            incident, at_us=now_us, status=status, closed_us=closed_us, revision=incident.revision + 1
        )

    return act


_ACTS: Final[Mapping[str, Callable[[State, Command, int], IncidentChanged]]] = {
    "incident.open": _open,
    **{f"incident.{move}": _mover(move) for move in MOVES},
}
