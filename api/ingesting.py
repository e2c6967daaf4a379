"""From devices' HTTP to topics and payloads, as ingest knows them from MQTT. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from api.problems import ParameterError
from core.naming import valid_device
from core.rejects import Reject

TRACCAR: Final = "traccar/positions"
CHIRPSTACK_EVENTS: Final = ("up", "location")
DROPPED: Final = "off_duty"  # dropped on purpose: no failure, and nothing to send again
_IDS: Final = ("id", "deviceid", "device_id")  # how OsmAnd clients name the device
_PUSH: Final = "notificationToken"  # a right to send to the phone: nothing to keep
_FIELDS_MAX: Final = 500
_ID_MAX: Final = 200  # characters of a name that is worth quoting
_json: Final = msgspec.json.Decoder()


class Osmand(NamedTuple):
    """A request of an OsmAnd client: who it says it is, the payload, and which of the two dialects it speaks."""

    device: str
    payload: bytes
    is_json: bool


class Refused:
    """Positions refused lately, by their digests: one that comes again word for word is a phone that is stuck.

    A client of Traccar sends the oldest position of its queue until somebody takes it; one with a wrong clock would
    never come to the good ones behind. The first answer says what is wrong, the second lets it go on.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._digests: dict[bytes, None] = {}

    def again(self, device: str, payload: bytes) -> bool:
        """Whether this very position was refused before; from now on it was."""
        digest = blake2b(device.encode(errors="replace") + b"\0" + payload, digest_size=16).digest()
        known = self._digests.pop(digest, digest) is None
        self._digests[digest] = None
        if len(self._digests) > self._limit:
            del self._digests[next(iter(self._digests))]
        return known


def device_name(text: str) -> str:
    """A device id that can be a level of a topic; else `ParameterError`."""
    if not valid_device(text):
        raise ParameterError("device", "must be 1 to 128 printable characters without / and outer spaces")
    return text


def native_topic(device: str) -> str:
    return f"ronda/v1/{device_name(device)}/fix"


def osmand_topic(device: str) -> str:
    return f"osmand/{device_name(device)}"


def owntracks_topic(own: str | None, user: str, name: str) -> str:
    """The topic of a phone: its names make its id, and for a credential of device `own` they are `own` in some way.

    Names of another device stay as they are: admission refuses what the credential may not say.
    """
    if own is not None and ((not user and not name) or name == own):
        return f"owntracks/{device_name(own)}"
    if not user or not name:
        raise ParameterError(
            "u and d", "are needed: set user and device in the app (X-Limit-U, X-Limit-D, ?u=&d= or topic)"
        )
    device_name(f"{user}-{name}")
    return f"owntracks/{user}/{name}"


def owntracks_names(headers: Mapping[str, str], query: Mapping[str, str], payload: bytes) -> tuple[str, str]:
    """User and device of an OwnTracks request: headers, else the query, else the topic in the payload; "" if none."""
    said = _topic_in(payload).removeprefix("/").split("/")
    user, name = (said[1], said[2]) if len(said) > 2 and said[0] == "owntracks" else ("", "")
    user = headers.get("x-limit-u") or query.get("u") or user
    return user, headers.get("x-limit-d") or query.get("d") or name


def _topic_in(payload: bytes) -> str:
    """The member `topic` of the message, or of the first of an array."""
    value = _read(payload)
    first = value[0] if isinstance(value, list) and value else value
    topic = first.get("topic") if isinstance(first, dict) else None
    return topic if isinstance(topic, str) else ""


def osmand_of(query: str, body: bytes) -> Osmand:
    """A request of the old client (query, form, or both) or of the new one (JSON)."""
    pairs = _pairs(query)
    if body.lstrip()[:1] == b"{":
        value = _read(body)
        inside = value.get("device_id", value.get("id")) if isinstance(value, dict) else None
        return Osmand(_text(inside) or _first(pairs), body, is_json=True)
    pairs += _pairs(body.decode(errors="replace"))
    kept = [(name, value) for name, value in pairs if name != _PUSH]
    return Osmand(_first(pairs), urlencode(kept).encode(), is_json=False)


def renamed(said: Osmand, device: str) -> Osmand:
    """The same request under the device's id: what stood there was its secret."""
    if not said.is_json:
        kept = [(name, value) for name, value in _pairs(said.payload.decode()) if name not in _IDS]
        return Osmand(device, urlencode([("id", device), *kept]).encode(), is_json=False)
    value = _read(said.payload)
    own = value if isinstance(value, dict) else {}
    rest = {name: inner for name, inner in own.items() if name not in _IDS}
    return Osmand(device, msgspec.json.encode({"device_id": device, **rest}), is_json=True)


def chirpstack_topic(event: str, body: bytes) -> str | None:
    """The MQTT topic of the same event, None for one that says nothing of positions."""
    if event not in CHIRPSTACK_EVENTS:
        return None
    value = _read(body)
    info = value.get("deviceInfo") if isinstance(value, dict) else None
    if not isinstance(info, dict) or not isinstance(eui := info.get("devEui"), str):
        raise ParameterError("deviceInfo.devEui", "is missing: send ChirpStack's JSON, not its Protobuf")
    application = _text(info.get("applicationId")).replace("/", "") or "-"
    return f"application/{application}/device/{device_name(eui.lower())}/event/{event}"


def elements(payload: bytes) -> int:
    """How many fixes a native payload holds: an array's length, else one."""
    value = _read(payload)
    return len(value) if isinstance(value, list) else 1


def told(rejects: list[Reject]) -> list[dict[str, str]]:
    """Rejects as their author sees them."""
    return [
        {"reason": reject.reason, "detail": reject.detail, "payload": reject.payload.decode(errors="replace")}
        for reject in rejects
    ]


def status_of(rejects: list[Reject]) -> int:
    """The HTTP status of a request of which nothing was taken."""
    reasons = {reject.reason for reject in rejects}
    own = {"forbidden": 403, "too_large": 413, "unknown_device": 404}
    return own.get(next(iter(reasons)), 422) if len(reasons) == 1 else 422


def passable(rejects: list[Reject]) -> bool:
    """Whether a client may go on to its next position: not where registering the device would let this one in."""
    return all(reject.reason != "unknown_device" for reject in rejects)


def _read(payload: bytes) -> Any:
    """JSON of any shape; None when it is none (the dialect says so in its own words)."""
    try:
        return _json.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise ParameterError("query", f"has more than {_FIELDS_MAX} fields") from error


def _first(pairs: list[tuple[str, str]]) -> str:
    """The device that a query names."""
    return next((value for name, value in pairs if name in _IDS and value), "").strip()[:_ID_MAX]


def _text(value: Any) -> str:
    """A name that may be written as a number."""
    return str(value).strip()[:_ID_MAX] if isinstance(value, str | int) and not isinstance(value, bool) else ""
