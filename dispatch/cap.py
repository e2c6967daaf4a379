"""Official alerts (CAP): `incident.alert` opens an incident as reported, changes it by an update, ends it by a cancel.

What a person changed stays as the person made it, field by field; an incident that a person touched is never ended
here. Messages may come in any order, and each again: an incident knows the keys of all messages of its alert.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final, Literal

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.events import CapAlert, IncidentChanged
from dispatch.areas import area_at
from dispatch.asking import settle
from dispatch.desk import Desk
from dispatch.incidents import ENDED
from dispatch.reported import Open, Text, opened, sound
from dispatch.state import open_incidents

KIND: Final = "incident.alert"
TEXT_LIMIT: Final = 2000
MESSAGES: Final = 50  # keys that an incident remembers
_FIELDS: Final = {  # what is compared, and changed, as one
    "kind": ("kind",),
    "needs": ("needs",),
    "severity": ("severity",),
    "text": ("text",),
    "place": ("lon", "lat", "address"),
    "hazard": ("hazard",),
}


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. Its key is the command's id; `refs` are the keys of those that it refers to."""

    message: Literal["alert", "update", "cancel"]
    cap: CapAlert
    refs: tuple[str, ...] = ()
    exercise: bool = False
    note: Text = ""  # said in the text where a cancelled incident is not ours to end
    incident: Open | None = None  # None: of a cancel


def perform(desk: Desk, command: Command) -> None:
    """Do what a message says, or say why not."""
    told = msgspec.convert(command.body, _Message)
    keys = (command.id, *told.refs)[:MESSAGES]
    found = _newest(desk, keys)
    revoked = any(desk.state.revoked.get(key, -1) >= told.cap.sent_us for key in keys)
    if revoked or (found is not None and command.id in _cap(found).messages):
        raise ConflictError("a later message about it was heard already")
    if found is not None:
        _check(told, found)
    if told.message == "cancel":
        _cancel(desk, told, keys, found)
    elif found is None or _over(found):
        _open(desk, command, told, keys)
    else:
        _update(desk, told, keys, found)


def expire(desk: Desk) -> None:
    """An alert that is over ends its incident, if nobody but the alert ever touched it."""
    for incident in open_incidents(desk.state):
        cap = incident.cap
        if cap is not None and cap.expires_us is not None and cap.expires_us <= desk.now_us and _ours(incident):
            desk.move(incident, "cancel", cap=_left(incident, cap, state="expired"))


def _newest(desk: Desk, keys: tuple[str, ...]) -> IncidentChanged | None:
    """The incident that one of these messages is about; of several the one opened last."""
    wanted, found = set(keys), None
    for incident in desk.state.incidents.values():
        if incident.cap is not None and not wanted.isdisjoint(incident.cap.messages):
            found = incident
    return found


def _check(told: _Message, found: IncidentChanged) -> None:
    """Whether a message may say anything about the incident that it refers to."""
    if told.exercise != found.exercise:
        raise ConflictError("an exercise changes nothing real, nor the other way round")
    if told.cap.sender != _cap(found).sender:
        raise ConflictError("only who issued an alert may change it")
    if told.cap.sent_us < _cap(found).sent_us:
        raise ConflictError("a later message about it was heard already")
    if found.status in ENDED and not _over(found):
        raise ConflictError(f"a person made the incident {found.status}; reopen it if the alert says more")


def _open(desk: Desk, command: Command, told: _Message, keys: tuple[str, ...]) -> None:
    if told.cap.expires_us is not None and told.cap.expires_us <= desk.now_us:
        raise ConflictError("it had expired before it was heard")
    body = _incident(told)
    cap = msgspec.structs.replace(told.cap, messages=keys, said=_said(body), revision=1, state="in_force")
    opened(desk, command, msgspec.structs.replace(body, cap=cap, exercise=told.exercise, source="cap"))


def _update(desk: Desk, told: _Message, keys: tuple[str, ...], found: IncidentChanged) -> None:
    """Each field as the message has it, unless a person changed it; the place only while nobody is on the way."""
    body, before = _incident(told), _cap(found)
    now, moving = _said(found), any(True for _ in desk.live(found.id))
    free = {name for name in _FIELDS if now[name] == before.said.get(name)} - ({"place"} if moving else set())
    fields: dict[str, Any] = {field: getattr(body, field) for name in free for field in _FIELDS[name]}
    sound(fields.get("needs", ()))
    if "place" in free:
        unknown = body.area is None and not body.placed
        area = area_at(desk.state.areas, body.lon, body.lat) if unknown else body.area
        fields |= {"area": area, "placed": body.placed}
    said = _said(body) | ({"place": before.said["place"]} if "place" in before.said and moving else {})
    messages = tuple(dict.fromkeys((*keys, *before.messages)))[:MESSAGES]
    cap = msgspec.structs.replace(told.cap, messages=messages, said=said, state="in_force")
    desk.change(found, cap=_left(found, cap), **fields)
    settle(desk, found.id)


def _cancel(desk: Desk, told: _Message, keys: tuple[str, ...], found: IncidentChanged | None) -> None:
    """The end of an incident that nobody but the alert touched; any other is told, and a person decides."""
    if found is None:
        kept = {key: sent_us for key, sent_us in desk.state.revoked.items() if key not in keys}
        kept |= dict.fromkeys(keys, told.cap.sent_us)
        desk.put(revoked=dict([*kept.items()][-desk.params.max_revoked :]))
        return
    messages = tuple(dict.fromkeys((*keys, *_cap(found).messages)))[:MESSAGES]
    cap = msgspec.structs.replace(_cap(found), messages=messages, sent_us=told.cap.sent_us, state="cancelled")
    if found.status in ENDED:
        desk.change(found, cap=_left(found, cap))
    elif _ours(found):
        desk.move(found, "cancel", cap=_left(found, cap))
    else:
        desk.change(found, cap=msgspec.structs.replace(cap, revision=0), text=_noted(found.text, told.note))


def _ours(incident: IncidentChanged) -> bool:
    """Whether it is as the alert left it: reported, and touched by nobody else."""
    return incident.status == "reported" and incident.revision == _cap(incident).revision


def _over(incident: IncidentChanged) -> bool:
    """Whether it ended with its alert, and not by a person."""
    return incident.status in ENDED and incident.revision == _cap(incident).revision


def _left(incident: IncidentChanged, cap: CapAlert, **fields: Any) -> CapAlert:
    """With the revision that comes next, if nobody touched the incident before."""
    touched = incident.revision != _cap(incident).revision
    return msgspec.structs.replace(cap, revision=0 if touched else incident.revision + 1, **fields)


def _cap(incident: IncidentChanged) -> CapAlert:
    assert incident.cap is not None  # noqa: S101  found by it
    return incident.cap


def _incident(told: _Message) -> Open:
    if told.incident is None:
        raise ConflictError(f"the {told.message} does not say what happened")
    return told.incident


def _said(of: Open | IncidentChanged) -> dict[str, str]:
    """A digest of each field, or of those that go together."""
    return {name: _digest([getattr(of, field) for field in fields]) for name, fields in _FIELDS.items()}


def _digest(values: list[Any]) -> str:
    return blake2b(msgspec.json.encode(values, order="sorted"), digest_size=6).hexdigest()


def _noted(text: str, note: str) -> str:
    """The note last, whole; of a text too long for both its end goes."""
    return f"{text[: TEXT_LIMIT - len(note) - 1]}\n{note}".strip()
