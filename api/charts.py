"""Pictures of how many people came, and were willing, inside a page: SVG that prints, not told by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from html import escape
from typing import Final, NamedTuple

from api.times import from_us, to_us
from dispatch.review import Heads

WIDTH: Final = 720
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 34, 14, 12, 30
TICKS_S: Final = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800)
MOST_TICKS: Final = 8
LEAST_US: Final = 60_000_000
CAPTION: Final = (
    "Bidang terisi: relawan di lokasi. Garis putus-putus: berjanji datang, yang di lokasi termasuk. "
    "Garis tebal: jumlah yang dibutuhkan."
)


class _Frame(NamedTuple):
    """Where instants and counts of people lie in the picture."""

    begin_us: int
    end_us: int
    most: int

    def x(self, us: int) -> float:
        share = (min(max(us, self.begin_us), self.end_us) - self.begin_us) / (self.end_us - self.begin_us)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def y(self, people: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * people / self.most, 1)


def headcount(heads: Sequence[Heads], wanted: int, begin_us: int, end_us: int, zone: tzinfo) -> str:
    """Steps over time: filled, who is there; dashed, who is on the way too; a thick line, how many are wanted."""
    people = [head.coming + head.there for head in heads]
    frame = _Frame(begin_us, max(end_us, begin_us + LEAST_US), max([wanted, 1, *people]))
    there = _steps(frame, [(head.at_us, head.there) for head in heads])
    promised = _steps(frame, [(head.at_us, head.coming + head.there) for head in heads])
    said = f"Relawan menurut waktu: paling banyak {max((head.there for head in heads), default=0)} di lokasi"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}" font-size="11">'
        f"{_people(frame)}{_times(frame, zone)}"
        f'<path d="{there}V{frame.y(0)}Z" fill="#0b5c4d" fill-opacity=".5"/>'
        f'<path d="{promised}" fill="none" stroke="#111" stroke-width="1.5" stroke-dasharray="5 3"/>'
        f"{_level(frame, wanted, '#a11', 3) if wanted else ''}</svg>"
        f"<figcaption>{CAPTION}</figcaption></figure>"
    )


def by_hour(hours: Sequence[tuple[int, int, int]]) -> str:
    """A bar an hour of the day: its height is how many could answer, the filled part who said yes."""
    frame = _Frame(0, 24, max(asked for _, asked, _ in hours))
    wide = round((WIDTH - LEFT - RIGHT) / 24 - 4, 1)
    bars = "".join(
        f'<path d="M{frame.x(hour) + 2},{frame.y(0)}V{frame.y(asked)}h{wide}V{frame.y(0)}Z" fill="none" stroke="#111"/>'
        f'<path d="M{frame.x(hour) + 2},{frame.y(0)}V{frame.y(accepted)}h{wide}V{frame.y(0)}Z" fill="#0b5c4d"/>'
        for hour, asked, accepted in hours
    )
    marks = "".join(
        f'<text x="{frame.x(hour)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{hour:02}</text>'
        for hour in range(0, 25, 3)
    )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Kesediaan menurut jam" font-size="11">'
        f"{_people(frame)}{bars}{marks}</svg><figcaption>Menurut jam saat diminta: tinggi batang, permintaan yang bisa "
        "dijawab; bagian terisi, yang bersedia.</figcaption></figure>"
    )


def _steps(frame: _Frame, points: Sequence[tuple[int, int]]) -> str:
    """A path from nobody at the beginning that stays level until something changes."""
    steps = "".join(f"H{frame.x(at_us)}V{frame.y(people)}" for at_us, people in points)
    return f"M{LEFT},{frame.y(0)}{steps}H{frame.x(frame.end_us)}"


def _level(frame: _Frame, people: int, colour: str, width: int) -> str:
    y = frame.y(people)
    return f'<path d="M{LEFT},{y}H{WIDTH - RIGHT}" stroke="{colour}" stroke-width="{width}"/>'


def _people(frame: _Frame) -> str:
    """At most six levels, whole people each."""
    levels = range(0, frame.most + 1, -(-frame.most // 5))
    return "".join(
        f'{_level(frame, n, "#ccc", 1)}<text x="{LEFT - 6}" y="{frame.y(n) + 4}" text-anchor="end">{n}</text>'
        for n in levels
    )


def _times(frame: _Frame, zone: tzinfo) -> str:
    """Round times of the city's day; the date too where more than a day is shown."""
    span_s = (frame.end_us - frame.begin_us) / 1e6
    step_s = next((tick for tick in TICKS_S if span_s / tick <= MOST_TICKS), TICKS_S[-1])
    form = "%d-%m %H.%M" if span_s > 86_400 else "%H.%M.%S" if step_s < 60 else "%H.%M"
    begin = from_us(frame.begin_us, zone)
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + timedelta(seconds=step_s * -(-(begin - midnight).total_seconds() // step_s))
    marks = [first + timedelta(seconds=step_s * n) for n in range(MOST_TICKS + 1)]
    return "".join(
        f'<path d="M{frame.x(to_us(at))},{frame.y(0)}v5" stroke="#111"/>'
        f'<text x="{frame.x(to_us(at))}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{at:{form}}</text>'
        for at in marks
        if to_us(at) <= frame.end_us
    )
