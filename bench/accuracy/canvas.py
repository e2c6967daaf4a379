"""Pictures as SVG: lanes of intervals over a line of time, and a map above it in metres from its own origin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.events import Dwell, Spell
from core.units import HOUR_US, MINUTE_US, US_PER_S
from simulators.streets import Plane

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
WIDE: Final = 960
LANE: Final = 22
HALF_US: Final = HOUR_US // 2
GREY, INK, AMBER, BLUE, RED, GREEN = "#9aa5b1", "#1f2933", "#c77700", "#2b6cb0", "#b91c1c", "#2f855a"
PALE, SLATE, VIOLET = "#dde3ea", "#52606d", "#6b46c1"

Floats = NDArray[np.float64]
Row = Dwell | Spell


@dataclass(kw_only=True)
class Chart:
    """Lanes over one line of time; below it the hours of a wall `clock_s` ahead of UTC, or minutes since its start."""

    title: str
    source: str
    span_us: tuple[int, int]
    lanes: int = 3
    left: float = 20.0
    clock_s: int | None = None
    top: int = 44  # where the lanes begin, less their margin
    parts: list[str] = field(default_factory=list)

    @property
    def high(self) -> int:
        return self.top + 72 + LANE * self.lanes

    def along(self, at_us: int) -> float:
        start, end = self.span_us
        return self.left + (WIDE - 20.0 - self.left) * (at_us - start) / (end - start)

    def label(self, x: float, y: float, text: str, color: str = INK, size: int = 13) -> None:
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" fill="{color}" font-size="{size}">{text}</text>')

    def name(self, lane: int, text: str, color: str = SLATE) -> None:
        """What a lane shows, at its left."""
        self.label(20, self.top + 41 + LANE * lane, text, color, 12)

    def legend(self, colors: Iterable[tuple[str, str]], y: float = 48.0) -> None:
        """Colours and what they mean, in a line."""
        x = 20.0
        for text, color in colors:
            self.parts.append(f'<rect x="{x:.0f}" y="{y - 10:.0f}" width="12" height="12" fill="{color}"/>')
            self.label(x + 17, y, text, size=12)
            x += 32 + 6.6 * len(text)

    def block(
        self, span_us: tuple[int, int], color: str, lane: float, opacity: float = 1.0, height: int = LANE - 6
    ) -> None:
        """An interval; as much of it as the line of time shows."""
        start, last = (self.along(min(max(t, self.span_us[0]), self.span_us[1])) for t in span_us)
        shape = f'x="{start:.1f}" y="{self.top + 28 + LANE * lane:g}" width="{max(1.5, last - start):.1f}"'
        self.parts.append(f'<rect {shape} height="{height}" fill="{color}" fill-opacity="{opacity:.2f}"/>')

    def bar(self, row: Row, color: str, lane: int) -> None:
        """A row; what was silent of it is pale."""
        last_us = max(row.last_us, row.start_us + 20 * US_PER_S)
        silent = min(1.0, row.silent_s / max(1.0, (row.last_us - row.start_us) / US_PER_S))
        self.block((row.start_us, last_us), color, lane, 1.0 - 0.6 * silent)

    def beats(self, times_us: Iterable[int], color: str, lane: int) -> None:
        """Moments in a lane."""
        marks = "".join(f"M{self.along(t):.1f} {self.top + 28 + LANE * lane}v{LANE - 6}" for t in times_us)
        self.parts.append(f'<path d="{marks}" stroke="{color}" stroke-width="1.5"/>')

    def upright(self, at_us: int, color: str = INK) -> None:
        """A moment, through all lanes."""
        line = f"M{self.along(at_us):.1f} {self.top + 24}v{LANE * self.lanes + 4}"
        self.parts.append(f'<path d="{line}" stroke="{color}" stroke-dasharray="3 3"/>')

    def save(self, name: str) -> None:
        """Write it, with the hours and the source."""
        self.label(20, self.high - 10, self.source, SLATE, 12)
        self.label(20, 26, self.title, size=16)
        ahead_us = self.span_us[0] if self.clock_s is None else -self.clock_s * US_PER_S
        start_us = self.span_us[0] + (ahead_us - self.span_us[0]) % HALF_US
        for at_us in range(start_us, self.span_us[1] + 1, HALF_US):
            minutes = (at_us - ahead_us) // MINUTE_US
            text = f"{minutes} min" if self.clock_s is None else f"{minutes // 60 % 24:02}:{minutes % 60:02}"
            if self.along(at_us) < WIDE - 50:
                self.label(self.along(at_us), self.high - 32, text, GREY, 11)
        space = 'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" role="img"'
        head = f'<svg {space} viewBox="0 0 {WIDE} {self.high}">'
        sheet = f'<title>{self.title}</title>\n<rect width="{WIDE}" height="{self.high}" rx="8" fill="#ffffff"/>'
        (IMAGES / name).write_text("\n".join([head, sheet, *self.parts, "</svg>"]) + "\n")


@dataclass(kw_only=True)
class Picture(Chart):
    """A map above the lanes, scaled to what it shows."""

    plane: Plane
    box: tuple[float, float, float, float]  # of the map: west, south, east, north in metres
    top: int = 430

    @property
    def scale(self) -> float:
        """Pixels a metre."""
        west, south, east, north = self.box
        return min((WIDE - 40.0) / (east - west), (self.top - 60.0) / (north - south))

    def at(self, lon: Any, lat: Any) -> Floats:
        """(..., 2) pixels of the map."""
        xy = self.plane.forward(lon, lat)
        west, south, _, _ = self.box
        left = (WIDE - (self.box[2] - west) * self.scale) / 2.0
        return np.stack([left + (xy[..., 0] - west) * self.scale, self.top - (xy[..., 1] - south) * self.scale], -1)

    def line(self, lon: Any, lat: Any, color: str, wide: float = 1.5) -> None:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in self.at(lon, lat).tolist())
        self.parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{wide}"/>')

    def dots(self, lon: Any, lat: Any, color: str, radius: float = 2.0) -> None:
        marks = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in self.at(lon, lat).tolist())
        look = f'stroke="{color}" stroke-width="{2 * radius:g}" stroke-linecap="round"'
        self.parts.append(f'<path d="{marks}" {look}/>')

    def ring(self, lon: float, lat: float, radius_m: float, color: str, *, fill: str = "none") -> None:
        x, y = self.at(lon, lat).tolist()
        radius = max(3.0, radius_m * self.scale)
        look = f'fill="{fill}" fill-opacity=".35" stroke="{color}" stroke-width="1.5"'
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {look}/>')

    def save(self, name: str) -> None:
        """With a scale bar."""
        metres = next(m for m in (2000, 1000, 500, 200, 100, 50) if m * self.scale < WIDE / 4 or m == 50)
        self.parts.append(f'<path d="M20 {self.top - 4}h{metres * self.scale:.1f}" stroke="{INK}" stroke-width="3"/>')
        self.label(20, self.top - 12, f"{metres} m", size=12)
        super().save(name)


def around(title: str, source: str, lon: Floats, lat: Floats, span_us: Iterable[int], **given: Any) -> Picture:
    """An empty picture that shows these points."""
    times = [int(t) for t in span_us]
    plane = Plane.at((float(lon[0]), float(lat[0])))
    xy = plane.forward(lon, lat)
    west, south, east, north = (float(v) for v in np.concatenate([xy.min(axis=0), xy.max(axis=0)]))
    edge = 0.04 * max(east - west, north - south)
    box = (west - edge, south - edge, east + edge, north + edge)
    return Picture(title=title, source=source, span_us=(min(times), max(times)), plane=plane, box=box, **given)
