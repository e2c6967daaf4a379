"""The city's own configuration, told to the log once: clock, holidays, areas, places, profiles, shifts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import msgspec

import cities
from core.entities import IncidentKind
from core.entries import OF_DISPATCH, Config, Section
from core.errors import UnavailableError
from dispatch.rows import restored
from ronda.runtime import AWAY, DISPATCH_IN, Runtime
from ronda.steps import DispatchStep
from simulators.clocks import offsets
from simulators.registry import city_configs, kind_rows
from store import joins, read
from store.archive import Archive
from store.cancel import heed_cancel
from store.log import START, id_key

log = logging.getLogger(__name__)

_READ_SINCE: Final[tuple[Section, ...]] = ("vehicles", "routes", "shifts", "assignments")  # by geo, as long as clocks
_ROWS: Final = 500  # an entry
_PARTS: Final = 4  # of a road map
_RETRY_S: Final = 1.0


async def ensure_city(runtime: Runtime) -> None:
    """Tell the log about the city unless the archive has it; what people imported since stays as it is.

    When the city's clock is another than was told, because its country changed it, it is told anew; so are its kinds of
    incident, which dispatch follows with the city's bounds. An installation
    that was never told one is older than the purposes that need it: it hears of the holidays, and geo of the registries
    that it did not read before; of the clock last, so that a start cut short is made up by the next.
    """
    known = await read.registry_row(runtime.pool, "city", "city")
    city = cities.load(runtime.settings.city)
    clock, kinds = known.get("offsets") if known else None, await _kinds(runtime)
    same = clock == [list(offset) for offset in offsets(city.tz)]
    if same and _as_kinds(kind_rows(city)).items() <= kinds.items():
        return
    wanted = {"city", "kinds"} if clock else {"city", "kinds", "calendar"}
    configs = [
        config
        for config in city_configs(city, at_us=runtime.clock.now_us(), actor="city", scenery=False)
        if known is None or config.section in wanted
    ]
    if known is not None and not clock:
        async with joins.alone(runtime.pool):
            async for config in _registries(runtime, _READ_SINCE):
                await runtime.configure(config)
    for config in sorted(configs, key=lambda config: config.section == "city"):
        await runtime.configure(config)


async def _kinds(runtime: Runtime) -> dict[str, IncidentKind]:
    return _as_kinds([row async for row in read.registry_rows(runtime.pool, "kinds")])


def _as_kinds(rows: Iterable[dict[str, Any]]) -> dict[str, IncidentKind]:
    return {kind.id: kind for kind in (msgspec.convert(row, IncidentKind) for row in rows)}


async def tell_dispatch(runtime: Runtime) -> None:
    """Tell dispatch the register if nobody ever did: it is older than that, or its state was lost; the clock last.

    So that a start cut short is made up by the next. While servers are away, or the archive is behind, it is tried
    again: what the archive did not know yet would be taken back by what it knows.
    """
    told = False
    while not told:
        try:
            await runtime.holds.free_of("clock")
            async with joins.alone(runtime.pool):
                await _tell_dispatch(runtime)
            told = True
        except AWAY as error:
            log.info("register for dispatch: %s", error, extra={"action": "dispatch.register_retry"})
            heed_cancel()
            await asyncio.sleep(_RETRY_S)


async def _tell_dispatch(runtime: Runtime) -> None:
    state, _ = restored(await runtime.log.state(DispatchStep.reader, DISPATCH_IN))
    if state.offsets or await read.registry_row(runtime.pool, "city", "city") is None:
        return
    end, archived = await runtime.log.last_id("in.0"), await Archive(runtime.pool).offsets()
    if id_key(archived.get("in.0", START)) < id_key(end):
        raise UnavailableError("the archive is behind the log")
    async for config in _registries(runtime, sorted(OF_DISPATCH, key=lambda section: (section == "city", section))):
        await runtime.tell(config, [DISPATCH_IN])


async def _registries(runtime: Runtime, sections: Iterable[Section]) -> AsyncIterator[Config]:
    """What the archive has of these sections."""
    for section in sections:
        rows = [row async for row in read.registry_rows(runtime.pool, section)]
        many = _PARTS if section == "roads" else _ROWS
        for start in range(0, len(rows), many):
            chunk = tuple(rows[start : start + many])
            yield Config(section=section, rows=chunk, at_us=runtime.clock.now_us(), actor="city")
