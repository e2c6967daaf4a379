"""A volunteer's own page: the link that opens it, and whose it is. The address is the credential, and no cookie counts.

A link lasts a year, or until the person is erased, or their `links` number is raised, or `links.key` changes.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from api.clerks import Clerks
from api.commands import Commands
from api.deps import Deps
from core.entities import Person
from core.identity import Identity
from core.links import PersonLink, opened_person, signed
from core.units import US_PER_S
from store import read

LIFE_S: Final = 366 * 86_400


class Visit(NamedTuple):
    """Somebody on their own page, and what serves them."""

    deps: Deps
    commands: Commands
    clerks: Clerks
    person: Person
    row: dict[str, Any]
    home: str  # `/l/{signed}`

    @property
    def identity(self) -> Identity:
        """As if they had signed in."""
        return Identity(role="volunteer", subject=str(self.person.id))


def link_of(deps: Deps, person: Person) -> tuple[str, int]:
    """The address of a person's page, and when it ends (us)."""
    until_s = deps.clock.now_us() // US_PER_S + LIFE_S
    token = signed(deps.link_secret, PersonLink(str(person.id), person.links, until_s))
    return f"{deps.public_url.rstrip('/')}/l/{token}", until_s * US_PER_S


async def owner(deps: Deps, token: str) -> tuple[Person, dict[str, Any]] | None:
    """Whose page a link opens, with their row of the register; None for a link that is nobody's, or no more."""
    link = opened_person(deps.link_secret, token, deps.clock.now_us()) if deps.link_secret else None
    row = await read.registry_row(deps.pool, "people", link.person) if link else None
    person = msgspec.convert(row, Person) if row else None
    if link is None or person is None or row is None or person.kind != "volunteer" or person.links != link.number:
        return None
    return person, row
