"""A flood: water that rises from low places and closes roads, and what people report of it, true or not.

Pure and seeded: the same city, seed and crew give the same water and the same reports. Times are seconds of the
simulated world.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cities import City
from core.entities import Closure
from simulators.streets import Streets

Truth = Literal["true", "duplicate", "false"]
STAGE_S: Final = 300.0  # the water is drawn anew so often
BASINS: Final = 3
REPORTS_H: Final = 60
_DUPLICATE: Final = 0.30  # of reports: somebody else reports what was reported already
_FALSE: Final = 0.15
_SAME_M: Final = 60.0  # between two reports of one thing
_SAME_S: Final = 1800.0  # nobody reports what is older
_RADIUS_M: Final = (120.0, 700.0)  # of a basin, when it begins and at most
_RISES_S: Final = 3600.0
_DEPTH_CM: Final = (15.0, 120.0)
_WET: Final = 40.0  # so many times as long takes a street under water: people go round it
_CORNERS: Final = 24
KINDS: Final = (
    ("banjir_genangan", 2, "air setinggi lutut"),
    ("banjir_drainase_dan_selokan", 1, "selokan meluap ke jalan"),
    ("longsor", 3, "tebing turun ke rumah"),
    ("angin_kencang", 2, "pohon tumbang menutup jalan"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a volunteer reports; `of` is the number of the first report of the same thing, its own if it is that."""

    number: int
    at_s: float
    device: str
    kind: str
    severity: int
    lon: float
    lat: float
    text: str
    truth: Truth
    of: int

    def body(self) -> dict[str, Any]:
        """The payload of `ronda/v1/{device}/report`."""
        return {"kind": self.kind, "severity": self.severity, "lon": self.lon, "lat": self.lat, "text": self.text}


@dataclass(frozen=True, slots=True)
class Basin:
    """Water around a low place."""

    x: float
    y: float
    begins_s: float

    def size(self, at_s: float) -> tuple[float, float]:
        """Radius in metres and depth in centimetres; nothing before it begins."""
        share = min(1.0, (at_s - self.begins_s) / _RISES_S)
        if share < 0.0:
            return 0.0, 0.0
        return tuple(low + (high - low) * share for low, high in (_RADIUS_M, _DEPTH_CM))  # type: ignore[return-value]


@dataclass(frozen=True)
class Flood:
    """A flood in a city; `devices` are the phones of those who report, `reports_h` times an hour in the mean."""

    city: City
    streets: Streets
    devices: Sequence[str]
    seed: int = 0
    lasting_s: float = 3600.0
    reports_h: float = REPORTS_H

    @cached_property
    def basins(self) -> tuple[Basin, ...]:
        """The first rises at once, the others later."""
        rng, nodes = self._rng("basins"), sorted(self.streets.place_node.values())
        at = [self.streets.xy[node] for node in rng.sample(nodes, BASINS)]
        return tuple(Basin(float(x), float(y), 900.0 * i) for i, (x, y) in enumerate(at))

    @cached_property
    def reports(self) -> tuple[Report, ...]:
        """In order of time."""
        rng, found, at_s = self._rng("reports"), list[Report](), 20.0
        while at_s < self.lasting_s:
            found.append(self._report(rng, found, at_s))
            at_s += rng.expovariate(self.reports_h / 3600.0)
        return tuple(found)

    def water(self, at_s: float) -> list[Closure]:
        """What is closed by then, from the basins that have begun."""
        sizes = [(i, basin, *basin.size(at_s)) for i, basin in enumerate(self.basins)]
        return [
            Closure(
                id=f"simulasi-banjir-{i + 1}", shape=self.disc(basin.x, basin.y, radius_m), depth_cm=round(depth_cm)
            )
            for i, basin, radius_m, depth_cm in sizes
            if radius_m
        ]

    def ways(self) -> Callable[[float], Streets]:
        """The streets as people use them at a moment: who can goes round the water."""
        stage = lru_cache(maxsize=None)(self._stage)  # one for each stage of a flood that ends
        return lambda at_s: stage(int(at_s // STAGE_S))

    def real(self, lon: float, lat: float) -> bool:
        """Whether what was reported at a place is there."""
        return not any(r.truth == "false" and (r.lon, r.lat) == (lon, lat) for r in self.reports)

    def disc(self, x: float, y: float, radius_m: float) -> dict[str, Any]:
        """A round shape as GeoJSON."""
        turns = [2 * math.pi * i / _CORNERS for i in range(_CORNERS)]
        ring = [self._lonlat(x + radius_m * math.cos(a), y + radius_m * math.sin(a)) for a in turns]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    def _report(self, rng: random.Random, before: Sequence[Report], at_s: float) -> Report:
        number, device, draw = len(before), rng.choice(self.devices), rng.random()
        known = [r for r in before if r.truth == "true" and at_s - r.at_s < _SAME_S]
        if draw < _DUPLICATE and known:
            first = rng.choice(known)
            near = self.streets.plane.forward(first.lon, first.lat) + self._aside(rng, _SAME_M)
            lon, lat = self._lonlat(*near)
            again = replace(first, number=number, at_s=at_s, device=device, lon=lon, lat=lat)
            return replace(again, truth="duplicate", of=first.number)
        truth: Truth = "false" if draw > 1.0 - _FALSE else "true"
        (kind, severity, text), (lon, lat) = rng.choice(KINDS), self._lonlat(*self._shore(rng))
        return Report(number, at_s, device, kind, severity, lon, lat, text, truth, number)

    def _shore(self, rng: random.Random) -> NDArray[np.float64]:
        """Where people are in need: mostly beside what the water will cover, at times within."""
        basin = rng.choice(self.basins)
        away_m = rng.uniform(0.5, 1.6) * _RADIUS_M[1] if rng.random() < 0.8 else rng.uniform(200.0, 3000.0)
        angle = rng.uniform(0.0, 2 * math.pi)
        wished = np.array([basin.x + away_m * math.cos(angle), basin.y + away_m * math.sin(angle)])
        place: NDArray[np.float64] = self.streets.xy[self.streets.nearest(wished)] + self._aside(rng, 30.0)
        return place

    def _aside(self, rng: random.Random, most_m: float) -> NDArray[np.float64]:
        return np.array([rng.uniform(-most_m, most_m), rng.uniform(-most_m, most_m)])

    def _stage(self, number: int) -> Streets:
        under, xy = np.zeros(len(self.streets.xy), np.bool_), self.streets.xy
        for basin in self.basins:
            under |= np.hypot(xy[:, 0] - basin.x, xy[:, 1] - basin.y) < basin.size(number * STAGE_S)[0]
        wet = under[self.streets.edges].any(axis=1)
        return replace(self.streets, slowed=np.where(wet, _WET, 1.0))

    def _lonlat(self, x: float, y: float) -> tuple[float, float]:
        lon, lat = self.streets.plane.inverse(x, y)
        return round(float(lon), 6), round(float(lat), 6)

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}/flood/{what}")  # noqa: S311 - scenery
