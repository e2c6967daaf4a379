"""Counters of the stages as Prometheus metrics: `ronda_<stage>_<counter>`, read at the moment of asking."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ronda.runtime import Parts


class PartsCollector(Collector):
    """Reads what each part counts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        for part, read in sorted(self._parts.counters.items()):
            for name, value in read().items():
                yield GaugeMetricFamily(f"ronda_{part}_{name.replace('.', '_')}", f"{part}: {name}", value)


def metrics(parts: Parts) -> CollectorRegistry:
    """A registry of its own: nothing of another process or test is in it."""
    registry = CollectorRegistry()
    registry.register(PartsCollector(parts))
    return registry
