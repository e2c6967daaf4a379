"""What a notice is about: offers and incidents as the stream tells them, older ones from the archive."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec
from psycopg_pool import AsyncConnectionPool

from cities import City
from core.clock import Clock
from core.entities import Person
from core.events import Event, IncidentChanged, NoticeAsked, OfferChanged
from core.links import OfferLink, signed
from core.units import US_PER_S
from dispatch.offers import PENDING
from dispatch.wording import place_of, said
from ronda.channels.channel import ASKING, Letter
from store import offers, read

OFFERS_KEPT: Final = 10_000
INCIDENTS_KEPT: Final = 1_000
LINK_LIFE_S: Final = 86_400  # an offer is answered within minutes; arrival and departure are told by its page too
T = TypeVar("T", OfferChanged, IncidentChanged)


@dataclass(frozen=True, slots=True)
class Writing:
    """How letters are written in this installation."""

    city: City
    link_base: str
    secret: bytes = field(repr=False)

    def names(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Kinds of incident and areas, by what people call them."""
        return {h.kind: h.name for h in self.city.hazards}, {str(a.id): a.name for a in self.city.areas}

    def link(self, offer: str, person: str, made_us: int) -> str:
        """Where an offer is seen and answered, without a password."""
        until_s = made_us // US_PER_S + LINK_LIFE_S
        return f"{self.link_base}/o/{signed(self.secret, OfferLink(offer, person, until_s))}"


class Facts:
    """Newest versions, of each kind as many as are kept."""

    def __init__(self, pool: AsyncConnectionPool, clock: Clock, writing: Writing) -> None:
        self._pool = pool
        self._clock = clock
        self._writing = writing
        self._kinds, self._areas = writing.names()
        self._offers: OrderedDict[str, OfferChanged] = OrderedDict()
        self._incidents: OrderedDict[str, IncidentChanged] = OrderedDict()

    def take(self, event: Event) -> None:
        """Follow the stream."""
        if isinstance(event, OfferChanged):
            _keep(self._offers, event, OFFERS_KEPT)
        elif isinstance(event, IncidentChanged):
            _keep(self._incidents, event, INCIDENTS_KEPT)

    def moot(self, notice: NoticeAsked) -> bool:
        """Whether nobody needs to hear it any more: past its life, or a question that was answered or withdrawn.

        Nor may who carries the device now, if its person has handed it over.
        """
        offer = self._offers.get(notice.offer)
        answered = notice.kind in ASKING and offer is not None and offer.state not in PENDING
        elsewhere = offer is not None and offer.device != notice.device
        return answered or elsewhere or self._clock.now_us() >= notice.expires_us

    def reached(self, notice: NoticeAsked) -> bool:
        """Whether the stream says that a question is on the phone already."""
        offer = self._offers.get(notice.offer)
        return notice.kind in ASKING and offer is not None and offer.state != "offered"

    async def letter(self, notice: NoticeAsked) -> Letter:
        """The notice with what it is about, in words."""
        offer = self._offers.get(notice.offer) or await offers.offer(self._pool, notice.offer)
        incident = self._incidents.get(notice.incident) or await read.incident(self._pool, notice.incident)
        words = said(
            notice.kind,
            incident,
            what=self._what(incident.kind) if incident else "",
            where=place_of(incident, self._areas) if incident else "?",
            eta_s=offer.eta_s if offer else None,
            language=self._writing.city.language,
        )
        link = self._writing.link(notice.offer, notice.person, notice.at_us) if notice.kind in ASKING else ""
        life_s = (notice.expires_us - self._clock.now_us()) / US_PER_S
        return Letter(notice, offer, incident, words, link, life_s)

    def _what(self, kind: str) -> str:
        """A kind of incident as people call it; one that the city has no name for, by its word."""
        return self._kinds.get(kind) or kind.replace("_", " ").capitalize()


async def find_person(pool: AsyncConnectionPool, person_id: str) -> Person | None:
    """A person of the register, as it is now."""
    row = await read.registry_row(pool, "people", person_id)
    return None if row is None else msgspec.convert(row, Person)


def _keep(rows: OrderedDict[str, T], row: T, most: int) -> None:
    rows[row.id] = row
    rows.move_to_end(row.id)
    if len(rows) > most:
        rows.popitem(last=False)
