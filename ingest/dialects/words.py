"""What a volunteer says through their phone that is no position: an answer to an offer, a report of an incident.

`ronda/v1/{device}/answer` holds `{"offer", "answer", "minutes"}`, and `real` and `text` after a look;
`ronda/v1/{device}/report` holds `{"kind", "lat", "lon"}`, and `text`, `severity` and `area`. Each becomes a command of
dispatch, which knows whose phone the device is. Unknown keys are passed over. docs/dispatch.md shows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ingest.dialects.dialect import Dialect, lacking, parse
from ingest.raw import Decoded, Problem, Words

ANSWERS: Final[Mapping[str, str]] = {  # what is answered → the kind of command
    **dict.fromkeys(("accept", "accept_in", "decline", "decline_today"), "offer.answer"),
    "seen": "offer.seen",
    "looked": "offer.looked",
    "arrived": "offer.arrived",
    "left": "offer.left",
}
MINUTES_MAX: Final = 240
SEVERITIES: Final = (1, 2, 3)
_KIND_LIMIT: Final = 40  # characters, as of the incident
_OFFER_LIMIT: Final = 200
_TEXT_LIMIT: Final = 2000


class _UnfitError(Exception):
    """Why a message cannot be understood."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def answer(payload: bytes) -> Decoded:
    """An answer to one offer."""
    return _read(payload, ("offer", "answer"), _answer)


def report(payload: bytes) -> Decoded:
    """A report of an incident."""
    return _read(payload, ("kind", "lat", "lon"), _report)


def _read(payload: bytes, wanted: tuple[str, ...], read: Callable[[dict[str, Any]], Words]) -> Decoded:
    try:
        value = parse(payload)
    except ValueError as error:
        return Decoded([], [Problem("not_json", str(error))])
    if not isinstance(value, dict):
        return Decoded([], [Problem("unknown_type", f"this is a JSON object, not {type(value).__name__}")])
    if absent := lacking(value, wanted):
        return Decoded([], [Problem("missing_field", absent)])
    try:
        return Decoded([], [], words=read(value))
    except _UnfitError as error:
        return Decoded([], [error.problem])


def _answer(value: dict[str, Any]) -> Words:
    said, body = value["answer"], {"offer": _text(value, "offer", _OFFER_LIMIT)}
    kind = ANSWERS.get(said) if isinstance(said, str) else None
    if kind is None:
        raise _UnfitError(Problem("unknown_type", f"answer is one of {', '.join(ANSWERS)}"))
    if kind == "offer.answer":
        return Words(kind, body | {"answer": said} | _minutes(value, said))
    if kind == "offer.looked":
        if not isinstance(value.get("real"), bool):
            raise _UnfitError(Problem("missing_field", "real: true or false, whether the report is true"))
        return Words(kind, body | {"real": value["real"], "text": _text(value, "text", _TEXT_LIMIT)})
    return Words(kind, body)


def _minutes(value: dict[str, Any], said: str) -> dict[str, int]:
    if said != "accept_in":
        return {}
    minutes = value.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= MINUTES_MAX:
        raise _UnfitError(Problem("missing_field", f"minutes: a whole number from 0 to {MINUTES_MAX}"))
    return {"minutes": minutes}


def _report(value: dict[str, Any]) -> Words:
    lat, lon = _degrees(value["lat"], 90), _degrees(value["lon"], 180)
    if lat is None or lon is None:
        raise _UnfitError(Problem("bad_coordinate", f"lat {value['lat']!r:.40}, lon {value['lon']!r:.40}"))
    severity = value.get("severity", 2)
    if isinstance(severity, bool) or severity not in SEVERITIES:
        raise _UnfitError(Problem("unknown_type", "severity is 1, 2 or 3"))
    kind = _text(value, "kind", _KIND_LIMIT)
    if not kind:
        raise _UnfitError(Problem("missing_field", "kind"))
    body = {"kind": kind, "lat": lat, "lon": lon, "severity": int(severity), "text": _text(value, "text", _TEXT_LIMIT)}
    if area := _text(value, "area", _OFFER_LIMIT):
        body["area"] = area
    return Words("incident.open", body | {"source": "volunteer"})


def _text(value: dict[str, Any], name: str, limit: int) -> str:
    text = value.get(name) or ""
    if not isinstance(text, str):
        raise _UnfitError(Problem("unknown_type", f"{name} is text"))
    if len(text) > limit:
        raise _UnfitError(Problem("too_large", f"{name} has {len(text)} characters; at most {limit}"))
    return text.strip()


def _degrees(value: Any, most: int) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most
    return float(value) if known else None


def _dialect(name: str, decode: Callable[[bytes], Decoded]) -> Dialect:
    return Dialect(
        name=name,
        number=0,  # no fix is stored under it
        topic=re.compile(rf"ronda/v1/([^/]+)/{name}"),
        device=lambda found: found[1],
        decode=decode,
        cls="phone",
        subscribe=(f"ronda/v1/+/{name}",),
    )


DIALECTS: Final[tuple[Dialect, ...]] = (_dialect("answer", answer), _dialect("report", report))
TOPICS: Final[tuple[str, ...]] = tuple(topic for dialect in DIALECTS for topic in dialect.subscribe)
