"""The register of dialects: which topic speaks which, and for which device.

| topic | dialect | device |
|---|---|---|
| `ronda/v1/{device}/fix` | native (1) | `{device}` |
| `owntracks/{user}/{device}` and what is below it | OwnTracks (2) | `{user}-{device}` |

A new dialect is one module with `decode(payload) -> Decoded` and one line in `DIALECTS`. A number, once given, is
for ever: the archive stores it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from core.entities import DeviceClass
from ingest.dialects import native, owntracks
from ingest.raw import Decoded, Problem

DEVICE_LIMIT: Final = 128  # characters of a device id
_ROUTES_LIMIT: Final = 50_000


class Dialect(NamedTuple):
    """How to read one kind of payload. `cls` is what a device that registers itself is taken for.

    `names_device`: the topic is shared and the payload says whose fix it is (`Decoded.device`). `unseal` opens an
    encrypted payload with the device's key, where the dialect has such. `decode_many` reads a batch at once (None: it
    could not, go one by one).
    """

    name: str
    number: int
    topic: re.Pattern[str]
    device: Callable[[re.Match[str]], str]
    decode: Callable[[bytes], Decoded]
    cls: DeviceClass
    names_device: bool = False
    unseal: Callable[[bytes, bytes | None], bytes | Problem] | None = None
    decode_many: Callable[[Sequence[bytes]], list[Decoded] | None] | None = None


class Route(NamedTuple):
    """Where a topic leads: a dialect (None: nobody reads it) and the device it speaks for ("" if it names none)."""

    dialect: Dialect | None
    device: str
    valid: bool  # whether the device's id can be one


DIALECTS: Final[tuple[Dialect, ...]] = (
    Dialect(
        name="native",
        number=1,
        topic=re.compile(r"ronda/v1/([^/]+)/fix"),
        device=lambda found: found[1],
        decode=native.decode,
        cls="truck",
    ),
    Dialect(
        name="owntracks",
        number=2,
        topic=re.compile(r"/?owntracks/([^/]+)/([^/]+)(?:/.*)?", re.DOTALL),
        device=lambda found: f"{found[1]}-{found[2]}",
        decode=owntracks.decode,
        cls="phone",
    ),
)
TOPIC_LIMIT: Final = 512  # characters of a topic that is remembered
_OWN: Final = re.compile(r"ronda/v1/([^/]+)/.+", re.DOTALL)
NAMES: Final[dict[int, str]] = {dialect.number: dialect.name for dialect in DIALECTS}


def valid_device(device: str) -> bool:
    """An id that may stand in a table, a topic and a log line."""
    return 0 < len(device) <= DEVICE_LIMIT and device.isprintable()


def find_route(topic: str) -> Route:
    """The dialect and the device of a topic."""
    for dialect in DIALECTS:
        found = dialect.topic.fullmatch(topic)
        if found:
            device = dialect.device(found)
            return Route(dialect, device, valid_device(device))
    own = _OWN.fullmatch(topic)
    return Route(None, own[1] if own else "", valid=False)


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
