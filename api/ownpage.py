"""A volunteer's own page: duty, consent, being woken, what they were asked and reported, their data and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

from starlette.responses import HTMLResponse

from api.htmlpages import both, html_page
from api.reportform import STATUS, STYLE, Choices, area_select
from core.entities import Person
from core.events import OfferState

SCRIPT: Final = "/phone/push.js"
_OFFER: Final[Mapping[OfferState, str]] = {
    **dict.fromkeys(("offered", "delivered", "seen"), "menunggu jawaban Anda / waits for your answer"),
    "accepted": "Anda ditunggu / you are expected",
    "committed": "Anda ditunggu / you are expected", "en_route": "Anda dalam perjalanan / on your way",
    "no_progress": "belum bergerak / not moving yet", "arrived": "Anda di lokasi / you are there",
    "working": "Anda di lokasi / you are there", "released": "selesai, terima kasih / done, thank you",
    "declined": "Anda tidak bisa / you could not", "expired": "tidak terjawab / not answered",
    "withdrawn": "sudah cukup orang / enough people", "stood_down": "sudah cukup orang / enough people",
}  # fmt: skip


class Asked(NamedTuple):
    """What they were asked: the kind, when, how it stands, and its page ("" is none any more)."""

    what: str
    at: str
    state: OfferState
    link: str


class Reported(NamedTuple):
    """What they reported."""

    what: str
    at: str
    status: str
    link: str


class Page(NamedTuple):
    """All that the page shows."""

    person: Person
    home: str
    until: str  # of the duty, "" when off
    consent: str  # since when, "" when not
    areas: Choices
    asked: Sequence[Asked]
    reported: Sequence[Reported]
    browsers: int
    push_key: str


def own_page(page: Page, wrong: tuple[str, str] | None = None) -> HTMLResponse:
    """The page; with `wrong`, why the last button changed nothing."""
    told = f'<div class="box bad" role="alert">{both(escape(wrong[0]), escape(wrong[1]))}</div>' if wrong else ""
    parts = [
        told,
        f'<a class="go" href="{escape(page.home)}">Lapor kejadian / Report an incident</a>',
        *_list("Permintaan / Requests", [(a.what, a.at, _OFFER[a.state], a.link) for a in page.asked]),
        *_duty(page),
        *_list(
            "Laporan saya / My reports",
            [(r.what, r.at, STATUS.get(r.status, ("?", ""))[0], r.link) for r in page.reported],
        ),
        *_push(page),
        *_wake(page),
        *_data(page),
        both(
            "Tautan halaman ini milik Anda sendiri: siapa yang memegangnya dapat bertindak atas nama Anda. HP hilang, "
            "atau tautan tersebar? Minta koordinator membuat yang baru.",
            "The link to this page is yours alone: whoever has it can act for you. If it got lost or spread, ask the "
            "coordinator for a new one.",
        ),
    ]
    return html_page(
        f"Halaman saya: {page.person.name or page.person.id}",
        parts,
        status=409 if wrong else 200,
        style=STYLE,
        script=SCRIPT,
    )


def _duty(page: Page) -> Sequence[str]:
    if not page.consent:
        return [
            "<h2>Persetujuan / Consent</h2>",
            both(
                "Yang dicatat: posisi, waktu, kecepatan, dan baterai HP; hanya selama Anda bertugas. Tanpa persetujuan "
                "Anda tidak dapat bertugas, tetapi tetap dapat melapor.",
                "Recorded: position, time, speed and battery, only while you are on duty. Without consent you cannot "
                "be on duty; you can report all the same.",
            ),
            _button(page, "consent", "Saya setuju / I consent"),
        ]
    if page.until:
        return [
            '<h2>Bertugas / On duty</h2><div class="box ok">'
            + both(f"Anda bertugas sampai {page.until}.", f"You are on duty until {page.until}.") + "</div>",
            _button(page, "off", "Selesai bertugas / Go off duty", "no"),
        ]  # fmt: skip
    return [
        "<h2>Tidak bertugas / Off duty</h2>",
        both("Di luar tugas posisi Anda tidak disimpan.", "Off duty your position is not kept."),
        _button(page, "on", "Mulai bertugas / Go on duty"),
    ]


def _list(heading: str, rows: Sequence[tuple[str, str, str, str]]) -> Sequence[str]:
    if not rows:
        return []
    shown = "".join(
        f'<li><a href="{escape(link)}">{escape(what)}</a>, {at}: {escape(state)}</li>'
        if link
        else f"<li>{escape(what)}, {at}: {escape(state)}</li>"
        for what, at, state, link in rows
    )
    return [f"<h2>{heading}</h2><ul>{shown}</ul>"]


def _push(page: Page) -> Sequence[str]:
    """Shown where the script finds a browser that can; what is subscribed can be ended without one."""
    if not page.push_key:
        return []
    asks = push_button(page.push_key, f"{page.home}/push")
    ends = _button(page, "nopush", "Jangan lewat peramban / Not by browsers", "no") if page.browsers else ""
    told = both(f"Peramban yang diberi tahu: {page.browsers}.", f"Browsers that are told: {page.browsers}.")
    return ["<h2>Pemberitahuan / Notifications</h2>", told, asks, ends]


def push_button(key: str, address: str) -> str:
    """Hidden until the script has found that this browser can be told."""
    return (
        f'<button type="button" class="plain" id="push" hidden data-key="{escape(key)}" data-to="{escape(address)}">'
        'Beri tahu saya lewat peramban ini / Tell me by this browser</button><p id="pushed" role="status"></p>'
    )


def _wake(page: Page) -> Sequence[str]:
    told = both(
        "Bila ada darurat parah dekat rumah, koordinator boleh membangunkan Anda di luar tugas. Posisi Anda tidak "
        "diikuti.",
        "When it is severe near home, a coordinator may wake you off duty. Your position is not followed.",
    )
    if page.person.wake:
        return [
            "<h2>Darurat malam / Woken at night</h2>",
            told,
            _button(page, "nowake", "Jangan bangunkan / Do not", "no"),
        ]
    ask = (
        f'<form method="post" action="{escape(page.home)}/saya"><label>Rumah di / Home'
        f"{area_select(page.areas, str(page.person.area or ''))}</label>"
        '<button name="do" value="wake" class="plain">Boleh dibangunkan / You may wake me</button></form>'
    )
    return ["<h2>Darurat malam / Woken at night</h2>", told, ask]


def _data(page: Page) -> Sequence[str]:
    consent = _button(page, "noconsent", "Cabut persetujuan / Withdraw consent", "no") if page.consent else ""
    return [
        "<h2>Data saya / My data</h2>",
        f'<p><a href="{escape(page.home)}/data">Unduh semua data saya / Download all my data</a></p>',
        consent,
        f'<form method="post" action="{escape(page.home)}/saya">',
        '<label><input type="checkbox" name="sure" value="yes"> Ya, hapus nama, nomor, posisi, dan foto saya selamanya',
        " / Yes, erase my name, number, positions and photos for ever</label>",
        '<button name="do" value="erase" class="no">Hapus saya / Erase me</button></form>',
    ]


def _button(page: Page, what: str, text: str, cls: str = "") -> str:
    return (
        f'<form method="post" action="{escape(page.home)}/saya"><button name="do" value="{what}" class="{cls}">'
        f"{escape(text)}</button></form>"
    )


def erased() -> HTMLResponse:
    """The last page of this person."""
    text = both(
        "Data Anda sudah dihapus. Terima kasih atas semuanya.", "Your data are erased. Thank you for everything."
    )
    return html_page("Selesai", [text])


def gone() -> HTMLResponse:
    """A link that is nobody's page, or no more."""
    text = both(
        "Tautan ini tidak berlaku lagi, atau bukan dari kami. Minta yang baru kepada koordinator.",
        "This link opens nothing any more, or is not ours. Ask the coordinator for a new one.",
    )
    return html_page("Tautan tidak berlaku", [text], status=410)


def later() -> HTMLResponse:
    """Something behind us is away; the link is as good as before."""
    text = both(
        "Belum bisa sekarang. Kembali ke halaman sebelumnya, isiannya masih ada, lalu coba lagi sebentar lagi.",
        "Not now. Go back, what you typed is still there, and try again in a moment.",
    )
    return html_page("Coba lagi", [text], status=503, headers={"Retry-After": "3"})
