"""Query parameters that several routes share, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from math import isfinite
from typing import Annotated, Final, Literal

from fastapi import Query

from api.hub import Box
from api.problems import ParameterError
from api.times import parse_us

PAGE: Final = 1000
MAX_PAGE: Final = 10_000
NO_NUL: Final = r"^[^\x00]*$"  # the one character that Postgres cannot hold

FromText = Annotated[str | None, Query(alias="from", description="RFC 3339, city day, or epoch s/ms; inclusive")]
ToText = Annotated[str | None, Query(alias="to", description="as `from`; exclusive")]
AfterText = Annotated[str | None, Query(max_length=400, description="key of the page before, from `next`")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
IdText = Annotated[str | None, Query(max_length=200)]
BoxText = Annotated[str | None, Query(description="west,south,east,north in degrees")]
TableFormat = Literal["json", "csv", "geojson", "xlsx"]
TrackFormat = Literal["geojson", "csv", "gpx", "kml"]


@dataclass(frozen=True, slots=True)
class Span:
    """A time window; None is open."""

    from_us: int | None
    to_us: int | None


def span(from_text: str | None, to_text: str | None, zone: tzinfo) -> Span:
    """The window of `from` and `to`; refuses one that ends before it starts."""
    from_us = None if from_text is None else parse_us(from_text, "from", zone)
    to_us = None if to_text is None else parse_us(to_text, "to", zone)
    if from_us is not None and to_us is not None and to_us < from_us:
        raise ParameterError("to", "lies before `from`")
    return Span(from_us, to_us)


def box(text: str | None) -> Box | None:
    """A bounding box, or None when none was asked for."""
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    return box_of(numbers)


def box_of(numbers: list[float]) -> Box:
    """A bounding box of four numbers."""
    if len(numbers) != 4 or not all(map(isfinite, numbers)) or numbers[1] > numbers[3]:
        raise ParameterError("bbox", "must be west,south,east,north in degrees, south not above north")
    return Box(*numbers)
