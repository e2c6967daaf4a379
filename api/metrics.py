"""Prometheus metrics of this room: requests by route, viewers, listeners. The registry comes from above."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.feed import Feed
from api.hub import Hub

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LiveCollector(Collector):
    """Reads the hub's and the feed's own counters at the moment of asking."""

    def __init__(self, hub: Hub, feed: Feed) -> None:
        self._hub = hub
        self._feed = feed

    def collect(self) -> Iterator[Metric]:
        hub = self._hub
        yield GaugeMetricFamily("ronda_live_devices", "Devices with a latest position", len(hub.rows))
        yield GaugeMetricFamily("ronda_live_viewers", "Open live maps", hub.viewers)
        yield GaugeMetricFamily("ronda_event_listeners", "Open event streams", self._feed.listeners)
        for name, text in _HUB_COUNTERS.items():
            yield CounterMetricFamily(f"ronda_live_{name}", text, getattr(hub.counters, name))


_HUB_COUNTERS: Final = {
    "frames_in": "Frames heard from the engine",
    "reloads": "Times all rows were read again",
    "frames_out": "Messages sent to viewers",
    "rows_out": "Positions sent to viewers",
    "coalesced": "Positions replaced by a newer one before a viewer took them",
    "slow_closed": "Viewers closed because they took nothing",
}


class RequestMetrics:
    """ASGI middleware: counts answers and times them, by route template (never by address: that has no bound)."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._count = Counter("ronda_http_requests", "HTTP answers", ["route", "status"], registry=registry)
        self._seconds = Histogram(
            "ronda_http_seconds",
            "Seconds to the first byte of an answer",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                self._count.labels(route, str(message["status"])).inc()
                self._seconds.labels(route).observe(time.perf_counter() - began_s)
            await send(message)

        await self._app(scope, receive, counted)
