"""The city's own configuration, told to the log once: areas, places, profiles, shifts of `cities/<name>`."""

from __future__ import annotations

import cities
from ronda.runtime import Runtime
from simulators.registry import city_configs
from store import read


async def ensure_city(runtime: Runtime) -> None:
    """Tell the log about the city unless the archive has it; what people imported since stays as it is."""
    if await read.registry_row(runtime.pool, "city", "city") is None:
        city = cities.load(runtime.settings.city)
        for config in city_configs(city, at_us=runtime.clock.now_us(), actor="city", scenery=False):
            await runtime.configure(config)
