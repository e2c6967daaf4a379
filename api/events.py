"""Events as the outside sees them: the same rows and names as the other routes, with the event's place in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final

import msgspec

from api.rows import alert_row, dwell_row, incident_row, offer_row, plan_row
from api.spellrows import spell_row
from api.times import rfc3339
from core.events import (
    AlertChanged,
    CommandDone,
    DwellChanged,
    Event,
    FixFlagged,
    IncidentChanged,
    NoticeAsked,
    OfferChanged,
    PlanMade,
    SpellChanged,
)
from store.read import EventRow

_decode: Final = msgspec.json.Decoder(Event)


def renderer(zone: tzinfo) -> Callable[[EventRow], bytes]:
    """A function from an archived event to the JSON of its `data` line."""

    def render(row: EventRow) -> bytes:
        head = {"seq": row.seq, "kind": row.kind}
        try:
            body = shown_event(_decode.decode(row.body), zone)
        except msgspec.MsgspecError:  # a newer version's event: better as it is than not at all
            body = {"body": msgspec.Raw(row.body)}
        return msgspec.json.encode(head | body)

    return render


def shown_event(event: Event, zone: tzinfo) -> dict[str, Any]:  # noqa: PLR0911  one for each kind
    """An event under the names of the API."""
    at = {"at": rfc3339(event.at_us, zone)}
    match event:
        case DwellChanged() | SpellChanged():
            return at | _row_changed(event, zone)
        case AlertChanged():
            shown = alert_row(event, event.at_us, None, zone)
            del shown["vehicle"], shown["raised"]
            return at | {"alert_kind": shown.pop("kind")} | shown
        case IncidentChanged():
            shown = incident_row(event, zone)
            for name in ("address", "needs", "hazard", "hazard_info"):
                del shown[name]
            return at | {"incident_kind": shown.pop("kind")} | shown
        case PlanMade():
            return at | plan_row(event, zone)
        case OfferChanged():
            return at | offer_row(event, zone)
        case NoticeAsked():
            return at | {"id": event.id, "notice_kind": event.kind, "volunteer": event.person, "offer": event.offer}
        case FixFlagged(device=device, time_us=time_us, reason=reason):
            return at | {"device": device, "time": rfc3339(time_us, zone), "reason": reason}
        case CommandDone(id=command, ok=ok, reason=reason):
            return at | {"id": command, "ok": ok, "reason": reason}


def _row_changed(event: DwellChanged | SpellChanged, zone: tzinfo) -> dict[str, Any]:
    """The row without its vehicle: a reader who needs it asks for the row; assignments may change afterwards."""
    head = {"cause": event.cause, "device": event.row.device}
    if isinstance(event, DwellChanged):
        shown = dwell_row(event.row, None, event.at_us, zone)
    else:
        shown = spell_row(event.row, None, event.at_us, zone)
        head["spell_kind"] = event.row.kind
    del shown["vehicle"]
    return head | {"row": shown}
