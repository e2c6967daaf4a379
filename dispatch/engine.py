"""`step`: one entry in, what follows from it out. Read it top to bottom.

Every entry is decided alone, in order, so batches never matter; time is what the entries say, and never goes back.
Commands: `incident.*` (`dispatch.acts`, `dispatch.cap`), `offer.*` and `dispatch.*` (`dispatch.answers`). Each is
answered by one `CommandDone`, the last of its events. A command that comes again changes nothing and is answered as
done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from core.entries import Command, Config, Entry, Sightings, Tick
from core.errors import ConflictError
from core.events import CommandDone, Event, IncidentChanged
from core.units import seconds_to_us
from dispatch import acts, answers, asking, cap, plan, rerouting, scene, telling, timers
from dispatch.desk import Desk
from dispatch.forgetting import forget
from dispatch.greedy import ByList
from dispatch.people import see
from dispatch.reach import Ways
from dispatch.register import configure
from dispatch.state import Params, State, open_incidents

ACTS: Final[Mapping[str, Callable[[Desk, Command], None]]] = {
    **dict.fromkeys(acts.ACTS, acts.perform),
    **dict.fromkeys(answers.ACTS, answers.perform),
    "person.forget": forget,
    cap.KIND: cap.perform,
}


def step(state: State, entry: Entry, params: Params, ways: Ways | None = None) -> tuple[State, list[Event]]:
    """Decide one entry. `ways` is kept by the caller from entry to entry; without it the same is computed anew."""
    desk = Desk(state, params, ways=ways)
    desk.put(now_us=max(state.now_us, _time_us(entry)))
    timers.ring(desk)  # what was due before this entry comes before it
    before = desk.state
    desk, done = _apply(desk, entry)
    acted = isinstance(entry, Command) and desk.state is not before
    if isinstance(entry, Sightings):
        scene.follow(desk)
    rerouted = rerouting.follow(desk, state)
    if acted or rerouted is not None or _time_to_match(desk):
        told = {e.id for e in desk.said if isinstance(e, IncidentChanged)} if acted else set[str]()
        _match(desk, told | (rerouted or set()))
    return desk.state, desk.said + done


def _time_us(entry: Entry) -> int:
    return entry.now_us if isinstance(entry, Tick | Sightings) else entry.at_us


def _apply(desk: Desk, entry: Entry) -> tuple[Desk, list[Event]]:
    match entry:
        case Command():
            return _command(desk, entry)
        case Sightings():
            see(desk, entry)
        case Config():
            return desk, _configure(desk, entry)
    return desk, []


def _configure(desk: Desk, change: Config) -> list[Event]:
    """Follow the register. A change that cannot be used changes nothing and says why."""
    try:
        configure(desk, change)
    except Exception as error:  # noqa: BLE001 - a row in the log comes again at every replay: it must not stop us
        return [CommandDone(at_us=desk.now_us, id=change.id, ok=False, reason=f"{change.section}: {error}")]
    return []


def _command(desk: Desk, command: Command) -> tuple[Desk, list[Event]]:
    """Tried on a desk of its own: what is refused leaves everything as it was."""
    done = CommandDone(at_us=desk.now_us, id=command.id, ok=True)
    if command.id in desk.state.done or command.id in desk.state.incidents:
        return desk, [done]
    trial = Desk(desk.state, desk.params, desk.said, desk.ways)
    try:
        ACTS.get(command.kind, _unknown)(trial, command)
    except (ConflictError, msgspec.ValidationError) as refusal:
        return desk, [msgspec.structs.replace(done, ok=False, reason=str(refusal))]
    trial.put(done=(*trial.state.done, command.id)[-trial.params.max_done :])
    return trial, [msgspec.structs.replace(done, reason=trial.remark)]


def _unknown(_desk: Desk, command: Command) -> None:
    raise ConflictError(f"unknown command {command.kind!r}; possible: {', '.join(ACTS)}")


def _time_to_match(desk: Desk) -> bool:
    """Something changed, or an answer that does not come makes it time to ask more; not at every entry."""
    waiting = desk.state.dirty or any(True for _ in desk.live())
    return waiting and desk.now_us - desk.state.matched_us >= seconds_to_us(desk.params.match_every_s)


def _match(desk: Desk, told: set[str]) -> None:
    """Match again and ask; a plan is said when its people changed, and of incidents in `told` in any case."""
    before = desk.state.plans
    asking_round, proposing = plan.match(desk)
    asking.ask(desk, asking_round)
    plans, lists = {}, {id(found): ByList(found) for found in (asking_round, proposing)}
    for incident in open_incidents(desk.state):
        found = asking_round if plan.asks(desk, incident) else proposing
        chosen = plans[incident.id] = found.devices(incident.id)
        if incident.id in told or incident.id not in before or set(before[incident.id]) != set(chosen):
            beside = lists[id(found)].of(incident.id) if incident.id in told else None  # costs too much at each tick
            desk.said.append(telling.plan(desk, found, incident, beside))
    desk.put(plans=plans, dirty=False, matched_us=desk.now_us)
