"""One letter, to be changed by whoever wants another."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.events import IncidentChanged, NoticeAsked, OfferChanged
from dispatch.wording import Said
from ronda.channels.channel import Letter

T0_US = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z
ZONE = ZoneInfo("Asia/Makassar")
NOTICE = NoticeAsked(
    at_us=T0_US, id="i.1:1:offer", kind="offer", person="ana", device="t1", offer="i.1", incident="i",
    expires_us=T0_US + 300_000_000,
)  # fmt: skip
OFFER = OfferChanged(
    at_us=T0_US, id="i.1", incident="i", person="ana", device="t1", state="offered", eta_s=301.5, why="nearest",
    made_us=T0_US, expires_us=T0_US + 300_000_000,
)  # fmt: skip
FIRE = IncidentChanged(
    at_us=T0_US, id="i", kind="kebakaran", severity=3, status="dispatching", lon=123.6, lat=-10.17, text="asap tebal"
)
LETTER = Letter(NOTICE, OFFER, FIRE, Said("Kebakaran: bisa datang?", "Oesapa."), "https://ronda/o/x", 300.0)
