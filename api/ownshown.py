"""What a volunteer's own page shows, and what its switches do to their row of the register."""

from __future__ import annotations

from typing import Final

import msgspec

from api.eyewitness import UnfitError
from api.ownpage import Asked, Page, Reported
from api.personal import Visit
from api.placing import what
from api.times import from_us
from core import duty
from core.entities import AreaId, Person
from core.events import OfferChanged
from core.links import OfferLink, signed
from core.units import US_PER_S
from dispatch.offers import LIVE
from dispatch.state import LOOK
from store import offers, photos, read
from store.timeline import areas

SHOWN: Final = 10  # newest requests and reports
LINK_LIFE_S: Final = 86_400


async def page_of(visit: Visit) -> Page:
    """Read anew at each visit."""
    deps, person = visit.deps, visit.person
    now_us, who = deps.clock.now_us(), str(person.id)
    asked = (await offers.offers_of_person(deps.pool, who, limit=10_000)).rows[-SHOWN:]
    return Page(
        person=person,
        home=visit.home,
        until=_clock(visit, person.duty[-1][1]) if duty.on_duty(person, now_us) else "",
        consent="" if person.consent_us is None else _day(visit, person.consent_us),
        areas=await areas(deps.pool),
        asked=[await _asked(visit, offer) for offer in reversed(asked)],
        reported=[
            Reported(what(deps, found), _day(visit, found.opened_us), found.status, f"{visit.home}/r/{found.id}")
            for found in await photos.reported_by(deps.pool, who, limit=SHOWN)
        ],
        browsers=len(await offers.pushes_of(deps.pool, who)),
        push_key=deps.push_key,
    )


async def _asked(visit: Visit, offer: OfferChanged) -> Asked:
    incident = await read.incident(visit.deps.pool, offer.incident)
    until_s = offer.made_us // US_PER_S + LINK_LIFE_S
    link = signed(visit.deps.link_secret, OfferLink(offer.id, offer.person, until_s))
    name = what(visit.deps, incident) if incident else "?"
    look = " (lihat / look)" if offer.role == LOOK else ""
    return Asked(name + look, _day(visit, offer.made_us), offer.state, f"/o/{link}" if offer.state in LIVE else "")


def _clock(visit: Visit, at_us: int) -> str:
    return from_us(at_us, visit.deps.zone).strftime("%H.%M")


def _day(visit: Visit, at_us: int) -> str:
    return from_us(at_us, visit.deps.zone).strftime("%d-%m-%Y %H.%M")


def switched(person: Person, now_us: int, *, word: str, area: str) -> Person:
    """A person's row after a button of their page; `UnfitError` says why it cannot be."""
    match word:
        case "on" if person.consent_us is None:
            raise UnfitError("Setujui dulu bahwa posisi Anda dicatat selama bertugas.", "Consent first.")
        case "on":
            return duty.begin(person, now_us)
        case "off":
            return duty.end(person, now_us)
        case "consent" | "noconsent":
            return duty.consent(person, now_us, given=word == "consent")
        case "wake":
            home = AreaId(area) if area else person.area
            if home is None:
                raise UnfitError("Pilih dulu kelurahan rumah Anda.", "Choose first where you live.")
            return msgspec.structs.replace(person, wake=True, area=home)
        case "nowake":
            return msgspec.structs.replace(person, wake=False)
    raise UnfitError("Tombol tidak dikenal.", "That is no button.")
