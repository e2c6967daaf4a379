"""The pages on which a volunteer reports: the form, which keeps what was typed, and what became of a report."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from api.deps import CityInfo
from api.htmlpages import both, html_page
from cities import Hazard
from core.events import IncidentChanged

Choices = Sequence[tuple[str, str]]  # value, text
STYLE: Final = (
    "input:not([type=radio],[type=checkbox]){width:100%;height:auto;box-sizing:border-box;font:inherit;padding:.6rem}"
    "fieldset{border:0;padding:0;margin:.4rem 0}legend,label b{font-weight:600}.bad{border-color:#b00020;color:#b00020}"
    "nav{display:flex;gap:1rem;flex-wrap:wrap}.plain{padding:.6rem}.ok{border-color:#0b5c4d}"
    "progress{width:100%}ul{padding-left:1.2rem}"
)
STATUS: Final[Mapping[str, tuple[str, str]]] = {
    "reported": ("Diterima, sedang diperiksa koordinator.", "Received; a coordinator looks at it."),
    "verified": ("Sudah dipastikan benar.", "Verified."),
    "dispatching": ("Relawan sedang diminta datang.", "Volunteers are being asked."),
    "responding": ("Relawan dalam perjalanan.", "Volunteers are on their way."),
    "on_scene": ("Relawan sudah di lokasi.", "Volunteers are there."),
    "closed": ("Selesai ditangani. Terima kasih.", "It is over. Thank you."),
    "cancelled": ("Ditutup: bukan kejadian, atau sudah dilaporkan orang lain.", "Closed: nothing, or known already."),
}
_SEVERITIES: Final = (
    ("1", "Ringan / minor"), ("2", "Sedang / moderate"), ("3", "Parah, nyawa terancam / severe, lives at risk"),
)  # fmt: skip
SHRINK: Final = "/phone/report.js"


def form_page(
    city: CityInfo, home: str, areas: Choices, typed: Mapping[str, str], wrong: tuple[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    """The form; with `wrong`, what was typed and what is the matter with it."""
    told = f'<div class="box bad" role="alert">{both(escape(wrong[0]), escape(wrong[1]))}</div>' if wrong else ""
    key = typed.get("key") or secrets.token_hex(8)
    parts = [
        told,
        f'<form id="report" method="post" action="{escape(home)}" enctype="multipart/form-data">',
        f'<input type="hidden" name="key" value="{escape(key)}">',
        '<input type="hidden" name="lat"><input type="hidden" name="lon">',
        _kinds(city.hazards, typed.get("kind", "")),
        '<button type="button" id="here" class="plain" hidden>Pakai lokasi HP / Use the phone\'s location</button>',
        '<p id="where" aria-live="polite"></p>',
        _areas(areas, typed.get("area", "")),
        _line("address", "Patokan / Landmark", typed.get("address", ""), "dekat gereja, RT 03"),
        _severity(typed.get("severity", "2")),
        _text(typed.get("text", "")),
        _exercise(on=typed.get("exercise") == "yes"),
        photo_field("Foto (boleh kosong) / Photo (optional)"),
        '<p id="state" class="box" role="status" hidden></p>',
        "<button>Kirim laporan / Send the report</button></form>",
        f'<nav><a href="{escape(home)}/saya">Halaman saya / My page</a></nav>',
    ]
    return html_page("Lapor kejadian", parts, status=status, style=STYLE, script=SHRINK)


def photo_field(text: str) -> str:
    """Opens the camera on a phone. It is the last field: what comes before it arrives before it."""
    return (
        f"<label><b>{text}</b>"
        '<input type="file" name="photo" accept="image/jpeg,image/png,image/webp" capture="environment"></label>'
    )


def _kinds(hazards: Sequence[Hazard], chosen: str) -> str:
    label = "<label><b>Apa yang terjadi? / What has happened?</b>"
    if not hazards:
        return f'{label}<input name="kind" maxlength="40" value="{escape(chosen)}" required></label>'
    first = [(hazard.kind, hazard.name) for hazard in hazards if hazard.common]
    rest = [(hazard.kind, hazard.name) for hazard in hazards if not hazard.common]
    groups = [("Sering / Common", first), ("Lainnya / Others", sorted(rest, key=lambda row: row[1]))]
    shown = "".join(f'<optgroup label="{name}">{_options(rows, chosen)}</optgroup>' for name, rows in groups if rows)
    return f'{label}<select name="kind" required><option value="">Pilih / Choose</option>{shown}</select></label>'


def _areas(areas: Choices, chosen: str) -> str:
    if not areas:
        return ""
    return f"<label><b>Kelurahan / Area</b>{area_select(areas, chosen)}</label>"


def area_select(areas: Choices, chosen: str) -> str:
    """One of the city's areas, or none."""
    return f'<select name="area"><option value="">Tidak tahu / Not known</option>{_options(areas, chosen)}</select>'


def _options(rows: Choices, chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in rows
    )


def _text(typed: str) -> str:
    return (
        "<label><b>Apa yang terlihat? / What do you see?</b>"
        f'<textarea name="text" maxlength="2000" rows="3">{escape(typed)}</textarea></label>'
    )


def _line(name: str, label: str, value: str, hint: str) -> str:
    return (
        f'<label><b>{label}</b><input name="{name}" maxlength="200" value="{escape(value)}" '
        f'placeholder="{escape(hint)}"></label>'
    )


def _severity(chosen: str) -> str:
    shown = "".join(
        '<label><input type="radio" name="severity" '
        f'value="{value}"{" checked" if value == chosen else ""}> {text}</label>'
        for value, text in _SEVERITIES
    )
    return f"<fieldset><legend>Seberapa parah? / How severe?</legend>{shown}</fieldset>"


def _exercise(*, on: bool) -> str:
    checked = " checked" if on else ""
    return (
        f'<label><input type="checkbox" name="exercise" value="yes"{checked}> Ini latihan / This is an exercise</label>'
    )


def told_page(
    home: str, incident: IncidentChanged, what: str, where: str, wrong: tuple[str, str] | None = None
) -> HTMLResponse:
    """What became of a report, and a place for a photo more; `wrong`: why the last one is not there."""
    photo = f'<div class="box bad" role="alert">{both(escape(wrong[0]), escape(wrong[1]))}</div>' if wrong else ""
    status = STATUS.get(incident.status, (incident.status, ""))
    mark = "LATIHAN. " if incident.exercise else ""
    parts = [
        f'<div class="box ok">{both(mark + status[0], status[1])}</div>',
        both(
            "Dalam bahaya? Menjauh dulu, lalu telepon nomor darurat.",
            "In danger? Get away first, then call the emergency number.",
        ),
        photo,
        f"<p><b>{escape(what)}</b>, {escape(where)}</p>",
        f'<div class="box">{escape(incident.text)}</div>' if incident.text else "",
        both(f"Foto yang sudah masuk: {len(incident.photos)}.", f"Photos received: {len(incident.photos)}."),
        f'<form method="post" action="{escape(home)}/r/{escape(incident.id)}" enctype="multipart/form-data">',
        photo_field("Tambah foto / Add a photo"),
        "<button>Kirim foto / Send the photo</button></form>",
        f'<nav><a href="{escape(home)}">Laporan baru / New report</a>',
        f'<a href="{escape(home)}/saya">Halaman saya / My page</a></nav>',
    ]
    return html_page(
        "Laporan masuk" if wrong is None else "Laporan masuk, foto belum", parts, status=422 if wrong else 200,
        style=STYLE, script=SHRINK,
    )  # fmt: skip
