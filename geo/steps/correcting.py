"""Alerts at the dwell limit that follow from rows told anew about the past.

Nobody can act on a stop of last month: an alert that the past disproves is cleared, one that it brings to light is
raised while the day is fresh (and goes to the digest, `geo.steps.raising`), and not at all after that; the dwell says
`alert` all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from core.events import AlertChanged, Dwell, DwellChanged, Event
from core.units import US_PER_S, seconds_to_us
from geo.partition import GeoState

FRESH_US: Final = 86_400 * US_PER_S  # what ended earlier is of a day gone by


def standing(state: GeoState, device: str, told: Iterable[AlertChanged]) -> dict[str, AlertChanged]:
    """Alerts at the limit by dwell: as the archive has them, overtaken by what the live engine told since."""
    known = {alert.dwell: alert for alert in told if alert.kind == "dwell_limit" and alert.dwell}
    slot = state.devices.slots.get(device)
    for t in state.devices.rows[slot] if slot is not None else ():
        before = known.get(t.row.id)
        if t.alerts > (before.revision if before else 0):
            known[t.row.id] = alert_of(t.row, t.alerts, raised=t.row.alert, at_us=t.row.last_us)
    return known


def corrections(state: GeoState, events: Iterable[Event], known: dict[str, AlertChanged]) -> Iterator[AlertChanged]:
    """What becomes of the alerts of dwells that are told anew; `known` follows."""
    for event in events:
        if isinstance(event, DwellChanged):
            alert = correction(state, event.row, known.get(event.row.id))
            if alert is not None:
                known[event.row.id] = alert
                yield alert


def correction(state: GeoState, row: Dwell, before: AlertChanged | None) -> AlertChanged | None:
    """The alert of one dwell brought up to date; None: it is so already."""
    stands = before is not None and before.state != "cleared"
    revision = before.revision + 1 if before else 1
    if stands and not row.alert:
        return alert_of(row, revision, raised=False, at_us=row.last_us)
    if stands or not row.alert:
        return None
    if row.end_us is not None and state.watch.now_us - row.end_us > FRESH_US:
        return None
    due_us = row.start_us + seconds_to_us(state.config.profile(row.device).limit_s)
    return alert_of(row, revision, raised=True, at_us=due_us)


def revisions(known: Mapping[str, AlertChanged]) -> dict[str, int]:
    """How often the alert of each dwell was told."""
    return {dwell: alert.revision for dwell, alert in known.items()}


def alert_of(row: Dwell, revision: int, *, raised: bool, at_us: int) -> AlertChanged:
    """The alert at the limit of a dwell."""
    return AlertChanged(
        at_us=at_us, id=f"a{row.id}", kind="dwell_limit", device=row.device, dwell=row.id, thread=row.id,
        state="raised" if raised else "cleared", revision=revision, lon=row.lon, lat=row.lat,
    )  # fmt: skip
