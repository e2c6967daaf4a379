"""Why a device is not on the map: checks in the order in which to look, each a pure judgement of what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final, NamedTuple

from api.rows import state_of
from api.times import from_us
from api.whytexts import FLAGS, REASONS, SET_CLOCK, Text, knocked, span
from core.duty import kept
from core.fixes import Flag
from core.live import Live
from store.why import Known

CLOCK_S: Final = 120.0  # a clock that is further ahead makes every fix a reject
SIM_SOON_DAYS: Final = 7
_SILENT_S: Final = 180.0  # of a device that has no position yet
_LOOK: Final = Text(
    "Periksa daya, kartu SIM, sinyal, dan alamat server di perangkat.",
    "Check its power, its SIM, the signal, and the server's address in the device.",
)
_ADOPT: Final = REASONS["unknown_device"].remedy
_RESET: Final = Text(
    "Terbitkan rahasia baru untuk perangkat ini dan pasang di sana.", "Issue a new secret for this device and set it."
)


class Check(NamedTuple):
    """One thing looked at. `ok` None: it does not apply, or is not known."""

    name: str
    ok: bool | None
    detail: Text
    remedy: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is judged: what is known of the device, its latest position, and whether we take anything in at all."""

    known: Known
    live: Live | None
    standstill: str | None
    now_us: int
    zone: tzinfo

    @property
    def heard_us(self) -> int | None:
        """When anything of it was last heard."""
        times = [self.known.heard.received_us] if self.known.heard else []
        times += [self.live.received_us] if self.live else []
        return max([*times, self.live.stray.received_us] if self.live and self.live.stray else times, default=None)

    @property
    def fresh(self) -> bool:
        """Whether it was heard as lately as its class should be."""
        silent_s = self.live.silent_after_s if self.live else _SILENT_S
        return self.heard_us is not None and self.now_us - self.heard_us <= silent_s * 1e6

    def ago(self, at_us: int) -> Text:
        return span((self.now_us - at_us) / 1e6)


def checks(case: Case) -> list[Check]:
    """All of them; the first that is not ok is the verdict."""
    return [check(case) for check in _CHECKS]


def verdict(found: list[Check]) -> Text:
    """One line: the first thing that is wrong, or where it is."""
    return next((check.detail for check in found if check.ok is False), found[-1].detail)


def _server(case: Case) -> Check:
    if case.standstill is None:
        return Check("server", True, Text("Server menerima posisi.", "The server takes positions in."))
    said = Text(
        f"Server sedang tidak menerima posisi: {case.standstill}",
        f"The server takes nothing in now: {case.standstill}",
    )
    return Check("server", False, said, Text("Jalankan `ronda doctor`.", "Run `ronda doctor`."))


def _registered(case: Case) -> Check:
    known = case.known
    if known.registered is not None:
        said = Text(f"Terdaftar, kelas {known.registered.cls}.", f"Registered, class {known.registered.cls}.")
        return Check("registered", True, said)
    if known.held is not None:
        n = known.held.fixes
        said = Text(f"Belum terdaftar; {n} posisinya ditahan.", f"Not registered; {n} fixes of it are held.")
        return Check("registered", False, said, _ADOPT)
    remedy = Text(
        "Daftarkan dengan ID yang persis sama dengan yang dikirim perangkat.",
        "Register it under exactly the id that the device sends.",
    )
    return Check("registered", False, Text("Belum terdaftar.", "Not registered."), remedy)


def _duty(case: Case) -> Check:
    person = case.known.person
    if person is None or person.kind != "volunteer":
        return Check("duty", None, Text("Bukan HP relawan.", "Not the phone of a volunteer."))
    name = person.name or person.id
    if kept(person, case.now_us):
        return Check("duty", True, Text(f"{name} sedang bertugas.", f"{name} is on duty."))
    if person.consent_us is None:
        said = Text(f"{name} belum memberi persetujuan.", f"{name} has not consented.")
        return Check("duty", False, said, Text("Minta persetujuannya.", "Ask for consent."))
    said = Text(f"{name} di luar tugas: posisinya dibuang.", f"{name} is off duty: positions are dropped.")
    return Check("duty", False, said, REASONS["off_duty"].remedy)


def _sim(case: Case) -> Check:
    text = case.known.registered.sim_expires if case.known.registered else ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return Check("sim", None, Text("Masa kartu SIM tidak dicatat.", "No expiry of its SIM is known."))
    left = (day - from_us(case.now_us, case.zone).date()).days
    if left < 0 and not case.fresh:
        said = Text(f"Kartu SIM habis masanya sejak {day}.", f"Its SIM expired on {day}.")
        return Check("sim", False, said, Text("Isi ulang atau ganti kartunya.", "Renew or replace the SIM."))
    said = Text(f"Kartu SIM berlaku sampai {day}.", f"Its SIM is good until {day}.")
    remedy = Text("Segera isi ulang.", "Renew it soon.") if left <= SIM_SOON_DAYS else None
    return Check("sim", True, said, remedy)


def _knock(case: Case) -> Check:
    knock = case.known.knock
    if knock is None:
        return Check("knock", True, Text("Tidak ada yang ditolak masuk.", "No sign-in was refused."))
    why, ago = knocked(knock.why), case.ago(knock.at_us)
    said = Text(
        f"Ditolak masuk {knock.times} kali, terakhir {ago.id} lalu: {why.id}.",
        f"Refused {knock.times} times, last {ago.en} ago: {why.en}.",
    )
    if case.heard_us is not None and case.heard_us > knock.at_us:
        return Check("knock", True, said)
    return Check("knock", False, said, _RESET)


def _credential(case: Case) -> Check:
    tokens, heard = case.known.tokens, case.known.heard
    live = [token for token in tokens if token.state(case.now_us) == "live"]
    if live:
        used_us = max((token.used_us for token in live if token.used_us is not None), default=None)
        if used_us is None:
            return Check("credential", True, Text("Punya rahasia, belum pernah dipakai.", "Has a secret, never used."))
        ago = case.ago(used_us)
        said = Text(f"Rahasianya terakhir dipakai {ago.id} lalu.", f"Its secret was last used {ago.en} ago.")
        return Check("credential", True, said)
    if case.fresh:
        by = heard.by if heard and heard.by else "demo"
        said = Text(f"Tanpa rahasia sendiri; bicara lewat {by}.", f"No secret of its own; it speaks by way of {by}.")
        return Check("credential", None, said)
    if tokens:
        said = Text("Rahasianya kedaluwarsa atau dicabut.", "Its secret has expired or was revoked.")
    else:
        said = Text("Belum punya rahasia.", "It has no secret.")
    return Check("credential", False, said, _RESET)


def _heard(case: Case) -> Check:
    at_us = case.heard_us
    if at_us is None:
        said = Text("Belum terdengar dalam 7 hari ini.", "Not heard of in these 7 days.")
        return Check("heard", False, said, _LOOK)
    ago = case.ago(at_us)
    said = Text(f"Terakhir terdengar {ago.id} lalu.", f"Last heard {ago.en} ago.")
    return Check("heard", True, said) if case.fresh else Check("heard", False, said, _LOOK)


def _outcome(case: Case) -> Check:
    heard, reject = case.known.heard, case.known.reject
    if heard is None and reject is None:
        return Check("outcome", None, Text("Belum ada pesannya.", "No message of it is known."))
    if heard is not None and heard.outcome == "accepted":
        return Check("outcome", True, Text("Pesan terakhirnya diterima.", "Its last message was accepted."))
    if heard is not None and heard.outcome == "ignored":
        said = Text("Pesan terakhirnya tidak berisi posisi.", "Its last message held no position.")
        return Check("outcome", None if _shown(case) else False, said, REASONS["bad_coordinate"].remedy)
    reason = heard.reason if heard else reject.reject.reason if reject else ""
    detail = heard.detail if heard else reject.reject.detail if reject else ""
    meant = REASONS.get(reason, REASONS["unknown_device"])
    more = f" ({detail})" if detail else ""
    said = Text(
        f"Pesan terakhirnya ditolak: {meant.detail.id}{more}.",
        f"Its last message was refused: {meant.detail.en}{more}.",
    )
    return Check("outcome", False, said, meant.remedy)


def _clock(case: Case) -> Check:
    stray = case.live.stray if case.live else None
    if stray is not None:
        by, ago = span(stray.behind_s), case.ago(stray.since_us)
        said = Text(
            f"Sejak {ago.id} lalu kirimannya bertanggal mundur {by.id}: jamnya mundur, atau ia mengirim simpanan lama.",
            f"Since {ago.en} ago it sends times {by.en} back: its clock jumped back, or it empties its memory.",
        )
        return Check("clock", False, said, SET_CLOCK)
    error_s = case.known.heard.clock_error_s if case.known.heard else None
    if error_s is None:
        return Check("clock", None, Text("Jamnya belum dapat dinilai.", "Its clock cannot be judged yet."))
    by = span(abs(error_s))
    if error_s > 0:
        said = Text(f"Jamnya terlalu cepat {by.id}.", f"Its clock is {by.en} ahead.")
    else:
        said = Text(f"Jamnya tepat, atau terlambat {by.id}.", f"Its clock is right, or {by.en} behind.")
    return Check("clock", abs(error_s) <= CLOCK_S, said, None if abs(error_s) <= CLOCK_S else REASONS["future"].remedy)


def _honesty(case: Case) -> Check:
    flags = Flag(case.known.heard.flags) if case.known.heard else Flag(0)
    found = [meant for flag, meant in FLAGS.items() if flag in flags]
    if not found:
        return Check("honesty", True, Text("Tidak ada yang mencurigakan.", "Nothing about it looks wrong."))
    said = Text(
        "Pada pesan terakhirnya " + ", ".join(m.detail.id for m in found) + ".",
        "In its last message " + ", ".join(m.detail.en for m in found) + ".",
    )
    return Check("honesty", False, said, found[0].remedy)


def _position(case: Case) -> Check:
    live = case.live
    if live is None:
        said = Text("Tidak ada di peta.", "It is not on the map.")
        return Check("position", False, said, Text("Lihat pemeriksaan di atas.", "See the checks above."))
    ago = case.ago(live.time_us)
    if live.stray is not None:
        said = Text(
            f"Di peta menurut kiriman terbarunya, {case.ago(live.stray.received_us).id} lalu; "
            "bergerak atau berhenti tidak diketahui.",
            f"On the map by what it sent {case.ago(live.stray.received_us).en} ago; "
            "whether it moves or stands is not known.",
        )
        return Check("position", False, said, SET_CLOCK)
    if not _shown(case):
        said = Text(f"Di peta, tetapi diam sejak {ago.id} lalu.", f"On the map, but silent since {ago.en} ago.")
        return Check("position", False, said, _LOOK)
    word = Text("bergerak", "moving") if live.motion == "moving" else Text("berhenti", "stopped")
    said = Text(f"Di peta: {word.id}, {ago.id} lalu.", f"On the map: {word.en}, {ago.en} ago.")
    return Check("position", True, said)


def _shown(case: Case) -> bool:
    return case.live is not None and state_of(case.live, case.now_us) != "silent"


_CHECKS: Final[tuple[Callable[[Case], Check], ...]] = (
    _server, _registered, _duty, _sim, _knock, _credential, _heard, _outcome, _clock, _honesty, _position,
)  # fmt: skip
