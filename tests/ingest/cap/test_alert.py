"""CAP messages become records; what cannot be read says why."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError
from core.rejects import Reason
from ingest.cap.alert import Circle, decode, key_of
from ingest.cap.tree import BYTES
from tests.ingest.cap.written import POLYGON, SIGNATURE, SPACE, area, cap, info, polygon, reference, samples

SENT_US = 1_771_257_000_000_000


def why(body: bytes) -> str:
    with pytest.raises(DecodeError) as raised:
        decode(body)
    return str(raised.value)


def test_an_alert_of_the_weather_service() -> None:
    """Every field that is used; a polygon of `lat,lon` is held as (lon, lat)."""
    alert = decode(cap())
    (told,) = alert.infos
    assert (alert.identifier, alert.sender, alert.sent_us, alert.status, alert.message, alert.scope, alert.signed) == (
        "2.49.0.1.360.0.2026.02.16.16.36.004", "cuaca.ekstrem@bmkg.go.id", SENT_US, "Actual", "Alert", "Public", False,
    )  # fmt: skip
    assert (told.language, told.event, told.severity, told.expires_us, told.sender_name) == (
        "id", "Hujan Lebat dan Petir", "Moderate", SENT_US + 11_400 * 10**6, "Badan Meteorologi",
    )  # fmt: skip
    assert told.areas[0].polygons[0][:2] == ((123.5, -10.1), (123.7, -10.1))


def test_what_bmkg_sent_can_be_read() -> None:
    """Two real alerts: their events, and how many polygons they have."""
    alerts = [decode(body) for body in samples("*cap_*.xml")]
    assert [(a.infos[0].headline, len(a.infos[0].areas[0].polygons)) for a in alerts] == [
        ("Hujan Lebat disertai Petir di Banten", 2),
        ("Hujan Lebat disertai Petir di Jawa Tengah", 1),
    ]


def test_a_key_is_of_sender_identifier_and_instant() -> None:
    """The same instant under another offset is the same message; references are keys too."""
    first = decode(cap(identifier="x", sent="2026-02-16T15:50:00Z"))
    ref = reference("x", "2026-02-16T22:50:00+07:00")
    second = decode(cap(identifier="y", message="Update", references=(ref,)))
    assert second.references == (first.key,) == (key_of("cuaca.ekstrem@bmkg.go.id", "x", SENT_US),)


def test_nobody_speaks_about_the_alert_of_another() -> None:
    """A reference to another sender's message counts for nothing; a cancel with no other is refused."""
    foreign = reference("x", sender="else@where")
    assert decode(cap(message="Update", references=(foreign,))).references == ()
    assert why(cap(message="Cancel", references=(foreign,))).startswith("missing_field: references")


def test_circles_codes_languages_and_older_versions() -> None:
    """CAP 1.1; a circle is `lat,lon km`; a code has its kind; each language is an info."""
    code = "<geocode><valueName>adm3</valueName><value>53.71.01</value></geocode>"
    places = area("<circle>-10.17,123.6 2.5</circle>", code)
    alert = decode(cap(info(places), info(language="<language>en-US</language>"), space=SPACE.replace("1.2", "1.1")))
    assert alert.infos[0].areas[0].circles == (Circle(123.6, -10.17, 2.5),)
    assert alert.infos[0].areas[0].geocodes == (("adm3", "53.71.01"),)
    assert [told.language for told in alert.infos] == ["id", "en-us"]


def test_a_signature_is_carried_past() -> None:
    """Whatever is in it; that there is one is remembered."""
    assert decode(cap(more=SIGNATURE)).signed


def test_a_shell_that_is_open_is_closed() -> None:
    """Its first corner is its last."""
    (ring,) = decode(cap(info(area(polygon("0,0 0,1 1,1"))))).infos[0].areas[0].polygons
    assert ring == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_xml: no element found"),
        (b"<html><body>", "not_xml"),
        (cap()[:400], "not_xml"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "not_xml"),
        (cap().replace(b"<alert", b'<!DOCTYPE a [<!ENTITY x "y">]><alert'), "not_xml: it has a DTD"),
        (b"<a>" * 41, "too_large: more than"),
        (b" " * (BYTES + 1), "too_large"),
        (b"<rss/>", "unknown_type: this is no CAP"),
        (cap(space="urn:oasis:names:tc:emergency:cap:3"), "unknown_type: this is no CAP"),
        (cap(identifier=""), "missing_field: identifier"),
        (cap(identifier="x" * 301), "too_large: identifier"),
        (cap(status="Perhaps"), "unknown_type: status is one of Actual"),
        (cap(message="Shout"), "unknown_type: msgType"),
        (cap(info(event="")), "missing_field: event"),
        (cap(message="Update", references=(reference("x"),)).replace(info().encode(), b""), "missing_field: info"),
        (cap(sent="yesterday"), "bad_time: sent"),
        (cap(sent="2026-02-16T22:50:00"), "bad_time: sent '2026-02-16T22:50:00': it has no offset"),
        (cap(sent="1912-02-16T22:50:00Z"), "bad_time"),
        (cap(info(expires="<expires>soon</expires>")), "bad_time: expires"),
        (cap(info(area(polygon("123.5,-10.1 123.7,-10.1 123.7,-10.3")))), "bad_coordinate: a corner is `lat,lon`"),
        (cap(info(area(polygon("-10.1,123.5 -10.1,123.7")))), "bad_coordinate: a polygon has at least three"),
        (cap(info(area(polygon("nan,1 2,2 3,3")))), "bad_coordinate"),
        (cap(info(area("<circle>-10,123</circle>"))), "bad_coordinate"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    """A word of the closed list, and what is wrong."""
    assert why(body).startswith(reason)


@given(st.binary(max_size=300) | st.binary(max_size=40).map(lambda noise: cap()[:300] + noise + cap()[300:]))
def test_random_bytes_raise_only_decode_errors(body: bytes) -> None:
    """Whatever comes, the reason is of the closed list."""
    try:
        decode(body)
    except DecodeError as error:
        msgspec.convert(error.reason, Reason)


def test_a_message_with_too_many_corners_is_refused() -> None:
    """Twenty thousand are enough."""
    body = cap(info(*[area(polygon(" ".join(["0,0"] * 9_000)))] * 3))
    assert why(body).startswith("too_large: its polygons")
    assert POLYGON not in body.decode()
