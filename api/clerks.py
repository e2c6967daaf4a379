"""What serves phones' pages and photos, kept by the application: readers, the darkroom, and everybody's rations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException
from starlette.requests import HTTPConnection

from api.forms import Forms
from api.pictures import Darkroom
from api.rationing import Ration
from core.clock import Clock

SPAN_S: Final = 600.0
REPORTS: Final = 6  # of one person within that span
PHOTOS: Final = 20
BROWSERS: Final = 10


@dataclass(frozen=True, slots=True)
class Clerks:
    """Each is bounded by itself."""

    forms: Forms
    darkroom: Darkroom
    reports: Ration
    photos: Ration
    browsers: Ration


def clerks(clock: Clock) -> Clerks:
    """Of one application."""
    rations = (Ration(clock, times, SPAN_S) for times in (REPORTS, PHOTOS, BROWSERS))
    return Clerks(Forms(), Darkroom(), *rations)


def clerks_of(connection: HTTPConnection) -> Clerks:
    """Those of this application."""
    found: Clerks = connection.app.state.clerks
    return found


def take(ration: Ration, person: str) -> None:
    """One more, or 429 with when to come again."""
    if wait_s := ration.wait_s(person):
        raise HTTPException(429, f"that is too many in ten minutes; again in {wait_s} s", {"Retry-After": str(wait_s)})
