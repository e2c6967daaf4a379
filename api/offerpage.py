"""The pages behind a link to an offer: what is asked, the answers that are possible now, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from api.htmlpages import both, html_page
from api.reportform import photo_field
from core.events import IncidentChanged, OfferChanged, OfferState
from dispatch import offers
from dispatch.state import LOOK
from dispatch.wording import Said

SCRIPT: Final = "/phone/push.js"
MINUTES: Final = (5, 10, 15, 20, 30, 45, 60)
_ENDED: Final[dict[OfferState, tuple[str, str]]] = {
    "declined": ("Anda menjawab tidak bisa. Terima kasih sudah menjawab.", "You said no. Thank you for answering."),
    "expired": ("Waktu menjawab sudah habis. Tidak apa-apa.", "The time to answer is over. That is all right."),
    "withdrawn": ("Tidak perlu datang: orangnya sudah cukup. Terima kasih.", "No need to come. Thank you."),
    "stood_down": ("Silakan kembali: orangnya sudah cukup. Terima kasih.", "You may turn back. Thank you."),
    "released": ("Selesai. Terima kasih atas bantuan Anda.", "Done. Thank you for your help."),
}


def offered(
    offer: OfferChanged, incident: IncidentChanged, words: Said, until: str, push: str = "", told: str = ""
) -> HTMLResponse:
    """The offer as it is now; looking at it answers nothing, since messengers fetch every link for a preview."""
    if offer.state in offers.PENDING:
        parts = [_asked(words, incident, until), *_answers(offer)]
    elif offer.state in offers.ENDED:
        parts = [both(*_ENDED[offer.state])]
    else:
        parts = [both(escape(words.body), ""), *_way(incident), *_on_the_way(offer)]
    return html_page(words.title, [told, *parts, push], script=SCRIPT)


def _asked(words: Said, incident: IncidentChanged, until: str) -> str:
    report = f'<div class="box">{escape(incident.text)}</div>' if incident.text else ""
    body = escape(words.body)
    return f"<p>{body}</p>{report}" + both(f"Jawab sebelum {until}.", f"Answer before {until}.")


def _answers(offer: OfferChanged) -> Sequence[str]:
    if offer.role == LOOK:
        return [_looked(), _buttons(("decline", "Tidak bisa / I cannot", "no"))]
    choices = "".join(f'<option value="{n}">{n} menit / min</option>' for n in MINUTES)
    later = (
        f'<form method="post"><select name="minutes" aria-label="menit / minutes">{choices}</select>'
        '<button name="answer" value="accept_in">Ya, nanti / Yes, in so many minutes</button></form>'
    )
    return [
        _buttons(("accept", "Ya, saya berangkat / Yes, I am coming", "")),
        later,
        _buttons(
            ("decline", "Tidak bisa / I cannot", "no"), ("decline_today", "Hari ini tidak bisa / Not today", "no")
        ),
    ]


def _on_the_way(offer: OfferChanged) -> Sequence[str]:
    if offer.role == LOOK:
        return [_looked()]
    if offer.state in offers.THERE:
        return [
            both("Anda tercatat sudah tiba. Utamakan keselamatan.", "You are recorded as there. Safety first."),
            _buttons(("left", "Saya selesai / I am leaving", "")),
        ]
    return [
        both("Terima kasih, Anda ditunggu. Hati-hati di jalan.", "Thank you, you are expected. Drive carefully."),
        _buttons(("arrived", "Saya sudah tiba / I am there", ""), ("decline", "Saya batal / I cannot after all", "no")),
    ]


def _looked() -> str:
    """In what is sent, the buttons come before the photo (see `api.forms`); on the page, behind it."""
    return (
        "<style>.look{display:flex;flex-direction:column}.look button{order:1}.look [type=file]{width:100%;height:auto}"
        '</style><form method="post" class="look" enctype="multipart/form-data">'
        "<label>Apa yang terlihat? / What do you see?"
        '<textarea name="text" maxlength="1000" rows="3"></textarea></label>'
        '<button name="answer" value="real">Benar terjadi / It is true</button>'
        '<button name="answer" value="unreal" class="no">Tidak ada apa-apa / There is nothing</button>'
        f"{photo_field('Foto (boleh kosong) / Photo (optional)')}</form>"
    )


def _way(incident: IncidentChanged) -> Sequence[str]:
    """A link that opens the phone's own map; a doubtful coordinate leads nowhere."""
    if incident.placed:
        return [both("Titik pastinya belum diketahui.", "The exact place is not known yet.")]
    place = f"{incident.lat:.6f},{incident.lon:.6f}"
    return [f'<a class="go" href="geo:{place}?q={place}">Buka peta / Open the map</a><p>{place}</p>']


def _buttons(*answers: tuple[str, str, str]) -> str:
    shown = "".join(
        f'<button name="answer" value="{value}" class="{cls}">{escape(text)}</button>' for value, text, cls in answers
    )
    return f'<form method="post">{shown}</form>'


def photo_failed(why: str) -> str:
    """The answer is in, its photo is not."""
    text = both(
        "Jawaban Anda sudah masuk, tetapi fotonya tidak.", f"Your answer is in, its photo is not: {escape(why)}"
    )
    return f'<div class="box" role="alert">{text}</div>'


def refused() -> HTMLResponse:
    """An answer that does not go with the present state: somebody was quicker, or it is over."""
    text = both(
        "Jawaban ini tidak bisa diterima lagi: keadaannya sudah berubah. Lihat keadaan sekarang.",
        "This answer cannot be taken any more: things have changed. Look at how it is now.",
    )
    again = '<a class="go" href="">Lihat / Look</a>'
    return html_page("Sudah berubah", [text, again], status=409)


def unclear() -> HTMLResponse:
    """An answer that is none."""
    text = both("Jawaban tidak dikenal. Kembali dan pilih lagi.", "That is no answer. Go back and choose again.")
    return html_page("Tidak dikenal", [text], status=422)


def gone() -> HTMLResponse:
    """A link that is too old, or was never ours."""
    text = both(
        "Tautan ini sudah lewat waktunya atau bukan dari kami. Bila perlu, hubungi koordinator.",
        "This link is too old, or is not ours. If need be, call the coordinator.",
    )
    return html_page("Tautan tidak berlaku", [text], status=410)


def later() -> HTMLResponse:
    """Something behind us is away, or has not heard of it yet; the link is as good as before."""
    text = both("Belum bisa sekarang. Coba lagi sebentar lagi.", "Not now. Try again in a moment.")
    return html_page("Coba lagi", [text], status=503, headers={"Retry-After": "3"})
