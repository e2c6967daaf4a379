"""Kupang, Nusa Tenggara Timur: UTC+8 without summer time, ten degrees south."""

from __future__ import annotations

from cities import City
from cities.kupang.alerts import ALERTS
from cities.kupang.areas import KELURAHAN, areas
from cities.kupang.hazards import HAZARDS
from cities.kupang.holidays import HOLIDAYS
from cities.kupang.places import REAL, STALL, places
from cities.kupang.roads import roads
from cities.kupang.words import WORDS
from core.entities import Profile, Shift


def city() -> City:
    """The city as the demo knows it; what is real and what is made up is said where it stands."""
    parts = areas()
    all_places = places(parts, tuple((lon, lat) for _, _, lon, lat in KELURAHAN))
    return City(
        code="53.71",
        name="Kota Kupang",
        tz="Asia/Makassar",
        language="id",
        origin=(123.607, -10.178),
        bounds=(123.525, -10.295, 123.685, -10.128),
        areas=parts,
        places=all_places,
        made_up=frozenset(place.id for place in all_places) - REAL,
        profiles=_profiles(),
        shifts=_shifts(),
        streets=roads(),
        stall=STALL,
        holidays=HOLIDAYS,
        hazards=HAZARDS,
        alerts=ALERTS,
        calling_code="62",
        words=WORDS,
    )


def _profiles() -> tuple[Profile, ...]:
    """Trucks stop to the metre; phones wander indoors and speak only when they move."""
    phone = Profile(
        cls="phone",
        r_in_m=50.0,
        r_out_m=70.0,
        noise_m=20.0,
        min_dwell_s=180.0,
        exit_s=60.0,
        tau_s=300.0,
        silent_after_s=1200.0,
        wake_m=150.0,
        limit_s=1e9,  # nobody watches how long a volunteer rests
    )
    return (Profile(cls="truck"), phone)


def _shifts() -> tuple[Shift, ...]:
    return (
        Shift(id="pagi", name="Pagi", start_min=5 * 60, end_min=13 * 60),
        Shift(id="siang", name="Siang", start_min=13 * 60, end_min=21 * 60),
        Shift(id="malam", name="Malam", start_min=21 * 60, end_min=29 * 60),  # past 24:00: ends the next day
    )
