"""Why places stay empty, and what would help, in words a coordinator reads: said with the plan, need by need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.duty import on_duty
from core.events import IncidentChanged, Need, Words
from dispatch.desk import Desk
from dispatch.people import may_wake, on_call
from dispatch.plan import Round

Mask = NDArray[np.bool_]
_VEHICLES: Final[Mapping[str, tuple[str, str]]] = {
    "foot": ("yang berjalan kaki", "on foot"),
    "motorbike": ("dengan sepeda motor", "with a motorbike"),
    "car": ("dengan mobil", "with a car"),
    "truck": ("dengan truk", "with a truck"),
    "boat": ("dengan perahu", "with a boat"),
}
_SLOW: Final = ("genangan di jalan", "water on the way")
_SHOWN: Final = 3  # names of what is in the way
Pair = tuple[str, str]  # Indonesian, English


def shortages(desk: Desk, found: Round, incident: IncidentChanged) -> tuple[Words, ...]:
    """A sentence for each need that stays short, or one when nobody at all can be asked."""
    short = {i: found.rows[i].open - len(found.matching.chosen[i]) for i in found.rows_of(incident.id)}
    short = {i: many for i, many in short.items() if many > 0}
    if short and not found.people:
        return (_nobody(desk, incident),)
    return tuple(_short(desk, found, i, many) for i, many in short.items())


def _nobody(desk: Desk, incident: IncidentChanged) -> Words:
    called = sum(on_call(desk.state, person) for person in desk.state.people.values())
    if called:
        return Words(
            id=f"{called} relawan bertugas, tetapi sudah setengah jam posisinya tidak diketahui: telepon mereka.",
            en=f"{called} volunteers are on duty, but nobody knows where since half an hour: telephone them.",
        )
    wakeable = sum(may_wake(desk, incident, person) for person in desk.state.people.values())
    id_, en = "Tidak ada relawan yang bertugas.", "No volunteer is on duty."
    if incident.severity == 3 and wakeable:
        return Words(
            id=f"{id_} {wakeable} orang yang tinggal di sana bersedia dibangunkan: tekan Bangunkan.",
            en=f"{en} {wakeable} who live there agreed to be woken: press Wake.",
        )
    off = sum(not on_duty(person, desk.now_us) for person in desk.state.people.values())
    return Words(
        id=f"{id_} Minta {off} orang mulai bertugas, atau minta bantuan dari luar.",
        en=f"{en} Ask the {off} off duty to begin, or for help from outside.",
    )


def _short(desk: Desk, found: Round, i: int, many: int) -> Words:
    need, everybody = found.rows[i].need, found.everybody
    skills, classes = everybody.able(need)
    skilled, driven = skills[everybody.skill_set], classes[everybody.cls]
    able = np.flatnonzero(skilled & driven)
    if not len(able):
        id_, en = _lacking(need, found, skilled, driven)
    else:
        id_, en = _hindered(desk, found, i, able)
    role_id, role_en = (f" ({need.role})", f" ({need.role})") if need.role else ("", "")
    places = "places stay" if many > 1 else "place stays"
    return Words(id=f"{many} tempat{role_id} belum terisi: {id_}", en=f"{many} {places} empty{role_en}: {en}")


def _lacking(need: Need, found: Round, skilled: Mask, driven: Mask) -> Pair:
    """What nobody who could be asked has."""
    with_id, with_en = _VEHICLES.get(need.vehicle or "", ("", ""))
    if not driven.any():
        return (
            f"tidak ada relawan {with_id}. Ubah kebutuhan, atau minta kendaraan dari luar.",
            f"no volunteer comes {with_en}. Change the need, or ask for a vehicle from outside.",
        )
    wanted = ", ".join(need.skills)
    if not skilled.any():
        had = {skill for ranger in found.people for skill in ranger.skills}
        missing = ", ".join(skill for skill in need.skills if skill not in had)
        all_id, all_en = ("", "") if missing else ("sekaligus ", "all of ")
        return (
            f"tidak ada relawan yang punya {all_id}keahlian {missing or wanted}. Ubah kebutuhan, atau minta dari luar.",
            f"no volunteer has {all_en}the skill {missing or wanted}. Change the need, or ask outside.",
        )
    return (
        f"yang punya keahlian {wanted} tidak datang {with_id}. Pisahkan menjadi dua kebutuhan.",
        f"those with the skill {wanted} do not come {with_en}. Make two needs of it.",
    )


def _hindered(desk: Desk, found: Round, i: int, able: NDArray[np.int64]) -> Pair:
    """What keeps those away who would do."""
    incident, everybody = found.rows[i].incident, found.everybody
    arrivals = everybody.reach.eta_of(incident.lon, incident.lat, everybody.crowd, able)
    blocked = sum(arrivals.cut_off.values())
    late = int(np.count_nonzero(arrivals.eta_s > desk.params.cutoff_s)) - blocked
    near = able[arrivals.eta_s <= desk.params.cutoff_s]
    over = np.isin(near, everybody.columns(desk.over(incident.id).union(incident.excluded)))
    coming = {j for k in found.rows_of(incident.id) for j in found.matching.chosen[k]}
    here = [name.person for name in desk.live(incident.id)]
    coming.update(everybody.columns(here))
    elsewhere = int(np.count_nonzero(~over & ~np.isin(near, list(coming))))
    minutes = round(desk.params.cutoff_s / 60)
    in_the_way = _names(desk, list(arrivals.cut_off))
    if blocked == len(able):
        return (
            f"semua {blocked} yang cocok terhalang oleh {in_the_way[0]}. Bila bisa dilalui, perbaiki kedalamannya.",
            f"all {blocked} who would do are cut off by {in_the_way[1]}. If it can be passed, correct its depth.",
        )
    parts = [
        (blocked, f"terhalang oleh {in_the_way[0]}", f"cut off by {in_the_way[1]}"),
        (late, f"lebih dari {minutes} menit jauhnya", f"more than {minutes} min away"),
        (elsewhere, "untuk kejadian lain", "kept for other incidents"),
        (int(over.sum()), "menolak, tidak menjawab, atau sudah selesai", "said no, nothing, or did their part"),
    ]
    said = [(f"{n} {id_}", f"{n} {en}") for n, id_, en in parts if n > 0]
    return (
        f"dari {len(able)} yang cocok, {'; '.join(id_ for id_, _ in said) or 'semua sudah dipakai di sini'}.",
        f"of {len(able)} who would do, {'; '.join(en for _, en in said) or 'all are here already'}.",
    )


def _names(desk: Desk, ids: Sequence[str]) -> Pair:
    """What hindrances are called: closures by their name, hazards by their label or kind."""
    names = [_name(desk, name) for name in ids[:_SHOWN]]
    return ", ".join(name for name, _ in names), ", ".join(name for _, name in names)


def _name(desk: Desk, closure: str) -> Pair:
    state = desk.state
    if not closure:
        return _SLOW
    if (drawn := state.closures.get(closure)) is not None:
        name = drawn.name or drawn.id
        return f"penutupan {name}", f"the closure {name}"
    if (incident := state.incidents.get(closure)) is not None and incident.hazard is not None:
        kind = state.kinds.get(incident.kind)
        name = incident.hazard.label or (kind.name if kind and kind.name else incident.kind)
        depth = f" {incident.hazard.depth_cm:.0f} cm" if incident.hazard.depth_cm is not None else ""
        guess = (" (perkiraan)", " (assumed)") if incident.hazard.assumed else ("", "")
        return f"{name}{depth}{guess[0]}", f"{name}{depth}{guess[1]}"
    return closure, closure
