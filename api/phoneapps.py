"""What a phone's app must be told: links, codes to scan and values to type, for the two apps that we know.

OwnTracks takes its whole configuration from a link. Traccar Client takes it from a link of its own, or from a scanned
https address (its older versions know only that); it sends no headers, so its id is the secret itself.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
import segno

TRACCAR_START: Final = "org.traccar.client://action/start"


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone that is being set up. `often`: somebody at work, whose way matters; else spare the battery."""

    base_url: str
    user: str
    name: str
    secret: str = field(repr=False)
    often: bool = False

    @property
    def device(self) -> str:
        """The id by which it is registered; OwnTracks sends it in two parts."""
        return f"{self.user}-{self.name}"

    @property
    def owntracks_url(self) -> str:
        return f"{self.base_url}/ingest/owntracks"

    @property
    def osmand_url(self) -> str:
        return f"{self.base_url}/ingest/osmand"


def owntracks_link(phone: Phone) -> str:
    """Opens OwnTracks with its configuration: HTTP mode, and who it is."""
    configuration = {
        "_type": "configuration",
        "mode": 3,
        "url": phone.owntracks_url,
        "auth": True,
        "username": phone.user,
        "password": phone.secret,
        "deviceId": phone.name,
        "tid": phone.user[-2:],
        "monitoring": 2 if phone.often else 1,  # 2: on the move, every few seconds; 1: significant changes
    }
    return f"owntracks:///config?inline={quote(b64encode(msgspec.json.encode(configuration)).decode())}"


def traccar_link(phone: Phone) -> str:
    """Opens Traccar Client with its configuration; it asks before it takes it over."""
    return f"org.traccar.client://config?{urlencode({'url': phone.osmand_url} | _traccar(phone))}"


def traccar_code(phone: Phone) -> str:
    """What Traccar Client scans."""
    return f"{phone.osmand_url}?{urlencode(_traccar(phone))}"


def _traccar(phone: Phone) -> dict[str, str]:
    interval_s = 30 if phone.often else 300
    return {
        "id": phone.secret,
        "accuracy": "high",
        "interval": str(interval_s),
        "heartbeat": "900",  # it says that it is there, also at rest
        "buffer": "true",
        "service": "true",
    }


def qr_svg(text: str) -> str:
    """A QR code as an inline SVG that takes the width it is given."""
    return str(segno.make_qr(text, error="l").svg_inline(omitsize=True, border=4, dark="#000", light="#fff"))
