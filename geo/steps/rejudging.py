"""Closed rows judged again by the configuration that holds now: `rows.judge`, with the rows as the archive has them.

Rows that the live engine still holds it judges by itself, at the entry that changed the configuration.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from core.codec import decode
from core.entries import Command
from core.errors import DecodeError
from core.events import AlertChanged, CommandDone, Dwell, DwellChanged, Event
from geo.partition import GeoState
from geo.steps.correcting import corrections, standing
from geo.steps.relabel import judge


class JudgeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `rows.judge`: `rows` holds the newest events of closed dwells of a device, and of their alerts."""

    device: Annotated[str, msgspec.Meta(min_length=1)]
    rows: bytes


def judge_again(state: GeoState, command: Command) -> list[Event]:
    """Apply `rows.judge`: tell the rows whose labels are others now, and what becomes of their alerts."""
    try:
        device, rows, alerts = _read(command.body)
    except (msgspec.ValidationError, DecodeError) as error:
        return [CommandDone(at_us=command.at_us, id=command.id, ok=False, reason=f"rows.judge: {error}")]
    slot = state.devices.slots.get(device)
    held = {t.row.id for t in state.devices.rows[slot]} if slot is not None else set()
    judged = [(row, judge(state.config, row)) for row in rows if row.state == "closed" and row.id not in held]
    events: list[Event] = [_told(now, command.at_us) for before, now in judged if now != before]
    said = f"{len(events)} of {len(judged)} rows changed"
    events += corrections(state, events[:], standing(state, device, alerts))
    return [*events, CommandDone(at_us=command.at_us, id=command.id, ok=True, reason=said)]


def _read(body: dict[str, Any]) -> tuple[str, list[Dwell], list[AlertChanged]]:
    asked = msgspec.convert(body, JudgeRequest)
    told = decode(asked.rows)
    if not isinstance(told, list):
        raise DecodeError("bad_entry", "`rows` must be an entry of events")
    dwells = [event.row for event in told if isinstance(event, DwellChanged)]
    return asked.device, dwells, [event for event in told if isinstance(event, AlertChanged)]


def _told(row: Dwell, at_us: int) -> DwellChanged:
    return DwellChanged(at_us=at_us, cause="relabel", row=msgspec.structs.replace(row, revision=row.revision + 1))
