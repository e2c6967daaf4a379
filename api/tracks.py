"""A device's history as GeoJSON, CSV, GPX or KML. Each writer is head, body of a page, tail: pages are streamed."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, tzinfo
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

from api.answers import csv_lines
from api.rows import point
from api.times import rfc3339
from core.fixes import Fixes, Flag

# The names and units of the native fix, so that a file that was exported can be sent again.
COLUMNS: Final = (
    "device", "time", "received", "lat", "lon", "speed", "course", "accuracy", "altitude", "battery", "odometer",
    "ignition", "moving", "sos",
)  # fmt: skip


class Track(NamedTuple):
    """How one format is written."""

    media: str
    suffix: str
    head: Callable[[str], str]
    body: Callable[[Fixes, tzinfo], bytes]
    tail: str


def records(fixes: Fixes, zone: tzinfo) -> Iterator[dict[str, Any]]:
    """One dict per fix, missing values as None."""
    sos = (fixes.flags & int(Flag.SOS)) != 0
    columns = zip(
        fixes.names(),
        fixes.time_us.tolist(),
        fixes.received_us.tolist(),
        fixes.lat.tolist(),
        fixes.lon.tolist(),
        *(map(_number, getattr(fixes, name).tolist()) for name in _FLOATS),
        map(_flag, fixes.ignition.tolist()),
        map(_flag, fixes.moving.tolist()),
        sos.tolist(),
        strict=True,
    )
    for device, time_us, received_us, *rest in columns:
        yield dict(zip(COLUMNS, (device, rfc3339(time_us, zone), rfc3339(received_us, zone), *rest), strict=True))


_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FLOATS: Final = ("speed_mps", "course_deg", "accuracy_m", "altitude_m", "battery_pct", "odometer_m")


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _flag(value: int) -> bool | None:
    return None if value < 0 else bool(value)


def feature(record: dict[str, Any]) -> dict[str, Any]:
    """A fix as a GeoJSON feature."""
    properties = {name: value for name, value in record.items() if name not in ("lat", "lon")}
    return point(record["lon"], record["lat"], properties)


def _csv(fixes: Fixes, zone: tzinfo) -> bytes:
    return csv_lines(list(record.values()) for record in records(fixes, zone))


def _gpx_head(device: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="Ronda" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><name>{_text(device)}</name><trkseg>\n"
    )


def _gpx(fixes: Fixes, _zone: tzinfo) -> bytes:
    columns = zip(
        fixes.time_us.tolist(), fixes.lat.tolist(), fixes.lon.tolist(), fixes.altitude_m.tolist(), strict=True
    )
    return "".join(map(_gpx_point, columns)).encode()


def _gpx_point(row: tuple[int, float, float, float]) -> str:
    time_us, lat, lon, altitude = row
    ele = "" if math.isnan(altitude) else f"<ele>{altitude:.1f}</ele>"
    time = rfc3339(time_us, UTC).replace("+00:00", "Z")  # GPX wants UTC
    return f'<trkpt lat="{lat!r}" lon="{lon!r}">{ele}<time>{time}</time></trkpt>\n'


def _kml_head(device: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">'
        f"<Document><Placemark><name>{_text(device)}</name><gx:MultiTrack>\n"
    )


def _kml(fixes: Fixes, zone: tzinfo) -> bytes:
    """One gx:Track a page: its schema wants all times before all places."""
    whens = [f"<when>{rfc3339(t, zone)}</when>" for t in fixes.time_us.tolist()]
    columns = zip(fixes.lon.tolist(), fixes.lat.tolist(), fixes.altitude_m.tolist(), strict=True)
    coords = [f"<gx:coord>{x!r} {y!r} {0.0 if math.isnan(z) else round(z, 1)}</gx:coord>" for x, y, z in columns]
    return "\n".join(["<gx:Track>", *whens, *coords, "</gx:Track>\n"]).encode()


def _text(value: str) -> str:
    """Text for XML 1.0, which has no way to write a control character."""
    return escape(_CONTROL.sub("?", value))


FORMATS: Final = {
    "csv": Track("text/csv; charset=utf-8", "csv", lambda _: csv_lines([COLUMNS]).decode(), _csv, ""),
    "gpx": Track("application/gpx+xml", "gpx", _gpx_head, _gpx, "</trkseg></trk></gpx>\n"),
    "kml": Track(
        "application/vnd.google-earth.kml+xml",
        "kml",
        _kml_head,
        _kml,
        "</gx:MultiTrack></Placemark></Document></kml>\n",
    ),
}


async def written(track: Track, device: str, parts: AsyncIterator[Fixes], zone: tzinfo) -> AsyncIterator[bytes]:
    """The whole file, page by page."""
    first = True
    async for fixes in parts:
        body = track.body(fixes, zone)
        yield track.head(device).encode() + body if first else body
        first = False
    yield track.tail.encode()
