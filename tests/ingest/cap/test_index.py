"""Indexes of alerts: RSS and Atom."""

from __future__ import annotations

import pytest

from core.errors import DecodeError
from ingest.cap.index import Listed, listed
from tests.ingest.cap.written import rss, samples

BASE = "https://alerts.example/id/rss.xml"
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>
<entry><id>1</id><updated>u1</updated><link rel="alternate" href="/page.html"/>
<link rel="alternate" type="application/cap+xml" href="/1.xml"/></entry>
<entry><id>2</id><updated>u2</updated><link href="2.xml"/></entry></feed>"""


def test_rss() -> None:
    """Links as they stand, relative ones too; an address that comes twice is the first's."""
    body = rss(
        ("https://alerts.example/b.xml", "b2"), ("a.xml", "a1"), ("https://alerts.example/b.xml", "b1"), ("", "")
    )
    assert listed(body, BASE) == [
        Listed("https://alerts.example/b.xml", "b2\n"),
        Listed("https://alerts.example/id/a.xml", "a1\n"),
    ]


def test_atom() -> None:
    """Of several links the one to CAP."""
    assert listed(ATOM, BASE) == [
        Listed("https://alerts.example/1.xml", "1\nu1"),
        Listed("https://alerts.example/id/2.xml", "2\nu2"),
    ]


def test_the_index_of_bmkg() -> None:
    """A real one, of three provinces."""
    (body,) = samples("*rss*.xml")
    assert [one.url.rpartition("/")[2] for one in listed(body, BASE)] == [
        "CBT20260216004_alert.xml", "CJG20260216005_alert.xml", "CSU20260216005_alert.xml",
    ]  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), [(b"<html/>", "unknown_type"), (b"maintenance", "not_xml")])
def test_what_is_no_index(body: bytes, reason: str) -> None:
    """It says so."""
    with pytest.raises(DecodeError, match=reason):
        listed(body, BASE)
