"""One cause, one thread: the row, its alerts, who took them, and what was said about it, in order of time."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps, hub_of
from api.problems import NotFoundError
from api.roles import Allow
from api.rows import alert_row, dwell_row
from api.sayings import judge_of, labels_of, teller_of
from api.spellrows import spell_row
from api.times import rfc3339
from core.events import AlertChanged, Dwell, Spell
from store import read, ruling
from store.read import AlertFilter

Step = tuple[int, dict[str, Any]]  # when, and what
ALERTS: Final = 100
router = APIRouter(prefix="/api/v1/threads", tags=["alerts"], dependencies=[Depends(Allow("fleet.read"))])


@router.get("/{thread}", summary="The row, its alerts, acknowledgements and reasons, in order of time")
async def one(request: Request, deps: GivenDeps, thread: str) -> Response:
    kind, row, story = await _row(request, deps, thread)
    found = await read.alerts(deps.pool, AlertFilter(thread=thread), limit=ALERTS)
    if row is None and not found.rows:
        raise NotFoundError(f"there is no thread {thread[:200]!r}: it is the id of a dwell, a visit or a silence")
    story += [_told(alert) for alert in await ruling.thread(deps.pool, thread)]
    story += await _label(deps, thread)
    return json(
        {
            "thread": thread,
            "kind": kind,
            "row": row,
            "alerts": [alert_row(*each, deps.zone) for each in found.rows],
            "story": [{"at": rfc3339(at_us, deps.zone)} | step for at_us, step in sorted(story, key=itemgetter(0))],
        }
    )


async def _row(request: Request, deps: Deps, thread: str) -> tuple[str | None, dict[str, Any] | None, list[Step]]:
    """What the thread is about, and when that began and ended; a silence, or being outside, is no row."""
    now_us, live = deps.clock.now_us(), hub_of(request).rows
    if dwell := await read.dwell(deps.pool, thread):
        shown = dwell_row(dwell.row, dwell.vehicle, now_us, deps.zone, live.get(dwell.row.device))
        return "dwell", shown, _life(dwell.row)
    if spell := await read.spell(deps.pool, thread):
        shown = spell_row(spell.row, spell.vehicle, now_us, deps.zone, live.get(spell.row.device))
        return spell.row.kind, shown, _life(spell.row)
    return None, None, []


def _life(row: Dwell | Spell) -> list[Step]:
    ended = [] if row.end_us is None else [(row.end_us, {"what": row.state})]
    return [(row.start_us, {"what": "began"}), *ended]


def _told(alert: AlertChanged) -> Step:
    """One thing that was said of an alert."""
    what = "escalated" if alert.state == "raised" and alert.level > 1 else alert.state
    names = ("kind", "rule", "level", "by", "note", "digest", "quiet")
    return alert.at_us, {"what": what, "alert": alert.id} | {name: getattr(alert, name) for name in names}


async def _label(deps: Deps, dwell: str) -> list[Step]:
    """What people said of the stop, last: who said what it was for, and who said why."""
    steps: list[Step] = []
    for label in (await labels_of(deps.pool, [dwell])).values():
        judge, teller = judge_of(label), teller_of(label)
        if judge:
            said = {"what": "labelled", "purpose": label.purpose, "reason": "" if teller else label.reason}
            steps.append((judge.at_us, said | {"by": judge.by}))
        if teller:
            said = {"what": "reason", "purpose": None, "reason": label.reason}
            steps.append((teller.at_us, said | {"by": teller.by or None}))
    return steps
