"""CAP messages as text, for tests: one that BMKG could have written, with any part replaced.

BMKG's own are not ours to copy: tests read them where `RONDA_TEST_CAP_SAMPLES` names a folder that has them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SPACE = "urn:oasis:names:tc:emergency:cap:1.2"
POLYGON = "-10.10,123.50 -10.10,123.70 -10.30,123.70 -10.30,123.50 -10.10,123.50"
SIGNATURE = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/><SignatureValue>AA==</SignatureValue></Signature>'


def samples(pattern: str) -> list[bytes]:
    """Files of BMKG by name, in the order of their names; skips the test where there are none."""
    folder = os.environ.get("RONDA_TEST_CAP_SAMPLES", "")
    found = sorted(Path(folder).glob(pattern)) if folder else []
    if not found:
        pytest.skip("RONDA_TEST_CAP_SAMPLES names no folder with alerts of BMKG")
    return [path.read_bytes() for path in found]


def area(*shapes: str, name: str = "Nusa Tenggara Timur") -> str:
    return f"<area><areaDesc>{name}</areaDesc>{''.join(shapes)}</area>"


def polygon(text: str = POLYGON) -> str:
    return f"<polygon>{text}</polygon>"


def info(
    *areas: str,
    language: str = "<language>id</language>",
    event: str = "<event>Hujan Lebat dan Petir</event>",
    severity: str = "Moderate",
    expires: str = "<expires>2026-02-17T03:00:00+08:00</expires>",
    headline: str = "Hujan Lebat disertai Petir di Nusa Tenggara Timur",
    more: str = "",
) -> str:
    """What happens; with no areas, the whole of Kupang and its surroundings."""
    return (
        f"<info>{language}<category>Met</category>{event}<urgency>Immediate</urgency><severity>{severity}</severity>"
        f"<certainty>Observed</certainty>{expires}<senderName>Badan Meteorologi</senderName>"
        f"<headline>{headline}</headline><description>Hujan lebat di sebagian wilayah.</description>{more}"
        f"{''.join(areas) or area(polygon())}</info>"
    )


def cap(
    *infos: str,
    identifier: str = "2.49.0.1.360.0.2026.02.16.16.36.004",
    sender: str = "cuaca.ekstrem@bmkg.go.id",
    sent: str = "2026-02-16T22:50:00+07:00",
    status: str = "Actual",
    message: str = "Alert",
    scope: str = "Public",
    references: tuple[str, ...] = (),
    space: str = SPACE,
    more: str = "",
) -> bytes:
    """A message; with no infos, one that warns of rain (a cancel says nothing)."""
    told = "".join(infos) or ("" if message == "Cancel" else info())
    refs = f"<references>{' '.join(references)}</references>" if references else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><alert xmlns="{space}"><identifier>{identifier}</identifier>'
        f"<sender>{sender}</sender><sent>{sent}</sent><status>{status}</status><msgType>{message}</msgType>"
        f"<scope>{scope}</scope>{refs}{told}{more}</alert>"
    ).encode()


def reference(
    identifier: str, sent: str = "2026-02-16T22:50:00+07:00", sender: str = "cuaca.ekstrem@bmkg.go.id"
) -> str:
    return f"{sender},{identifier},{sent}"


def rss(*items: tuple[str, str]) -> bytes:
    """An index of (link, stamp), the newest first."""
    listed = "".join(f"<item><link>{link}</link><guid>{stamp}</guid></item>" for link, stamp in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{listed}</channel></rss>'.encode()
