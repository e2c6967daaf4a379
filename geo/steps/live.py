"""The latest position of each device, and its open dwell as it stands now."""

from __future__ import annotations

from math import isnan

from core.events import Dwell
from core.live import Live, Stray
from geo.folds.dwell import at_rest
from geo.folds.layout import (
    H_N,
    H_SILENT,
    H_T0,
    H_TIMER,
    H_TIN,
    HR,
    HX,
    HY,
    LIMIT,
    LX,
    LY,
    OUT_N,
    OX,
    OY,
    PHASE,
    RECEIVED,
    SILENT,
    SINCE,
    SPEED,
    STRAY_AT,
    STRAY_LAT,
    STRAY_LON,
    STRAY_SINCE,
    STRAY_T,
    T0,
    TIMER,
    TIN,
    TLAST,
    WORK,
    WORK_C,
    N,
    R,
)  # fmt: skip
from geo.folds.timers import E7, astray
from geo.partition import GeoState
from geo.rows.dwells import Episode, Tracked, make_row
from geo.steps.telltrack import open_spells_of


def open_rows_of(state: GeoState, slot: int) -> list[Dwell]:
    """The open rows of a device, as they were told and grown by the fixes since; the last is where it is now.

    There are two while a device fell silent just outside a dwell that no fix has ended yet.
    """
    d = state.devices
    return [_grown(state, slot, t) for t in d.rows[slot] if t.row.state == "open"]


def open_episodes(state: GeoState, slot: int) -> list[Episode]:
    """The cluster if it is a dwell, and the challenger if a timer opened a row there, as they stand now."""
    k, f = state.devices.k[slot].tolist(), state.devices.f[slot].tolist()
    found = []
    if k[PHASE] == 2 or k[TIMER]:
        limit, timed, worked_us = bool(k[LIMIT]), k[PHASE] == 1, max(0, k[T0] - k[WORK_C])
        found.append(Episode(k[T0], k[TIN], f[OX], f[OY], f[R], k[N], k[SILENT], None, limit, timed, worked_us))
    if k[H_TIMER]:
        worked_us = max(0, k[H_T0] - k[WORK])
        found.append(Episode(k[H_T0], k[H_TIN], f[HX], f[HY], f[HR], k[H_N], k[H_SILENT], None, True, True, worked_us))
    return found


def _grown(state: GeoState, slot: int, tracked: Tracked) -> Dwell:
    episodes, told = open_episodes(state, slot), tracked.row
    now = next((e for e in episodes if e.start_us == told.start_us), episodes[0])
    limit_s = state.config.profile(told.device).limit_s
    judged = state.config.labels.judged
    return make_row(now, told.device, told.cls, told.id, told.revision, limit_s, judged, tracked.stood_us)[0]


def open_rows(state: GeoState) -> list[Dwell]:
    """Every open row of the partition as it stands now."""
    return [row for slot in range(len(state.devices.ids)) for row in open_rows_of(state, slot)]


def drain_live(state: GeoState) -> list[Live]:
    """Latest positions that changed since the last call."""
    slots = [s for s in sorted(state.moved) if state.devices.k[s, PHASE] > 0]
    state.moved.clear()
    areas = state.config.world.area_at(state.devices.f[slots, LX], state.devices.f[slots, LY])
    return [live_of(state, slot, area) for slot, area in zip(slots, areas, strict=True)]


def drain_gone(state: GeoState) -> list[str]:
    """Devices whose live row goes: they were forgotten since the last call, and did not speak again."""
    slots, gone = state.devices.slots, sorted(state.gone)
    state.gone.clear()
    return [device for device in gone if state.devices.k[slots[device], PHASE] == 0]


def live_of(state: GeoState, slot: int, area: str | None) -> Live:
    """Latest position of one device."""
    d = state.devices
    k, f, last = d.k[slot].tolist(), d.f[slot].tolist(), d.last[slot].tolist()
    device, rows = d.ids[slot], open_rows_of(state, slot)
    dwell = rows[-1] if rows else None
    calls = state.calls.get(device)
    sos = calls.alert if calls is not None and calls.stands else None
    still = dwell is not None or bool(at_rest(d.f[slot], d.k[slot], d.profile(slot)))
    return Live(
        device=device,
        cls=state.config.cls(device),
        time_us=k[TLAST],
        received_us=k[RECEIVED],
        lon=f[LX],
        lat=f[LY],
        speed_mps=known(f[SPEED]),
        course_deg=known(last[0]),
        accuracy_m=known(last[1]),
        battery_pct=known(last[2]),
        motion="stopped" if still else "moving",
        since_us=dwell.start_us if dwell else (k[H_T0] if k[OUT_N] else k[T0]) if still else k[SINCE],
        silent_after_s=state.config.profile(device).silent_after_s,
        area=area,
        alert=sos is not None or (dwell is not None and dwell.alert),
        dwell=dwell,
        sos=sos,
        spells=tuple(open_spells_of(state, slot, "trip")),
        stray=stray_of(k) if astray(d.k[slot]) else None,
        left=rows[0] if len(rows) > 1 else None,
    )


def stray_of(k: list[int]) -> Stray:
    """The newest fix from beyond the horizon."""
    return Stray(
        since_us=k[STRAY_SINCE], received_us=k[STRAY_AT], time_us=k[STRAY_T], lon=k[STRAY_LON] / E7,
        lat=k[STRAY_LAT] / E7,
    )  # fmt: skip


def known(value: float) -> float | None:
    """None for NaN."""
    return None if isnan(value) else value
