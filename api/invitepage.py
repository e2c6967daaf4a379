"""The pages of an invitation: plain HTML, no script, Indonesian first, small enough for a slow network.

They hold a secret once: whoever keeps copies of pages is told not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from api.inviting import Answered
from api.phoneapps import TRACCAR_START, Phone, owntracks_link, qr_svg, traccar_code, traccar_link

_STYLE: Final = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:36rem;margin:0 auto;padding:1rem;color:#111;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}[lang=en]{color:#555;font-size:.9rem}"
    ".go{display:block;width:100%;box-sizing:border-box;padding:.9rem;margin:.8rem 0;font:inherit;font-weight:600;"
    "text-align:center;color:#fff;background:#0b5c4d;border:0;border-radius:.5rem;text-decoration:none}"
    ".box{border:1px solid #bbb;border-radius:.5rem;padding:.8rem;margin:1rem 0}label{display:block;padding:.4rem 0}"
    ".box p:first-child{margin-top:0}input{width:1.3rem;height:1.3rem;vertical-align:middle}"
    "svg.segno{width:16rem;max-width:100%;display:block;margin:auto}"
    "dt{color:#555;margin-top:.5rem}dd{margin:0;font-family:monospace;overflow-wrap:anywhere;user-select:all}"
)
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def invitation(name: str, city: str, *, volunteer: bool) -> HTMLResponse:
    """What an invitation that waits shows; looking at it uses nothing up."""
    parts = [
        _both(
            f"Undangan untuk <b>{escape(name)}</b>: HP ini akan mengirim posisinya ke Ronda, {escape(city)}.",
            f"An invitation for {escape(name)}: this phone will send its position to Ronda, {escape(city)}.",
        ),
        _both(
            "Buka halaman ini di HP yang akan dipakai. Pasang dulu aplikasi <b>OwnTracks</b> (disarankan) atau "
            "<b>Traccar Client</b> dari toko aplikasi. Tautan ini hanya berlaku sekali.",
            "Open this page on the phone that will be used. First install OwnTracks (recommended) or Traccar Client. "
            "This link works once.",
        ),
        '<form method="post">',
        _consent() if volunteer else "",
        '<button class="go">Siapkan HP ini <span>/ Set up this phone</span></button></form>',
        _both(
            "HP lama, bila ada, berhenti mengirim setelah ini.",
            "A former phone, if there is one, stops reporting then.",
        ),
    ]
    return _page("Siapkan HP", parts)


def _consent() -> str:
    text = _both(
        "Yang dicatat: posisi, waktu, kecepatan, dan baterai HP; hanya selama Anda bertugas. Tugas berakhir sendiri "
        "setelah 8 jam. Di luar tugas, atau tanpa persetujuan, posisi dibuang dan tidak disimpan; hanya tombol darurat "
        "(SOS) yang selalu diteruskan. Yang melihat: koordinator, pengawas, dan pemeriksa. Untuk apa: mengirim Anda ke "
        "kejadian yang dekat. Persetujuan dapat dicabut kapan saja, dan data Anda dapat diminta atau dihapus, lewat "
        "koordinator.",
        "Recorded: position, time, speed and battery, only while you are on duty; a duty ends by itself after 8 hours. "
        "Off duty, or without consent, positions are dropped and not kept; only a call for help (SOS) always comes "
        "through. Seen by: coordinators, supervisors, auditors. Used to: send you to incidents nearby. You may "
        "withdraw consent, and ask for your data or its erasure, at any time.",
    )
    box = '<label><input type="checkbox" name="consent" value="yes"> <b>Saya setuju</b> / I consent</label>'
    return f'<div class="box">{text}{box}</div>'


def ready(done: Answered) -> HTMLResponse:
    """The phone's settings, shown once."""
    phone = done.phone
    parts = [
        _both(
            f"HP ini terdaftar sebagai <b>{escape(phone.device)}</b>. <b>Jangan tutup halaman ini</b> sampai aplikasi "
            "berjalan: isinya hanya tampil sekali, dan siapa pun yang memilikinya dapat mengirim atas nama HP ini.",
            f"This phone is registered as {escape(phone.device)}. Keep this page until the app runs: it is shown once, "
            "and whoever has it can report in this phone's name.",
        )
    ]
    if done.consent_missing:
        parts.append(
            '<div class="box">'
            + _both(
                "Anda belum menyetujui: posisi belum disimpan. Hubungi koordinator bila berubah pikiran.",
                "You have not consented: positions are not kept. Tell your coordinator if you change your mind.",
            )
            + "</div>"
        )
    return _page("HP siap", [*parts, *_owntracks(phone), *_traccar(phone)])


def _owntracks(phone: Phone) -> Sequence[str]:
    link = owntracks_link(phone)
    values = {
        "Mode": "HTTP",
        "URL": phone.owntracks_url,
        "Nama pengguna / user name": phone.user,
        "Kata sandi / password": phone.secret,
        "ID perangkat / device ID": phone.name,
    }
    return ["<h2>OwnTracks</h2>", _button(link, "Buka di OwnTracks / Open in OwnTracks"), _code(link), _values(values)]


def _traccar(phone: Phone) -> Sequence[str]:
    start = _both(
        "Setelah itu tekan tombol kedua, atau nyalakan “Pelacakan terus-menerus” di aplikasi.",
        "Then press the second button, or switch on continuous tracking in the app.",
    )
    values = {"URL server": phone.osmand_url, "Pengenal perangkat / device identifier": phone.secret}
    return [
        "<h2>Traccar Client</h2>",
        _button(traccar_link(phone), "Buka di Traccar Client / Open in Traccar Client"),
        start,
        _button(TRACCAR_START, "Mulai / Start"),
        _code(traccar_code(phone)),
        _values(values),
    ]


def gone() -> HTMLResponse:
    """A link that opens nothing any more, or never did."""
    text = _both(
        "Undangan ini sudah dipakai, sudah lewat waktunya, atau tidak ada. Minta undangan baru.",
        "This invitation was used, is too old, or does not exist. Ask for a new one.",
    )
    return _page("Undangan tidak berlaku", [text], status=410)


def later() -> HTMLResponse:
    """Something behind us is away; the invitation is as good as before."""
    text = _both(
        "Belum bisa sekarang. Undangan masih berlaku: coba lagi sebentar lagi.",
        "Not now. The invitation is still good: try again in a moment.",
    )
    return _page("Coba lagi", [text], status=503, headers={"Retry-After": "5"})


def _both(indonesian: str, english: str) -> str:
    """Two sentences of markup."""
    return f'<p>{indonesian}</p><p lang="en">{english}</p>'


def _button(address: str, text: str) -> str:
    return f'<a class="go" href="{escape(address)}">{escape(text)}</a>'


def _code(text: str) -> str:
    return f"<details><summary>Kode QR / QR code</summary>{qr_svg(text)}</details>"


def _values(values: dict[str, str]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in values.items())
    return f"<details><summary>Isi sendiri / Type it in</summary><dl>{rows}</dl></details>"


def _page(
    title: str, parts: Sequence[str], *, status: int = 200, headers: dict[str, str] | None = None
) -> HTMLResponse:
    head = (
        '<!doctype html><html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    body = f"{head}<h1>{escape(title)}</h1>{''.join(parts)}</html>"
    return HTMLResponse(body, status, headers=_HEADERS | (headers or {}))
