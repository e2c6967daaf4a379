"""Incidents of a span in figures, as a page to be printed and as a table: for leaders, so nobody is in it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from api.afterpage import ESTIMATE, OUTCOMES, UNKNOWN, minutes
from api.charts import by_hour
from api.deps import CityInfo
from api.htmlpages import listed
from api.incidentreport import STATUS
from dispatch.summary import Answers, Spread, Tally

Rows = Sequence[tuple[str, str]]
HOURS: Final = "Kesediaan menurut jam saat diminta"
TIMES: Final = {
    "verify_s": "Laporan sampai diverifikasi", "ask_s": "Laporan sampai permintaan pertama",
    "fill_s": "Permintaan sampai semua tempat dijanjikan", "first_s": "Permintaan sampai relawan pertama tiba",
    "all_s": "Permintaan sampai semua tempat terisi di lokasi", "close_s": "Laporan sampai ditutup",
    "answer_s": "Relawan diminta sampai menjawab", "travel_s": "Relawan menjawab sampai tiba",
    "on_scene_s": "Relawan di lokasi",
}  # fmt: skip


def sections(total: Tally, city: CityInfo) -> list[tuple[str, Rows]]:
    """Heading by heading; what nobody knows says so."""
    return [
        ("Kejadian", _incidents(total, city)),
        ("Waktu", [(TIMES[name], _spread(found)) for name, found in total.times().items()]),
        ("Kesediaan relawan", _willing(total, city)),
        (HOURS, [(f"pukul {hour:02}", _rate(answers)) for hour, answers in total.by_hour()]),
        ("Nilai pencocokan dan permintaan serentak (perkiraan)", _worth(total)),
    ]


def markup(found: Sequence[tuple[str, Rows]], total: Tally) -> list[str]:
    """The page; when volunteers say yes is a picture there."""
    page = list[str]()
    for heading, rows in found:
        shown = _picture(total) if heading == HOURS else listed(rows)
        page.append(f"<h2>{escape(heading)}</h2>{shown}")
    return [*page, f'<p class="note">{ESTIMATE}</p>']


def _picture(total: Tally) -> str:
    hours = [(hour, answers.asked, answers.accepted) for hour, answers in total.by_hour()]
    return by_hour(hours) if hours else f"<p>{UNKNOWN}</p>"


def _incidents(total: Tally, city: CityInfo) -> Rows:
    statuses = ", ".join(f"{count} {STATUS.get(status, status)}" for status, count in total.statuses.items())
    return [
        ("Jumlah", str(total.statuses.total())),
        ("Laporan yang digabung ke kejadian lain", str(total.merged)),
        ("Menurut tingkat", ", ".join(f"tingkat {n}: {total.severities[n]}" for n in (3, 2, 1))),
        ("Menurut keadaan", statuses or UNKNOWN),
        *((city.hazard(kind).name, str(count)) for kind, count in total.kinds.most_common()),
    ]


def _spread(found: Spread) -> str:
    if found.median_s is None or found.p95_s is None:
        return UNKNOWN
    return f"median {minutes(found.median_s)}, 95 dari 100 paling lama {minutes(found.p95_s)} (dari {found.n})"


def _willing(total: Tally, city: CityInfo) -> Rows:
    asked = ", ".join(f"{count} {OUTCOMES[outcome]}" for outcome, count in total.asked().items() if count)
    return [
        ("Permintaan", asked or UNKNOWN),
        ("Bersedia", _rate(total.acceptance())),
        *((f"Bersedia: {city.hazard(kind).name}", _rate(answers)) for kind, answers in total.by_kind()),
    ]


def _rate(answers: Answers) -> str:
    if answers.rate is None:
        return UNKNOWN
    return f"{round(100 * answers.rate)} % ({answers.accepted} dari {answers.asked} yang bisa menjawab)"


def _worth(total: Tally) -> Rows:
    gained = total.gained
    more = f"{abs(gained.places)} tempat {'lebih banyak' if gained.places >= 0 else 'lebih sedikit'} terisi"
    way = f"perjalanan {_signed(gained.seconds)}, sampai yang terakhir tiba {_signed(gained.last_s)}"
    by_list = f"{more} di {gained.incidents} kejadian; {way}, dijumlahkan dari {gained.timed} kejadian"
    sequence = f"{minutes(gained.filled_s)} dibanding {minutes(gained.in_sequence_s)} di {gained.sequences} kejadian"
    return [
        ("Dibanding cara daftar", by_list if gained.incidents else UNKNOWN),
        ("Waktu mengisi tempat dibanding satu per satu", sequence if gained.sequences else UNKNOWN),
    ]


def _signed(saved_s: int) -> str:
    """What was saved, in words."""
    if not saved_s:
        return "sama lama"
    return f"{minutes(saved_s)} {'lebih singkat' if saved_s > 0 else 'lebih lama'}"
