"""A photo of an incident, from the bytes that somebody sent to the version of the incident that names it.

First the bytes are kept, then the log is told: what the log names is there. What dispatch refuses is dropped again.
"""

from __future__ import annotations

from api.clerks import Clerks
from api.commands import DISPATCH, Commands
from api.deps import Deps
from api.pictures import PictureError
from api.problems import ParameterError
from core.errors import ConflictError
from store import offers, photos

FULL = "there are as many photos as are kept; thank you"


async def photograph(
    deps: Deps, commands: Commands, clerks: Clerks, *, incident: str, person: str, raw: bytes, cut: bool = False
) -> str:
    """Add a photo; its digest. `ParameterError`: it is none; `ConflictError`: it is refused; `LaterError`: not now."""
    if cut or not raw:
        raise ParameterError("photo", "has more than 5 MB; send a smaller one" if cut else "is missing")
    try:
        picture = await clerks.darkroom.develop(raw)
    except PictureError as error:
        raise ParameterError("photo", f"cannot be used: {error}") from error
    now_us = deps.clock.now_us()
    kept = await photos.add(deps.pool, picture, incident=incident, person=person, at_us=now_us)
    if kept == "full":
        raise ConflictError(FULL)
    try:
        await commands.send("incident.photo", person, {"id": incident, "sha256": picture.sha256}, DISPATCH)
    except ConflictError:
        if kept == "added":
            await photos.drop(deps.pool, picture.sha256)
        raise
    return picture.sha256


async def had_part(deps: Deps, person: str, incident: str) -> bool:
    """Whether a volunteer reported an incident, or was asked for it."""
    if await photos.reporter(deps.pool, incident) == person:
        return True
    asked = (await offers.offers_of_incident(deps.pool, incident, limit=10_000)).rows
    return any(offer.person == person for offer in asked)
