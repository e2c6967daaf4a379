"""ChirpStack v4 over MQTT or HTTP (JSON): uplinks of LoRaWAN trackers, and locations that the network worked out.

What an uplink's `object` holds is up to the device's codec. A position is found by the usual names, wherever among the
first levels of `object`; a speed is not read, for its unit is anybody's guess. The time is that of the gateway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ingest.dialects.dialect import Dialect, Field, look_up, parse, read, truth
from ingest.raw import IGNORED, Decoded, RawFix, number, refuse

LATITUDES: Final = ("latitude", "lat", "gpslatitude", "gps_latitude", "gps_lat")  # in small letters
LONGITUDES: Final = ("longitude", "lon", "lng", "long", "gpslongitude", "gps_longitude", "gps_lon", "gps_lng")
FIELDS: Final = {
    "JSON": (
        Field("time", "time_us", "RFC 3339 with an offset"),
        Field("|".join(LATITUDES), "lat", "degrees"),
        Field("|".join(LONGITUDES), "lon", "degrees"),
        Field("accuracy", "accuracy_m", "m", "0"),
        Field("altitude|alt", "altitude_m", "m"),
        Field("sos|panic", "flags SOS", "true or 1"),
    ),
}
_LEVELS: Final = 3  # gpsLocation.1.latitude is the deepest that codecs of the field make
_OBJECTS_LIMIT: Final = 64


def decode(payload: bytes) -> Decoded:
    """The fix of an `up` or a `location` event. Other events say no position."""
    try:
        value = parse(payload)
    except ValueError as error:
        return refuse("not_json", f"{error}; set json=true in ChirpStack's MQTT integration")
    if look_up(value, "deviceInfo.devEui") is None:
        return refuse("missing_field", "deviceInfo.devEui")
    places = [_lower(place) for place in _objects(value.get("location") or value.get("object"), _LEVELS)]
    place = next((p for p in places if _has(p, LATITUDES) and _has(p, LONGITUDES)), None)
    if place is None:
        return IGNORED
    time = value.get("time")
    if not isinstance(time, str):
        return refuse("missing_field", "time")
    lat, lon = (number(look_up(place, "|".join(names))) for names in (LATITUDES, LONGITUDES))
    sos = any(truth(look_up(p, "sos|panic")) for p in places) or None
    return Decoded([RawFix(time, lat, lon, sos=sos, **read(place, FIELDS["JSON"]))], [])


def _objects(value: Any, levels: int) -> Iterator[Mapping[str, Any]]:
    """An object and those inside it, outer ones first."""
    if isinstance(value, dict):
        yield value
        if levels > 1:
            for inner in list(value.values())[:_OBJECTS_LIMIT]:
                yield from _objects(inner, levels - 1)


def _lower(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): inner for name, inner in value.items()}


def _has(place: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(isinstance(place.get(name), int | float | str) for name in names)


DIALECT: Final = Dialect(
    name="chirpstack",
    number=6,
    topic=re.compile(r"application/[^/]+/device/([^/]+)/event/[^/]+"),
    device=lambda found: found[1].lower(),
    decode=decode,
    cls="truck",
    subscribe=("application/+/device/+/event/up", "application/+/device/+/event/location"),
)
