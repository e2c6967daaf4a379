"""Sentences for people, in Indonesian and English: why a device is not on the map, and what to do."""

from __future__ import annotations

from typing import Final, NamedTuple

from core.fixes import Flag

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


class Text(NamedTuple):
    """The same sentence in both languages."""

    id: str
    en: str

    def row(self, first: str = "id") -> dict[str, str]:
        """By language, the city's first."""
        both = {"id": self.id, "en": self.en}
        return {first: both[first], **both} if first in both else both


def span(seconds: float) -> Text:
    """A length of time, roughly."""
    s = max(seconds, 0.0)
    if s < 2 * _MINUTE_S:
        return Text(f"{s:.0f} detik", f"{s:.0f} s")
    if s < 2 * _HOUR_S:
        return Text(f"{s / _MINUTE_S:.0f} menit", f"{s / _MINUTE_S:.0f} min")
    if s < 2 * _DAY_S:
        return Text(f"{s / _HOUR_S:.0f} jam", f"{s / _HOUR_S:.0f} h")
    return Text(f"{s / _DAY_S:.0f} hari", f"{s / _DAY_S:.0f} days")


class Reasoned(NamedTuple):
    """What a reason or a flag means, and what to do about it."""

    detail: Text
    remedy: Text


_FORMAT: Final = Text(
    "Periksa jenis dan versi aplikasi atau pelacak; kiriman terakhirnya ada di bawah.",
    "Check the kind and version of the app or tracker; its last message is shown below.",
)
_CLOCK: Final = Text("Nyalakan jam otomatis di perangkat.", "Switch on automatic time on the device.")
SET_CLOCK: Final = Text(
    "Nyalakan jam otomatis di perangkat. Bila ia sedang mengirim simpanannya, tunggu sampai selesai.",
    "Switch on automatic time on the device. If it is emptying its memory, wait until it has.",
)
_APP: Final = Text("Periksa perangkat dan pemasangannya.", "Look at the device and how it is mounted.")

REASONS: Final[dict[str, Reasoned]] = {
    "not_json": Reasoned(Text("isinya bukan JSON", "it is not JSON"), _FORMAT),
    "not_xml": Reasoned(Text("isinya bukan XML", "it is not XML"), _FORMAT),
    "unknown_type": Reasoned(Text("jenis pesannya tidak dikenal", "nobody reads this kind of message"), _FORMAT),
    "missing_field": Reasoned(Text("ada isian yang hilang", "a field is missing"), _FORMAT),
    "bad_coordinate": Reasoned(
        Text("koordinatnya bukan tempat di bumi", "its coordinate is no place on earth"),
        Text("Tunggu sampai GPS mendapat posisi, di luar ruangan.", "Wait for a GPS fix, out in the open."),
    ),
    "bad_time": Reasoned(Text("waktunya tidak terbaca atau mustahil", "its time is unreadable or impossible"), _CLOCK),
    "future": Reasoned(Text("waktunya di masa depan", "its time lies in the future"), _CLOCK),
    "unknown_device": Reasoned(
        Text("perangkatnya belum terdaftar", "the device is not registered"),
        Text("Terima perangkat ini; posisi yang ditahan ikut masuk.", "Adopt the device; its held fixes come with it."),
    ),
    "too_large": Reasoned(
        Text("kirimannya terlalu besar", "the message is too large"),
        Text("Kirim lebih sedikit posisi sekali jalan.", "Send fewer positions at a time."),
    ),
    "forbidden": Reasoned(
        Text("kredensialnya milik perangkat lain", "the credential belongs to another device"),
        Text("Pasang rahasia milik perangkat ini sendiri.", "Set the secret of this very device."),
    ),
    "off_duty": Reasoned(
        Text("relawannya di luar tugas atau belum setuju", "its volunteer is off duty or has not consented"),
        Text("Relawan menyalakan tugas, atau memberi persetujuan.", "The volunteer goes on duty, or consents."),
    ),
}

FLAGS: Final[dict[Flag, Reasoned]] = {
    Flag.MOCK: Reasoned(
        Text("posisinya buatan (lokasi palsu)", "its position is made up (mock location)"),
        Text("Matikan aplikasi lokasi palsu di HP.", "Switch off the mock location app on the phone."),
    ),
    Flag.STUCK: Reasoned(
        Text("koordinatnya macet padahal ia bergerak", "its coordinate is stuck while it says that it moves"),
        Text("Nyalakan ulang perangkat; periksa antena GPS.", "Restart the device; check its GPS antenna."),
    ),
    Flag.JUMP: Reasoned(Text("posisinya melompat", "its position jumped"), _APP),
    Flag.SPEED: Reasoned(Text("kecepatannya mustahil", "it claims an impossible speed"), _APP),
    Flag.ACCURACY: Reasoned(Text("ketelitiannya tidak benar", "it claims an accuracy that it does not have"), _APP),
    Flag.STALE: Reasoned(
        Text("yang dikirimnya posisi lama", "what it sends are old positions"),
        Text("Tunggu sampai simpanannya habis; periksa sinyal.", "Wait until it has sent its store; check the signal."),
    ),
    Flag.RETAINED: Reasoned(
        Text("posisinya ulangan dari broker", "its position was replayed by the broker"),
        Text("Tunggu posisi baru dari perangkat.", "Wait for a new position of the device."),
    ),
    Flag.HEARTBEAT: Reasoned(
        Text("ia hanya mengulang posisi lama", "it only repeats an old position"),
        Text("Tunggu sampai GPS mendapat posisi baru.", "Wait for a new GPS fix."),
    ),
}

KNOCKS: Final = {
    "no ": "tanpa rahasia",
    "the password": "rahasianya salah, kedaluwarsa, atau dicabut",
    "the secret is": "rahasianya salah, kedaluwarsa, atau dicabut",
    "the secret of": "dengan rahasia milik perangkat lain",
}


def knocked(why: str) -> Text:
    """Why a sign-in was refused; the words of whoever refused it are English."""
    return Text(next((said for start, said in KNOCKS.items() if why.startswith(start)), why), why)
