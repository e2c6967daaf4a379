"""A decision in words a coordinator reads, Indonesian first: why these, why not somebody else, what one more costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.events import Price, Words

_SEVERITY: Final = (
    ("unfilled_3", "berat", "severe"),
    ("unfilled_2", "sedang", "moderate"),
    ("unfilled_1", "ringan", "minor"),
)


def because(chosen: int, wanted: int, others: int, *, proven: bool) -> Words:
    """How many were chosen, and what that rests on."""
    short = wanted - chosen
    id_ = f"{chosen} relawan dipilih dari {chosen + others} yang terdekat"
    en = f"{chosen} volunteers chosen of the {chosen + others} nearest"
    if short > 0:
        id_, en = f"{id_}; {short} tempat belum terisi", f"{en}; {short} places are empty"
    if proven:
        id_ += ". Terbukti: tidak ada pembagian lain yang lebih baik untuk semua kejadian bersama."
        en += ". Proven: no other choice is better for all incidents together."
    return Words(id=id_, en=en)


def one_more(price: Price | None) -> Words:
    """What one person more here would cost in all."""
    if price is None:
        return Words(id="Tidak ada relawan lain yang bisa datang ke sini.", en="Nobody else can come here.")
    id_, en = _cost(price)
    return Words(id=f"Satu relawan lagi di sini: {id_}.", en=f"One more volunteer here: {en}.")


def instead(name: str, price: Price | None) -> Words:
    """Why somebody was not chosen: what sending them would cost in all, everybody else placed anew."""
    if price is None:
        return Words(
            id=f"{name} tidak bisa dikirim ke sini: tugas lain, keahlian, kendaraan, jarak, atau jalan tertutup.",
            en=f"{name} cannot be sent here: another duty, a skill, the vehicle, the distance or a closed road.",
        )
    id_, en = _cost(price)
    if not any((price.unfilled_3, price.unfilled_2, price.unfilled_1, price.seconds)):
        return Words(id=f"{name} sama baiknya.", en=f"{name} would do as well.")
    return Words(id=f"Mengirim {name}: {id_}.", en=f"Sending {name}: {en}.")


def coverage(wanted: int, could: int, full_s: float | None, free: int | None = None, taken: int = 0) -> Words:
    """Of one more incident here: how many could come, how soon, and from whom; `free`: without taking anybody."""
    if not could:
        return Words(id="Tidak ada yang bisa datang ke sini sekarang.", en="Nobody could come here now.")
    if full_s is None:
        id_, en = f"Hanya {could} dari {wanted} orang bisa datang", f"Only {could} of {wanted} people could come"
    else:
        id_ = f"{wanted} orang bisa tiba dalam {_time(round(full_s), 'menit', 'detik')}"
        en = f"{wanted} people could be there within {_time(round(full_s), 'min', 's')}"
    if free is None:
        return Words(id=f"{id_}, tanpa mengambil dari kejadian lain.", en=f"{en}, without taking any from elsewhere.")
    return Words(
        id=f"{id_}; {free} di antaranya bebas, {taken} tempat di kejadian lain menjadi kosong.",
        en=f"{en}; {free} of them are free, {taken} place{'s' * (taken != 1)} elsewhere would be left empty.",
    )


def _cost(price: Price) -> tuple[str, str]:
    """Places left empty and time, each only where there is any; a minus is a gain."""
    id_, en = list[str](), list[str]()
    for field, severity_id, severity_en in _SEVERITY:
        if many := getattr(price, field):
            less = many < 0
            id_.append(f"{abs(many)} tempat {severity_id} {'terisi' if less else 'menjadi kosong'}")
            en.append(f"{abs(many)} {severity_en} place{'s' * (abs(many) > 1)} {'filled' if less else 'left empty'}")
    if price.seconds or not id_:
        less = price.seconds < 0
        id_.append(f"{_time(price.seconds, 'menit', 'detik')} {'lebih cepat' if less else 'lebih lama'} seluruhnya")
        en.append(f"{_time(price.seconds, 'min', 's')} {'less' if less else 'more'} in all")
    return _joined(id_), _joined(en)


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(parts)


def _time(seconds: int, minute: str, second: str) -> str:
    """Seconds up to two minutes, then whole minutes."""
    whole = abs(seconds)
    return f"{whole} {second}" if whole < 120 else f"{round(whole / 60)} {minute}"
