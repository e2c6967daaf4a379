"""The pages of an invitation: plain HTML, no script, Indonesian first, small enough for a slow network.

They hold a secret once: whoever keeps copies of pages is told not to.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from starlette.responses import HTMLResponse

from api.htmlpages import both, html_page
from api.inviting import Answered
from api.phoneapps import TRACCAR_START, Phone, owntracks_link, qr_svg, traccar_code, traccar_link


def invitation(name: str, city: str, *, volunteer: bool) -> HTMLResponse:
    """What an invitation that waits shows; looking at it uses nothing up."""
    parts = [
        both(
            f"Undangan untuk <b>{escape(name)}</b>: HP ini akan mengirim posisinya ke Ronda, {escape(city)}.",
            f"An invitation for {escape(name)}: this phone will send its position to Ronda, {escape(city)}.",
        ),
        both(
            "Buka halaman ini di HP yang akan dipakai. Pasang dulu aplikasi <b>OwnTracks</b> (disarankan) atau "
            "<b>Traccar Client</b> dari toko aplikasi. Tautan ini hanya berlaku sekali.",
            "Open this page on the phone that will be used. First install OwnTracks (recommended) or Traccar Client. "
            "This link works once.",
        ),
        '<form method="post">',
        _consent() if volunteer else "",
        '<button class="go">Siapkan HP ini <span>/ Set up this phone</span></button></form>',
        both(
            "HP lama, bila ada, berhenti mengirim setelah ini.",
            "A former phone, if there is one, stops reporting then.",
        ),
    ]
    return html_page("Siapkan HP", parts)


def _consent() -> str:
    text = both(
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
        both(
            f"HP ini terdaftar sebagai <b>{escape(phone.device)}</b>. <b>Jangan tutup halaman ini</b> sampai aplikasi "
            "berjalan: isinya hanya tampil sekali, dan siapa pun yang memilikinya dapat mengirim atas nama HP ini.",
            f"This phone is registered as {escape(phone.device)}. Keep this page until the app runs: it is shown once, "
            "and whoever has it can report in this phone's name.",
        )
    ]
    if done.consent_missing:
        parts.append(
            '<div class="box">'
            + both(
                "Anda belum menyetujui: posisi belum disimpan. Hubungi koordinator bila berubah pikiran.",
                "You have not consented: positions are not kept. Tell your coordinator if you change your mind.",
            )
            + "</div>"
        )
    return html_page("HP siap", [*parts, *_own(done.page), *_owntracks(phone), *_traccar(phone)])


def _own(page: str) -> Sequence[str]:
    """Where a volunteer reports, and switches their duty."""
    if not page:
        return []
    told = both(
        "Halaman Anda sendiri, tanpa aplikasi: lapor kejadian, mulai dan selesai bertugas. Buka dan simpan sebagai "
        "penanda (bookmark).",
        "Your own page, without an app: report incidents, go on and off duty. Open it and keep it as a bookmark.",
    )
    return ["<h2>Halaman saya</h2>", told, _button(page, "Buka halaman saya / Open my page")]


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
    start = both(
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
    text = both(
        "Undangan ini sudah dipakai, sudah lewat waktunya, atau tidak ada. Minta undangan baru.",
        "This invitation was used, is too old, or does not exist. Ask for a new one.",
    )
    return html_page("Undangan tidak berlaku", [text], status=410)


def later() -> HTMLResponse:
    """Something behind us is away; the invitation is as good as before."""
    text = both(
        "Belum bisa sekarang. Undangan masih berlaku: coba lagi sebentar lagi.",
        "Not now. The invitation is still good: try again in a moment.",
    )
    return html_page("Coba lagi", [text], status=503, headers={"Retry-After": "5"})


def _button(address: str, text: str) -> str:
    return f'<a class="go" href="{escape(address)}">{escape(text)}</a>'


def _code(text: str) -> str:
    return f"<details><summary>Kode QR / QR code</summary>{qr_svg(text)}</details>"


def _values(values: dict[str, str]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in values.items())
    return f"<details><summary>Isi sendiri / Type it in</summary><dl>{rows}</dl></details>"
