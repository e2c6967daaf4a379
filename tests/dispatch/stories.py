"""What was said of an incident, with the command that each event followed from, as the archive tells it."""

from typing import NamedTuple

from core.entries import Command
from core.events import Event, IncidentChanged, NoticeAsked, OfferChanged, PlanMade


class Said(NamedTuple):
    event: Event
    act: str | None
    actor: str | None


def story(town, *entries, incident="i"):
    """Run these entries in a town and keep what was said of the incident."""
    told = []
    for entry in entries:
        for one in entry if isinstance(entry, list) else [entry]:
            by = (one.kind, one.actor) if isinstance(one, Command) else (None, None)
            told += [Said(event, *by) for event in town.run(one) if about(event) == incident]
    return told


def about(event):
    if isinstance(event, IncidentChanged):
        return event.id
    return event.incident if isinstance(event, PlanMade | OfferChanged | NoticeAsked) else None
