"""The city's own configuration, told to the log once: clock, holidays, areas, places, profiles, shifts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import cities
from core.entries import Config, Section
from ronda.runtime import Runtime
from simulators.clocks import offsets
from simulators.registry import city_configs
from store import joins, read

_READ_SINCE: Final[tuple[Section, ...]] = ("vehicles", "routes", "shifts", "assignments")  # by geo, as long as clocks
_ROWS: Final = 500  # an entry


async def ensure_city(runtime: Runtime) -> None:
    """Tell the log about the city unless the archive has it; what people imported since stays as it is.

    When the city's clock is another than was told, because its country changed it, it is told anew. An installation
    that was never told one is older than the purposes that need it: it hears of the holidays, and geo of the registries
    that it did not read before; of the clock last, so that a start cut short is made up by the next.
    """
    known = await read.registry_row(runtime.pool, "city", "city")
    city = cities.load(runtime.settings.city)
    clock = known.get("offsets") if known else None
    if clock == [list(offset) for offset in offsets(city.tz)]:
        return
    wanted = {"city"} if clock else {"city", "calendar"}
    configs = [
        config
        for config in city_configs(city, at_us=runtime.clock.now_us(), actor="city", scenery=False)
        if known is None or config.section in wanted
    ]
    if known is not None and not clock:
        async with joins.alone(runtime.pool):
            async for config in _registries(runtime):
                await runtime.configure(config)
    for config in sorted(configs, key=lambda config: config.section == "city"):
        await runtime.configure(config)


async def _registries(runtime: Runtime) -> AsyncIterator[Config]:
    """What the archive has of the registries that geo reads by now."""
    for section in _READ_SINCE:
        rows = [row async for row in read.registry_rows(runtime.pool, section)]
        for start in range(0, len(rows), _ROWS):
            chunk = tuple(rows[start : start + _ROWS])
            yield Config(section=section, rows=chunk, at_us=runtime.clock.now_us(), actor="city")
