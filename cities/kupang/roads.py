"""Main roads of the demo, drawn through centres of kelurahan in the order a driver meets them; schematic."""

from __future__ import annotations

from typing import Final

from cities.kupang.areas import KELURAHAN

_ROUTES: Final = (
    ("Alak", "Penkase Oeleta", "Namosain", "Nunbaun Sabu", "Nunbaun Delha", "Fatufeto", "Airmata", "Fontein", "Oetete",
     "Oebobo", "Fatululi", "Kayu Putih", "Tuak Daun Merah", "Oesapa Selatan", "Oesapa", "Lasiana"),
    ("Solor", "Merdeka", "Oeba", "Nefonaek", "Pasir Panjang", "Kelapa Lima", "Oesapa Barat", "Oesapa"),
    ("Oetete", "Kuanino", "Naikoten Dua", "Naikoten Satu", "Naikolan", "Oepura", "Sikumana", "Bello", "Fatukoa"),
    ("Naikoten Dua", "Oebufu", "Liliba", "Penfui"),
    ("Nunleu", "Airnona", "Bakunase", "Batu Plat", "Manulai II", "Alak"),
    ("Airnona", "Bakunase Dua", "Naikolan"),
    ("Oepura", "Maulafa", "Naimata", "Penfui"),
    ("Maulafa", "Kolhua"),
    ("Batu Plat", "Naioni", "Fatukoa"),
    ("Fontein", "Mantasi", "Manutapen", "Penkase Oeleta"),
)  # fmt: skip


def roads() -> tuple[tuple[tuple[float, float], ...], ...]:
    """One line (lon, lat) per road."""
    centre = {name: (lon, lat) for _, name, lon, lat in KELURAHAN}
    return tuple(tuple(centre[name] for name in route) for route in _ROUTES)
