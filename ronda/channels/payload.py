"""A letter as other programs read it: the same object by MQTT, Web Push and webhook. docs/notify.md shows it."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from api.times import rfc3339
from ronda.channels.channel import ASKING, Letter


def payload(letter: Letter, zone: tzinfo) -> dict[str, Any]:
    """The notice, the offer under the names of the API, where it is, and what a person reads."""
    notice, offer, incident = letter.notice, letter.offer, letter.incident
    told: dict[str, Any] = {
        "notice": notice.id,
        "type": notice.kind,
        "offer": notice.offer,
        "incident": notice.incident,
        "volunteer": notice.person,
        "at": rfc3339(notice.at_us, zone),
        "expires": rfc3339(notice.expires_us, zone),
        "title": letter.said.title,
        "body": letter.said.body,
    }
    if letter.link:
        told["link"] = letter.link
    if offer is not None:
        told |= {"role": offer.role, "state": offer.state, "eta_s": offer.eta_s, "why": offer.why}
    if incident is not None:
        told |= {"kind": incident.kind, "severity": incident.severity, "exercise": incident.exercise}
        told |= {"lon": incident.lon, "lat": incident.lat, "area": incident.area, "address": incident.address}
        if notice.kind in ASKING:
            told["text"] = incident.text
    return told
