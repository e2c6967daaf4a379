"""The register of dialects: which topic speaks which, and for which device.

| topic | dialect | device |
|---|---|---|
| `ronda/v1/{device}/fix` | native (1) | `{device}` |
| `owntracks/{user}/{device}` and what is below it | OwnTracks (2) | `{user}-{device}` |
| `owntracks/{device}`: a phone that is known by its credential alone | OwnTracks (2) | `{device}` |
| `traccar/positions` | Traccar position forwarding (3) | `device.uniqueId` of the payload |
| `osmand/{device}` | OsmAnd and Traccar Client (4) | `{device}` |
| `{any}/{any}/teltonika/{imei}/data` | Teltonika JSON codec (5) | `{imei}` |
| `application/{app}/device/{devEui}/event/{event}` | ChirpStack v4 (6) | `{devEui}` in lower case |
| `ronda/v1/{device}/answer`, `…/report`: no fixes, commands of dispatch | `words` | `{device}` |

A new dialect is one module with `DIALECT` and `FIELDS`, and its name in the list below. docs/dialects.md shows what
each field becomes.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from core.naming import DEVICE_LIMIT as DEVICE_LIMIT
from core.naming import valid_device as valid_device
from ingest.dialects import chirpstack, native, osmand, owntracks, teltonika, traccar, words
from ingest.dialects.dialect import Dialect as Dialect
from ingest.raw import IGNORED, Decoded

TOPIC_LIMIT: Final = 512  # characters of a topic that is remembered
_ROUTES_LIMIT: Final = 50_000

DIALECTS: Final[tuple[Dialect, ...]] = tuple(
    module.DIALECT for module in (native, owntracks, traccar, osmand, teltonika, chirpstack)
)
NAMES: Final[dict[int, str]] = {dialect.number: dialect.name for dialect in DIALECTS}
SUBSCRIPTIONS: Final[tuple[str, ...]] = tuple(topic for dialect in DIALECTS for topic in dialect.subscribe)
_TOPICS: Final = (*DIALECTS, *words.DIALECTS)
_OWN: Final = re.compile(r"ronda/v1/([^/]+)/.+", re.DOTALL)


class Route(NamedTuple):
    """Where a topic leads: a dialect (None: nobody reads it) and the device it speaks for ("" if it names none)."""

    dialect: Dialect | None
    device: str
    valid: bool  # whether the device's id can be one


def find_route(topic: str) -> Route:
    """The dialect and the device of a topic. Where the payload names the device, the route has none and is valid."""
    for dialect in _TOPICS:
        found = dialect.topic.fullmatch(topic)
        if found:
            device = dialect.device(found)
            if dialect.silent is not None and dialect.silent.fullmatch(topic):
                dialect = dialect._replace(decode=_ignore, decode_many=None, unseal=None)  # noqa: PLW2901
            return Route(dialect, device, dialect.names_device or valid_device(device))
    own = _OWN.fullmatch(topic)
    return Route(None, own[1] if own else "", valid=False)


def _ignore(payload: bytes) -> Decoded:
    del payload  # this topic never holds a position
    return IGNORED


class Router:
    """`find_route` with a memory of bounded size: a fleet uses the same few topics all day."""

    def __init__(self, limit: int = _ROUTES_LIMIT) -> None:
        self._limit = limit
        self._routes: dict[str, Route] = {}

    def __call__(self, topic: str) -> Route:
        route = self._routes.get(topic)
        if route is None:
            if len(topic) > TOPIC_LIMIT:
                return find_route(topic)  # not worth remembering: no device has such a name
            if len(self._routes) >= self._limit:
                self._routes.clear()
            route = self._routes[topic] = find_route(topic)
        return route
