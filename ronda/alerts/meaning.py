"""What an alert means for the city: a command for dispatch, or the reason why it is passed over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from cities import City
from core.entries import Command
from core.events import CapAlert
from dispatch.cap import KIND, TEXT_LIMIT
from ingest.cap.alert import Alert, Info
from ronda.alerts.land import Land, Met

Passed = Literal["test", "restricted", "other_message", "elsewhere"]
PASSED: Final[tuple[Passed, ...]] = ("test", "restricted", "other_message", "elsewhere")
SEVERITY: Final[Mapping[str, int]] = {"Extreme": 3, "Severe": 3, "Moderate": 2}
LINE: Final = 300  # characters of a headline, an event, a name
ACTOR_LIMIT: Final = 128
FEW: Final = 3  # areas that are named
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "id": {
        "source": "Sumber: {who}",
        "cancelled": "{who} mencabut peringatan ini.",
        "left": "{who}: peringatan ini tidak lagi mencakup {city}.",
        "areas": "{met} dari {all} {area} di {city}",
    },
    "en": {
        "source": "Source: {who}",
        "cancelled": "{who} cancelled this alert.",
        "left": "{who}: this alert no longer covers {city}.",
        "areas": "{met} of {all} {area} of {city}",
    },
}


@dataclass(frozen=True, slots=True)
class Meant:
    """What to tell dispatch. `needs_known`: only if one of the messages that it refers to was taken before."""

    key: str
    actor: str
    body: dict[str, Any]
    references: tuple[str, ...]
    needs_known: bool = False

    def command(self, now_us: int) -> Command:
        return Command(id=self.key, kind=KIND, actor=self.actor, at_us=now_us, body=self.body)


def meaning(alert: Alert, city: City, land: Land) -> Meant | Passed:
    """An alert of this city that is for the public, real or an exercise."""
    if (passed := _not_ours(alert)) is not None:
        return passed
    infos = spoken(alert.infos, city.language)
    met = [(info, found) for info in infos if (found := land.met(info.areas)) is not None]
    if alert.message == "Cancel":
        return "elsewhere" if infos and any(info.areas for info in infos) and not met else _ending(alert, city)
    if not met:
        return _ending(alert, city, left=True) if alert.message == "Update" and alert.references else "elsewhere"
    if alert.message == "Update" and all({*info.responses} == {"AllClear"} for info, _ in met):
        return _ending(alert, city)
    info, _ = max(met, key=lambda one: severity(one[0]))
    every = land.met([area for one, _ in met for area in one.areas])
    return _telling(alert, info, every or met[0][1], land, city)


def _not_ours(alert: Alert) -> Passed | None:
    if alert.status not in ("Actual", "Exercise"):
        return "test"
    if alert.scope != "Public":
        return "restricted"
    return None if alert.message in ("Alert", "Update", "Cancel") else "other_message"


def spoken(infos: Sequence[Info], language: str) -> list[Info]:
    """Those in a language, else those in none, else those in the first one's."""
    for wanted in (language, ""):
        if found := [info for info in infos if info.language.partition("-")[0] == wanted]:
            return found
    return [info for info in infos if info.language == infos[0].language]


def severity(info: Info) -> int:
    return SEVERITY.get(info.severity, 1)


def _telling(alert: Alert, info: Info, met: Met, land: Land, city: City) -> Meant:
    kind, who = city.alerts.kind(info.event), issuer(alert, info, city)
    needs = next((hazard.needs for hazard in city.hazards if hazard.kind == kind), ())
    incident = {
        "kind": kind,
        "lon": met.lon,
        "lat": met.lat,
        "severity": severity(info),
        "text": _text(info, _say(city, "source", who=who)),
        "area": met.areas[0] if len(met.areas) == 1 else None,
        "placed": "area",
        "address": _address(met, land, city),
        "needs": needs,
        "hazard": {"shape": met.hazard, "label": info.event[:LINE]},
        "source": "cap",
    }
    return _meant(alert, _cap(alert, info, who), {"message": alert.message.lower(), "incident": incident})


def _ending(alert: Alert, city: City, *, left: bool = False) -> Meant:
    """A cancel; or an update that no longer covers the city."""
    info = alert.infos[0] if alert.infos else None
    who = issuer(alert, info, city)
    said = _say(city, "left" if left else "cancelled", who=who, city=city.name)
    note = said if left else f"{said} {alert.note[:LINE]}".strip()
    return _meant(alert, _cap(alert, info, who), {"message": "cancel", "note": note}, needs_known=left)


def _meant(alert: Alert, cap: CapAlert, body: dict[str, Any], *, needs_known: bool = False) -> Meant:
    whole = body | {"cap": cap, "refs": alert.references, "exercise": alert.status == "Exercise"}
    return Meant(
        alert.key, f"cap:{alert.sender}"[:ACTOR_LIMIT], msgspec.to_builtins(whole), alert.references, needs_known
    )


def _cap(alert: Alert, info: Info | None, who: str) -> CapAlert:
    found = CapAlert(
        sender=alert.sender,
        identifier=alert.identifier,
        sent_us=alert.sent_us,
        event="",
        attribution=who,
        signed=alert.signed,
    )
    if info is None:
        return found
    texts = {name: getattr(info, name)[:LINE] for name in ("event", "headline", "urgency", "certainty", "web")}
    return msgspec.structs.replace(found, expires_us=info.expires_us, **texts)


def issuer(alert: Alert, info: Info | None, city: City) -> str:
    """Whom to name: as the city knows the sender, as it calls itself, else its address."""
    known = (name for end, name in city.alerts.issuers.items() if alert.sender.casefold().endswith(end))
    return next(known, (info.sender_name if info else "") or alert.sender)[:LINE]


def _text(info: Info, source: str) -> str:
    """What is said of it, and who says so last and whole."""
    told = "\n".join(part for part in (info.headline or info.event, info.description, info.instruction) if part)
    room = TEXT_LIMIT - len(source) - 1
    return f"{told if len(told) <= room else told[: room - 1] + '…'}\n{source}"


def _address(met: Met, land: Land, city: City) -> str:
    """The names of a few areas, else how many they are."""
    if 0 < len(met.areas) <= FEW:
        return ", ".join(land.names[id_] for id_ in met.areas)
    if len(met.areas) in (0, len(land.areas)):
        return city.name
    word = city.words.get("area", "area")
    return _say(city, "areas", met=str(len(met.areas)), all=str(len(land.areas)), area=word, city=city.name)


def _say(where: City, what: str, /, **named: str) -> str:
    return _WORDS.get(where.language, _WORDS["en"])[what].format(**named)
