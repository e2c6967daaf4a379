"""The plan as a call sheet: whom to telephone, in which order, with links for the coordinator's own phone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Final

import msgspec

from core.entities import Person
from core.events import OfferChanged, OfferState
from core.telephone import tel_link, wa_link
from dispatch.offers import LIVE

_ORDER: Final[tuple[OfferState, ...]] = (  # whoever was not reached yet comes first
    "offered", "delivered", "seen", "no_progress", "accepted", "committed", "en_route", "arrived", "working",
)  # fmt: skip


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the sheet. Without a number that can be called both links are None."""

    offer: str
    person: str
    name: str
    phone: str
    tel: str | None
    wa: str | None
    role: str
    state: OfferState
    eta_s: float | None


def call_sheet(
    offers: Iterable[OfferChanged],
    people: Mapping[str, Person],
    calling_code: str,
    text_of: Callable[[OfferChanged], str] = lambda _: "",
) -> list[Call]:
    """Live offers as lines: not reached yet, then on their way, then there; in each the nearest first."""
    live = [offer for offer in offers if offer.state in LIVE]
    live.sort(key=lambda o: (_ORDER.index(o.state), inf if o.eta_s is None else o.eta_s, o.id))
    return [_call(offer, people.get(offer.person), calling_code, text_of(offer)) for offer in live]


def _call(offer: OfferChanged, person: Person | None, calling_code: str, text: str) -> Call:
    phone = person.phone if person is not None else ""
    return Call(
        offer=offer.id,
        person=offer.person,
        name=person.name if person is not None and person.name else offer.person,
        phone=phone,
        tel=tel_link(phone, calling_code),
        wa=wa_link(phone, calling_code, text),
        role=offer.role,
        state=offer.state,
        eta_s=offer.eta_s,
    )
