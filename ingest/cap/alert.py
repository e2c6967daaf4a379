"""A CAP message as a record: what is not an alert, or says what cannot be, raises `DecodeError` with a reason."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from math import isfinite
from typing import Any, Final, Literal, NoReturn, get_args
from xml.etree.ElementTree import Element

import msgspec

from core.errors import DecodeError
from core.units import TIMES_US, US_PER_S
from ingest.cap.tree import children, name_of, space_of, text_of, tree

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
MessageType = Literal["Alert", "Update", "Cancel", "Ack", "Error"]
Scope = Literal["Public", "Restricted", "Private"]
LonLat = tuple[float, float]

SPACES: Final = frozenset({"urn:oasis:names:tc:emergency:cap:1.1", "urn:oasis:names:tc:emergency:cap:1.2"})
SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
NAME_LIMIT: Final = 300  # characters of an identifier or a sender
CORNERS: Final = 20_000  # of all polygons of a message
REFERENCES: Final = 50
_ID_BYTES: Final = 12


class Circle(msgspec.Struct, frozen=True):
    lon: float
    lat: float
    radius_km: float


class AlertArea(msgspec.Struct, frozen=True, kw_only=True):
    """Where: shells of (lon, lat), first corner last; circles; codes as (kind of code, code)."""

    name: str
    polygons: tuple[tuple[LonLat, ...], ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[tuple[str, str], ...] = ()


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What happens, in one language."""

    language: str
    event: str
    urgency: str
    severity: str
    certainty: str
    responses: tuple[str, ...] = ()
    expires_us: int | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    areas: tuple[AlertArea, ...] = ()


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `key` is a digest of sender, identifier and time sent; `references` are the keys of others."""

    identifier: str
    sender: str
    sent_us: int
    status: Status
    message: MessageType
    scope: Scope
    key: str
    references: tuple[str, ...] = ()
    note: str = ""
    signed: bool = False  # it bears a signature, which is not checked
    infos: tuple[Info, ...] = ()


def decode(body: bytes) -> Alert:
    """The message of these bytes."""
    root = tree(body)
    if name_of(root) != "alert" or space_of(root) not in SPACES:
        raise DecodeError("unknown_type", f"this is no CAP 1.1 or 1.2 alert but {root.tag[:80]}")
    sender, identifier = _name(root, "sender"), _name(root, "identifier")
    sent_us = time_us(_wanted(root, "sent"), "sent")
    message = _one_of(root, "msgType", get_args(MessageType))
    references = _references(text_of(root, "references"), sender)
    infos = tuple(_info(element) for element in children(root, "info"))
    if message == "Cancel" and not references:
        _lacking("references, as sender,identifier,sent: what is cancelled")
    if message in ("Alert", "Update") and not infos:
        _lacking("info")
    if sum(len(p) for i in infos for a in i.areas for p in a.polygons) > CORNERS:
        raise DecodeError("too_large", f"its polygons have more than {CORNERS} corners")
    return Alert(
        identifier=identifier,
        sender=sender,
        sent_us=sent_us,
        status=_one_of(root, "status", get_args(Status)),
        message=message,
        scope=_one_of(root, "scope", get_args(Scope)),
        key=key_of(sender, identifier, sent_us),
        references=references,
        note=text_of(root, "note"),
        signed=root.find(SIGNATURE) is not None,
        infos=infos,
    )


def key_of(sender: str, identifier: str, sent_us: int) -> str:
    """The name of a message, the same wherever it is read."""
    said = f"{sender}\n{identifier}\n{sent_us}".encode()
    return f"cap-{blake2b(said, digest_size=_ID_BYTES).hexdigest()}"


def time_us(text: str, what: str) -> int:
    """An instant of CAP: with its offset from UTC."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("it has no offset from UTC")  # noqa: TRY301
        at_us = round(moment.timestamp() * US_PER_S)
        if not TIMES_US[0] <= at_us <= TIMES_US[1]:
            raise ValueError("it is not within 1970 to 2106")  # noqa: TRY301
    except (ValueError, OverflowError) as error:
        raise DecodeError("bad_time", f"{what} {text[:60]!r}: {error}") from error
    return at_us


def _references(text: str, sender: str) -> tuple[str, ...]:
    """Keys of the sender's own messages that are referred to; nobody speaks about another's."""
    found = list[str]()
    for triple in text.split():
        parts = triple.split(",")
        if len(parts) == 3 and parts[0] == sender:
            found.append(key_of(sender, parts[1], time_us(parts[2], "references")))
    return tuple(dict.fromkeys(found))[-REFERENCES:]


def _info(element: Element) -> Info:
    expires = text_of(element, "expires")
    return Info(
        language=text_of(element, "language").lower(),
        event=_wanted(element, "event"),
        urgency=text_of(element, "urgency") or "Unknown",
        severity=text_of(element, "severity") or "Unknown",
        certainty=text_of(element, "certainty") or "Unknown",
        responses=tuple((response.text or "").strip() for response in children(element, "responseType")),
        expires_us=time_us(expires, "expires") if expires else None,
        sender_name=text_of(element, "senderName"),
        headline=text_of(element, "headline"),
        description=text_of(element, "description"),
        instruction=text_of(element, "instruction"),
        web=text_of(element, "web"),
        areas=tuple(_area(area) for area in children(element, "area")),
    )


def _area(element: Element) -> AlertArea:
    polygons = [_polygon(shape.text or "") for shape in children(element, "polygon") if (shape.text or "").strip()]
    circles = [_circle(shape.text or "") for shape in children(element, "circle") if (shape.text or "").strip()]
    codes = [(text_of(code, "valueName"), text_of(code, "value")) for code in children(element, "geocode")]
    return AlertArea(
        name=text_of(element, "areaDesc"), polygons=tuple(polygons), circles=tuple(circles), geocodes=tuple(codes)
    )


def _polygon(text: str) -> tuple[LonLat, ...]:
    """`lat,lon lat,lon …`; a shell that is not closed is closed."""
    corners = [_corner(pair) for pair in text.split()]
    if corners[0] != corners[-1]:
        corners.append(corners[0])
    if len(corners) < 4:
        raise DecodeError("bad_coordinate", f"a polygon has at least three corners: {text.strip()[:80]}")
    return tuple(corners)


def _circle(text: str) -> Circle:
    """`lat,lon radius`, the radius in km."""
    centre, _, radius = text.strip().partition(" ")
    lon, lat = _corner(centre)
    radius_km = _number(radius)
    if not 0 <= radius_km <= 20_000:
        raise DecodeError("bad_coordinate", f"a circle is `lat,lon km`, not {text.strip()[:80]}")
    return Circle(lon, lat, radius_km)


def _corner(pair: str) -> LonLat:
    lat, comma, lon = pair.partition(",")
    at = _number(lon), _number(lat)
    if not comma or not (abs(at[0]) <= 180 and abs(at[1]) <= 90):
        raise DecodeError("bad_coordinate", f"a corner is `lat,lon` in degrees, not {pair[:60]}")
    return at


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise DecodeError("bad_coordinate", f"{text[:60]!r} is no number")
    return value


def _name(element: Element, name: str) -> str:
    text = _wanted(element, name)
    if len(text) > NAME_LIMIT:
        raise DecodeError("too_large", f"{name} has {len(text)} characters; at most {NAME_LIMIT}")
    return text


def _wanted(element: Element, name: str) -> str:
    return text_of(element, name) or _lacking(name)


def _lacking(name: str) -> NoReturn:
    raise DecodeError("missing_field", name)


def _one_of(element: Element, name: str, known: tuple[str, ...]) -> Any:
    text = _wanted(element, name)
    if text not in known:
        raise DecodeError("unknown_type", f"{name} is one of {', '.join(known)}, not {text[:40]}")
    return text
