"""The photos of an incident on its printed report; the browser loads each, by the reader's own cookie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from html import escape
from typing import Final

from api.times import from_us
from core.events import IncidentChanged

_STYLE: Final = (
    "<style>.shots{display:grid;grid-template-columns:repeat(2,1fr);gap:.6rem}figure{margin:0;break-inside:avoid}"
    "figure img{width:100%;height:auto}figcaption{font-size:.8rem;overflow-wrap:anywhere}</style>"
)


def lines(incident: IncidentChanged, zone: tzinfo) -> list[list[str]]:
    """The same as rows of the report's table."""
    shots = enumerate(incident.photos, 1)
    return [["Foto", f"Foto {n}, {from_us(shot.at_us, zone):%d-%m-%Y %H.%M}", shot.sha256] for n, shot in shots]


def pictures(incident: IncidentChanged, zone: tzinfo) -> Sequence[str]:
    """Each with when it came and the digest under which the log knows it."""
    if not incident.photos:
        return []
    where = f"/api/v1/incidents/{escape(incident.id)}/photos"
    shown = "".join(
        f'<figure><img src="{where}/{shot.sha256}" alt="Foto {n}"><figcaption>Foto {n}, '
        f"{from_us(shot.at_us, zone):%d-%m-%Y %H.%M}. SHA-256 {shot.sha256}</figcaption></figure>"
        for n, shot in enumerate(incident.photos, 1)
    )
    return [f'{_STYLE}<h2>Foto</h2><div class="shots">{shown}</div>']
