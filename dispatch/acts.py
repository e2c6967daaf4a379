"""Commands about incidents: `incident.<act>`. Each changes the incident through the desk, or raises.

`incident.open` {kind, lon, lat, severity 1..3, text, area, exercise, needs, address, hazard, placed, source}: the
incident bears the command's id. `incident.<move>` {id} for the moves of `incidents.TABLE`. The others are in `ACTS`.
With `revision` a command holds only for that version of the incident: two coordinators never overwrite each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from core.duty import on_duty
from core.entries import Command
from core.errors import ConflictError
from core.events import Hazard, IncidentChanged, Need, OfferChanged
from core.units import seconds_to_us
from dispatch import offers, opening, photos
from dispatch.areas import area_at
from dispatch.asking import drop, offer_to, release, settle
from dispatch.desk import Desk
from dispatch.impact import merged
from dispatch.incidents import ENDED, MOVES, Move
from dispatch.people import device_of, may_wake
from dispatch.reported import Kind, Lat, Lon, Open, Text, opened, sound
from dispatch.state import LOOK, Trail

Few = Annotated[int, msgspec.Meta(ge=1, le=20)]
Act = Callable[[Desk, Command], tuple[IncidentChanged | None, IncidentChanged]]  # before and after


class _Edit(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind | msgspec.UnsetType = msgspec.UNSET
    severity: Literal[1, 2, 3] | msgspec.UnsetType = msgspec.UNSET
    text: Text | msgspec.UnsetType = msgspec.UNSET
    address: Text | msgspec.UnsetType | None = msgspec.UNSET
    needs: tuple[Need, ...] | msgspec.UnsetType = msgspec.UNSET
    hazard: Hazard | msgspec.UnsetType | None = msgspec.UNSET
    lon: Lon | msgspec.UnsetType = msgspec.UNSET
    lat: Lat | msgspec.UnsetType = msgspec.UNSET
    impact: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET


class _Of(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    revision: int | None = None


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    lon: Lon
    lat: Lat
    area: str | None = None
    address: Text | None = None


class _Into(msgspec.Struct, frozen=True, kw_only=True):
    into: str


class _Other(msgspec.Struct, frozen=True, kw_only=True):
    other: str


class _Person(msgspec.Struct, frozen=True, kw_only=True):
    person: str


class _Assign(msgspec.Struct, frozen=True, kw_only=True):
    person: str
    role: str | None = None


class _Look(msgspec.Struct, frozen=True, kw_only=True):
    count: Few = 3


def perform(desk: Desk, command: Command) -> None:
    """Carry out a command about an incident, and remember how to take it back."""
    before, after = ACTS[command.kind](desk, command)
    if command.kind != "incident.undo":
        desk.remember_undo(command, before, after)


def _open(desk: Desk, command: Command) -> tuple[None, IncidentChanged]:
    return None, opened(desk, command, msgspec.convert(command.body, Open))


def of(desk: Desk, command: Command) -> IncidentChanged:
    """The incident that a command is about, in the version that the person saw."""
    body = msgspec.convert(command.body, _Of)
    incident = desk.incident(body.id)
    if body.revision is not None and body.revision != incident.revision:
        raise ConflictError(f"somebody changed it meanwhile (revision {incident.revision}); read it again")
    return incident


def _mover(move: Move) -> Act:
    def act(desk: Desk, command: Command) -> tuple[IncidentChanged, IncidentChanged]:
        before = of(desk, command)
        fields: dict[str, Any] = {"merged_into": None} if move == "reopen" else {}
        if move == "verify":
            fields = {"verified_by": (*before.verified_by, command.actor)}
        after = desk.move(before, move, **fields)
        if after.status in ENDED:
            release(desk, after, command.actor)
        settle(desk, after.id)
        return before, desk.incident(after.id)

    return act


def _changer(fields_of: Callable[[Desk, Command, IncidentChanged], dict[str, Any]], *late: str) -> Act:
    """An act that changes fields of an incident that has not ended; the fields `late` afterwards too."""

    def act(desk: Desk, command: Command) -> tuple[IncidentChanged, IncidentChanged]:
        only_late = bool(late) and command.body.keys() <= {"id", "revision", *late}
        before = of(desk, command) if only_late else _open_one(desk, command)
        after = desk.change(before, **fields_of(desk, command, before))
        settle(desk, after.id)
        return before, desk.incident(after.id)

    return act


def _open_one(desk: Desk, command: Command) -> IncidentChanged:
    incident = of(desk, command)
    if incident.status in ENDED:
        raise ConflictError(f"the incident is {incident.status}; reopen it first")
    return incident


def _edit(desk: Desk, command: Command, before: IncidentChanged) -> dict[str, Any]:
    body = msgspec.convert(command.body, _Edit)
    fields = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not msgspec.UNSET}
    sound(fields.get("needs", ()))
    if "needs" in fields:
        fields["needs"] = (*fields["needs"], *(need for need in before.needs if need.role == LOOK))
    if isinstance(body.impact, dict):
        fields["impact"] = merged(before.impact, body.impact)
    if {"kind", "hazard"} & fields.keys():
        kind, hazard = fields.get("kind", before.kind), fields.get("hazard", before.hazard)
        fields["hazard"] = opening.waded(desk.state, kind, before.source, hazard)
    if "kind" in fields and "needs" not in fields:
        fields |= opening.renamed(desk.state, before.kind, fields["kind"], before.needs)
    if {"lon", "lat"} & fields.keys():
        fields |= _placed(desk, before, fields.get("lon", before.lon), fields.get("lat", before.lat))
    return fields


def _relocate(desk: Desk, command: Command, before: IncidentChanged) -> dict[str, Any]:
    """The place was wrong ("lokasi pindah"): those who come are told, and their way is measured anew."""
    body = msgspec.convert(command.body, _Place)
    fields = {"address": body.address, **_placed(desk, before, body.lon, body.lat)}
    return fields if body.area is None else fields | {"area": body.area}


def _placed(desk: Desk, before: IncidentChanged, lon: float, lat: float) -> dict[str, Any]:
    opening.within(desk.state, lon, lat)
    _elsewhere(desk, before)
    return {"lon": lon, "lat": lat, "area": area_at(desk.state.areas, lon, lat), "placed": ""}


def _elsewhere(desk: Desk, incident: IncidentChanged) -> None:
    """The place of an incident is another one for everybody who was asked."""
    for offer in desk.live(incident.id):
        remeasure(desk, offer)


def remeasure(desk: Desk, offer: OfferChanged) -> None:
    """The way to another place is measured anew; who comes is told."""
    best_us = max(desk.now_us, desk.state.trails[offer.id].best_us)  # when they said that they come still holds
    desk.trail(offer, start_s=None, eta_s=None, best_s=None, best_us=best_us, fix_us=0, near=0, far_us=None)
    if offer.state not in offers.PENDING:
        desk.tell("moved", offer)


def _exclude(desk: Desk, command: Command, before: IncidentChanged) -> dict[str, Any]:
    person = msgspec.convert(command.body, _Person).person
    offer = desk.live_of(person)
    if offer is not None and offer.incident == before.id:
        drop(desk, offer, command.actor)
    return {"excluded": (*(p for p in before.excluded if p != person), person)}


def _include(_desk: Desk, command: Command, before: IncidentChanged) -> dict[str, Any]:
    person = msgspec.convert(command.body, _Person).person
    return {"excluded": tuple(p for p in before.excluded if p != person)}


def _ask_to_look(_desk: Desk, command: Command, before: IncidentChanged) -> dict[str, Any]:
    """Ask the nearest to go and see whether the report is true."""
    if before.status != "reported":
        raise ConflictError(f"the incident is {before.status} already; nobody needs to look")
    count = msgspec.convert(command.body, _Look).count
    return {"needs": (*(n for n in before.needs if n.role != LOOK), Need(role=LOOK, count=count))}


def _assign(desk: Desk, command: Command, before: IncidentChanged) -> dict[str, Any]:
    """A coordinator gives a place by hand. The person leaves what they were asked before."""
    body = msgspec.convert(command.body, _Assign)
    role = desk.params.needs_of(before)[0].role if body.role is None else body.role
    person = desk.state.people.get(body.person)
    if person is None or person.consent_us is None or not on_duty(person, desk.now_us):
        raise ConflictError("that volunteer is not on duty, or has not agreed to be followed; call them first")
    if role not in {need.role for need in desk.needs(before)}:
        raise ConflictError(f"the incident has no need of the role {role!r}; add it to its needs")
    if (held := desk.live_of(person.id)) is not None:
        if (held.incident, held.role) == (before.id, role) and held.state in offers.PROMISED:
            raise ConflictError("that volunteer has the place already")
        drop(desk, held, command.actor)
    made = offer_to(desk, before, role, person.id, device_of(desk.state, person.id), None, why="assigned")
    taken = desk.step(made, "accept", "coordinator", command.actor, manual=True)
    desk.step(taken, "commit", "clock", command.actor)
    return {}


def _photo(desk: Desk, command: Command) -> tuple[IncidentChanged, IncidentChanged]:
    before = of(desk, command)
    return before, photos.add(desk, before, command)


def _wake(desk: Desk, _command: Command, before: IncidentChanged) -> dict[str, Any]:
    """Ask those at home near a severe incident who agreed to be woken; nobody follows where they are."""
    if before.severity < 3 or before.area is None:
        raise ConflictError("only for an incident of severity 3 whose area is known")
    role = desk.params.needs_of(before)[0].role
    woken = [person.id for person in desk.state.people.values() if may_wake(desk, before, person)]
    for person_id in sorted(woken):
        _wake_one(desk, before, role, person_id)
    if not woken:
        raise ConflictError("nobody at home there agreed to be woken")
    return {}


def _wake_one(desk: Desk, incident: IncidentChanged, role: str, person: str) -> None:
    device = device_of(desk.state, person)
    desk.ask(
        "wake", Trail(woken=True), incident=incident.id, role=role, person=person, device=device, state="offered",
        why="woken",
    )  # fmt: skip


def _merge(desk: Desk, command: Command) -> tuple[IncidentChanged, IncidentChanged]:
    """One incident was reported twice: its reports count for the other, who comes comes for it."""
    before = _open_one(desk, command)
    target = desk.incident(msgspec.convert(command.body, _Into).into)
    if target.id == before.id or target.status in ENDED:
        raise ConflictError("an incident is merged into another one that has not ended")
    after = desk.move(before, "cancel", merged_into=target.id)
    for offer in desk.live(before.id):
        _carry(desk, offer, target, command.actor)
    settle(desk, target.id)
    target = desk.incident(target.id)
    left = tuple(i for i in target.duplicates if i != before.id)
    both = photos.together(target.photos, before.photos)
    desk.change(target, reports=target.reports + before.reports, duplicates=left, photos=both)
    return before, after


def _carry(desk: Desk, offer: OfferChanged, target: IncidentChanged, actor: str) -> None:
    """Somebody who promised to come to an incident comes to the one that it was merged into."""
    roles = [need.role for need in desk.needs(target) if need.count]
    if offer.state in offers.PENDING or offer.role == LOOK or not roles or offer.person in target.excluded:
        drop(desk, offer, actor)
        return
    role = offer.role if offer.role in roles else roles[0]
    carried = msgspec.structs.replace(
        offer, at_us=desk.now_us, incident=target.id, role=role, by="coordinator", actor=actor,
        revision=offer.revision + 1,
    )  # fmt: skip
    desk.store(carried)
    remeasure(desk, carried)


def _distinct(desk: Desk, command: Command) -> tuple[IncidentChanged, IncidentChanged]:
    """A person looked: it is not the same as the other one, so neither is named beside the other any more."""
    before = _open_one(desk, command)
    other = desk.state.incidents.get(msgspec.convert(command.body, _Other).other)
    if other is None or not (other.id in before.duplicates or before.id in other.duplicates):
        raise ConflictError("the two are not named as the same; read the incident again")
    if before.id in other.duplicates:
        desk.change(other, duplicates=tuple(i for i in other.duplicates if i != before.id))
    return before, desk.change(before, duplicates=tuple(i for i in before.duplicates if i != other.id))


def _unmerge(desk: Desk, command: Command) -> tuple[IncidentChanged, IncidentChanged]:
    before = of(desk, command)
    if before.merged_into is None:
        raise ConflictError("the incident was not merged")
    target = desk.state.incidents.get(before.merged_into)
    after = desk.move(before, "reopen", merged_into=None)
    if target is not None:
        _part(desk, target, before)
    return before, after


def _part(desk: Desk, target: IncidentChanged, left: IncidentChanged) -> None:
    """What was merged into an incident no longer counts for it."""
    kept = photos.without(target.photos, left.photos)
    desk.change(target, reports=max(1, target.reports - left.reports), photos=kept)


def _undo(desk: Desk, command: Command) -> tuple[IncidentChanged | None, IncidentChanged]:
    """Take back one's own last command: the incident becomes what it was; people let go are asked anew."""
    undo = desk.state.undo.get(command.actor)
    if undo is None or desk.now_us - undo.at_us > seconds_to_us(desk.params.undo_s):
        raise ConflictError("nothing of yours from the last minutes can be taken back")
    if command.body.get("id", undo.incident) != undo.incident:
        raise ConflictError("your last command was about another incident; take it back there")
    now = desk.incident(undo.incident)
    if now.revision != undo.revision:
        raise ConflictError("the incident changed since; take it back by hand")
    desk.put(undo={actor: u for actor, u in desk.state.undo.items() if actor != command.actor})
    if undo.before is None:
        after = desk.move(now, "cancel")
    else:
        was = undo.before
        if now.merged_into is not None and now.merged_into != was.merged_into:
            return _unmerged(desk, now, was)
        after = msgspec.structs.replace(was, at_us=desk.now_us, revision=now.revision + 1)
        desk.keep(after)
        if (after.lon, after.lat) != (now.lon, now.lat):
            _elsewhere(desk, after)
    if after.status in ENDED:
        release(desk, after, command.actor)
    settle(desk, after.id)
    return now, desk.incident(after.id)


def _unmerged(desk: Desk, now: IncidentChanged, was: IncidentChanged) -> tuple[IncidentChanged, IncidentChanged]:
    target = desk.state.incidents.get(now.merged_into or "")
    after = msgspec.structs.replace(was, at_us=desk.now_us, revision=now.revision + 1)
    desk.keep(after)
    if target is not None:
        _part(desk, target, now)
    return now, after


ACTS: Final[Mapping[str, Act]] = {
    "incident.open": _open,
    **{f"incident.{move}": _mover(move) for move in MOVES},
    "incident.edit": _changer(_edit, "impact"),  # losses are counted when it is over
    "incident.move": _changer(_relocate),
    "incident.pause": _changer(lambda *_: {"paused": True}),
    "incident.resume": _changer(lambda *_: {"paused": False}),
    "incident.exclude": _changer(_exclude),
    "incident.include": _changer(_include),
    "incident.look": _changer(_ask_to_look),
    "incident.assign": _changer(_assign),
    "incident.wake": _changer(_wake),
    "incident.photo": _photo,
    "incident.merge": _merge,
    "incident.unmerge": _unmerge,
    "incident.distinct": _distinct,
    "incident.undo": _undo,
}
