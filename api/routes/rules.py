"""What a rule would have raised on archived days, before it is switched on. Rules are written as the registries are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Body, Depends
from starlette.responses import Response

from api.answers import json, pages
from api.deps import Deps, GivenDeps
from api.given import entity_of
from api.params import FromText, ToText, span
from api.problems import NotFoundError, ParameterError
from api.roles import Allow
from api.rows import registry_row
from api.times import rfc3339
from core.entities import Rule
from core.events import SpellKind
from core.units import DAY_US, US_PER_S
from geo.config import GeoConfig
from geo.rules.backtest import Backtest, Window, report
from geo.rules.facts import Fact, silence
from store import read, ruling
from store.read import DwellFilter, SpellFilter

USUAL_US: Final = 30 * DAY_US
DAYS_MAX: Final = 92
FACTS_MAX: Final = 200_000
PAGE: Final = 5_000
SECTIONS: Final = ("city", "devices", "vehicles", "routes", "shifts", "assignments", "places", "zones", "calendar")
SPELLS: Final[dict[str, tuple[SpellKind, ...]]] = {
    "inside": ("visit", "gap"), "outside": ("visit", "gap", "trip"), "speeding": ("speeding",),
}  # fmt: skip
GivenRule = Annotated[dict[str, Any] | None, Body(description="a rule that is not saved yet; else the saved one")]
router = APIRouter(prefix="/api/v1/rules", tags=["rules"])


@router.post(
    "/{rule}/backtest",
    summary="What a rule would have raised on archived days",
    dependencies=[Depends(Allow("fleet.read"))],
)
async def backtest(
    deps: GivenDeps, rule: str, body: GivenRule = None, from_text: FromText = None, to_text: ToText = None
) -> Response:
    asked = await _saved(deps, rule) if body is None else entity_of("rules", rule, body, deps.zone)
    window, setting = _window(deps, from_text, to_text), GeoConfig(await _sections(deps))
    test, zone = Backtest(asked, window, setting), deps.zone
    async for rows in _facts(deps, asked, window, setting):
        await asyncio.to_thread(test.take, rows)  # a month of a fleet takes seconds: others are served meanwhile
        if test.size > FACTS_MAX:
            raise ParameterError(
                "from", f"leaves more than {FACTS_MAX} facts that the rule watches; ask for fewer days"
            )
    found = await asyncio.to_thread(lambda: report(test.fired(), asked, window, setting))
    head = {"rule": asked.id, "from": rfc3339(window.from_us, zone), "to": rfc3339(window.to_us, zone)}
    return json(head | found | {"examples": [registry_row(example, zone) for example in found["examples"]]})


async def _saved(deps: Deps, rule: str) -> Rule:
    row = await read.registry_row(deps.pool, "rules", rule)
    if row is None:
        raise NotFoundError(f"there is no rule {rule[:200]!r}; send one as the body to try it")
    return msgspec.convert(row, Rule)


def _window(deps: Deps, from_text: str | None, to_text: str | None) -> Window:
    now_us, asked = deps.clock.now_us(), span(from_text, to_text, deps.zone)
    to_us = min(now_us if asked.to_us is None else asked.to_us, now_us)
    from_us = to_us - USUAL_US if asked.from_us is None else asked.from_us
    if to_us - from_us > DAYS_MAX * DAY_US:
        raise ParameterError("from", f"lies more than {DAYS_MAX} days before `to`; ask for fewer days")
    return Window(from_us, max(from_us, to_us), now_us)


async def _sections(deps: Deps) -> dict[str, dict[str, dict[str, Any]]]:
    """The configuration that rules ask, as the archive has it."""
    return {name: {row["id"]: row async for row in read.registry_rows(deps.pool, name)} for name in SECTIONS}


async def _facts(deps: Deps, rule: Rule, window: Window, setting: GeoConfig) -> AsyncIterator[list[Any]]:
    """What the archive knows that the rule may look at, a page at a time; from before the window what reaches in."""
    from_us = window.from_us - int(max(rule.cooldown_s, rule.for_s) * US_PER_S) - DAY_US
    device = rule.devices[0] if len(rule.devices) == 1 else None
    if rule.fact == "silence":
        found = ruling.silences(deps.pool, from_us, window.to_us, least_s=rule.for_s, devices=rule.devices)
        async for silences in found:
            yield [_silence(each, setting) for each in silences]
    if rule.fact in ("dwell", "outside"):
        where = DwellFilter(from_us=from_us, to_us=window.to_us, device=device)
        async for rows in pages(partial(_page, read.dwells, deps, where), None):
            yield rows
    for kind in SPELLS.get(rule.fact, ()):
        of_kind = SpellFilter(kind=kind, from_us=from_us, to_us=window.to_us, device=device)
        async for rows in pages(partial(_page, read.spells, deps, of_kind), None):
            yield rows


async def _page(ask: Callable[..., Any], deps: Deps, where: Any, after: str | None) -> tuple[list[Any], str | None]:
    found = await ask(deps.pool, where, after=after, limit=PAGE)
    return [each.row for each in found.rows], found.next


def _silence(found: ruling.SilenceRow, setting: GeoConfig) -> Fact:
    where, until_us = (found.lon, found.lat), found.until_us
    return silence(found.device, found.start_us, until_us, until_us or found.start_us, where, setting.cls(found.device))
