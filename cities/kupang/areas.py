"""The 51 kelurahan: codes of the Ministry of Home Affairs, names, and centres; polygons drawn from the centres.

The polygons are ours: the land, roughly drawn, divided among the nearest centres. They serve the demo and give every
point one kelurahan; the true boundaries come by `ronda import areas` and replace them under the same codes.
"""

from __future__ import annotations

from typing import Final

import shapely

from core.entities import Area, AreaId

KECAMATAN: Final = {
    "53.71.01": "Alak",
    "53.71.02": "Maulafa",
    "53.71.03": "Kelapa Lima",
    "53.71.04": "Oebobo",
    "53.71.05": "Kota Raja",
    "53.71.06": "Kota Lama",
}

# code, name, lon, lat of the centre (four decimals: 11 m)
KELURAHAN: Final = (
    ("53.71.01.1001", "Namosain", 123.5532, -10.1758),
    ("53.71.01.1002", "Nunbaun Sabu", 123.5647, -10.1775),
    ("53.71.01.1003", "Nunbaun Delha", 123.5703, -10.1748),
    ("53.71.01.1004", "Nunhila", 123.5725, -10.1687),
    ("53.71.01.1005", "Fatufeto", 123.5756, -10.1685),
    ("53.71.01.1006", "Manutapen", 123.5769, -10.1793),
    ("53.71.01.1007", "Mantasi", 123.5803, -10.1709),
    ("53.71.01.1008", "Alak", 123.5424, -10.1983),
    ("53.71.01.1009", "Batu Plat", 123.5868, -10.2034),
    ("53.71.01.1010", "Manulai II", 123.5709, -10.215),
    ("53.71.01.1011", "Naioni", 123.5985, -10.2619),
    ("53.71.01.1012", "Penkase Oeleta", 123.561, -10.1927),
    ("53.71.02.1001", "Oepura", 123.6126, -10.1908),
    ("53.71.02.1002", "Maulafa", 123.6225, -10.1871),
    ("53.71.02.1003", "Penfui", 123.664, -10.1739),
    ("53.71.02.1004", "Naimata", 123.6409, -10.1844),
    ("53.71.02.1005", "Bello", 123.6261, -10.2156),
    ("53.71.02.1006", "Fatukoa", 123.6143, -10.2399),
    ("53.71.02.1007", "Kolhua", 123.6457, -10.2073),
    ("53.71.02.1008", "Sikumana", 123.6091, -10.2067),
    ("53.71.02.1009", "Naikolan", 123.6019, -10.1899),
    ("53.71.03.1001", "Kelapa Lima", 123.6185, -10.1514),
    ("53.71.03.1010", "Oesapa", 123.6515, -10.1488),
    ("53.71.03.1011", "Lasiana", 123.6704, -10.1434),
    ("53.71.03.1014", "Oesapa Barat", 123.6314, -10.1481),
    ("53.71.03.1015", "Oesapa Selatan", 123.6502, -10.159),
    ("53.71.04.1001", "Oebobo", 123.602, -10.1693),
    ("53.71.04.1008", "Oetete", 123.589, -10.1656),
    ("53.71.04.1009", "Oebufu", 123.62, -10.1756),
    ("53.71.04.1010", "Liliba", 123.6408, -10.1688),
    ("53.71.04.1011", "Fatululi", 123.6083, -10.1632),
    ("53.71.04.1013", "Kayu Putih", 123.6204, -10.1635),
    ("53.71.04.1014", "Tuak Daun Merah", 123.6303, -10.1632),
    ("53.71.05.1001", "Bakunase", 123.5854, -10.1884),
    ("53.71.05.1002", "Bakunase Dua", 123.5944, -10.191),
    ("53.71.05.1003", "Airnona", 123.587, -10.179),
    ("53.71.05.1004", "Naikoten Satu", 123.5981, -10.181),
    ("53.71.05.1005", "Naikoten Dua", 123.5976, -10.1746),
    ("53.71.05.1006", "Kuanino", 123.5929, -10.1709),
    ("53.71.05.1007", "Nunleu", 123.5897, -10.1738),
    ("53.71.05.1008", "Fontein", 123.582, -10.1671),
    ("53.71.06.1001", "Airmata", 123.5783, -10.1672),
    ("53.71.06.1002", "Lai Lai Bisi Kopan", 123.5771, -10.1619),
    ("53.71.06.1003", "Bonipoi", 123.5799, -10.1618),
    ("53.71.06.1004", "Solor", 123.5821, -10.1596),
    ("53.71.06.1005", "Tode Kisar", 123.585, -10.158),
    ("53.71.06.1006", "Merdeka", 123.5855, -10.1615),
    ("53.71.06.1007", "Oeba", 123.5929, -10.1599),
    ("53.71.06.1008", "Fatubesi", 123.5909, -10.1561),
    ("53.71.06.1009", "Pasir Panjang", 123.603, -10.1534),
    ("53.71.06.1010", "Nefonaek", 123.6023, -10.1567),
)

# The land, by hand: north coast from west to east, then back along the southern limits.
LAND: Final = (
    (123.525, -10.190), (123.533, -10.175), (123.548, -10.169), (123.562, -10.171), (123.570, -10.166),
    (123.577, -10.160), (123.586, -10.155), (123.594, -10.152), (123.606, -10.149), (123.624, -10.140),
    (123.640, -10.143), (123.650, -10.145), (123.658, -10.134), (123.674, -10.129), (123.684, -10.140),
    (123.682, -10.152), (123.684, -10.165), (123.678, -10.182), (123.660, -10.192), (123.657, -10.208),
    (123.668, -10.227), (123.650, -10.225), (123.636, -10.232), (123.639, -10.245), (123.630, -10.285),
    (123.612, -10.294), (123.585, -10.290), (123.570, -10.246), (123.555, -10.228), (123.535, -10.210),
    (123.526, -10.210),
)  # fmt: skip


def areas() -> tuple[Area, ...]:
    """All kelurahan with their polygons; together they cover the land without overlap."""
    land = shapely.Polygon(LAND)
    centres = shapely.MultiPoint([(lon, lat) for _, _, lon, lat in KELURAHAN])
    cells = shapely.voronoi_polygons(centres, extend_to=land, ordered=True)
    return tuple(_area(row[0], row[1], cell & land) for row, cell in zip(KELURAHAN, cells.geoms, strict=True))


def _area(code: str, name: str, shape: shapely.Geometry) -> Area:
    parts = tuple(
        tuple(
            tuple((round(lon, 6), round(lat, 6)) for lon, lat in ring.coords)
            for ring in (part.exterior, *part.interiors)
        )
        for part in getattr(shape, "geoms", (shape,))
    )
    return Area(id=AreaId(code), name=name, parent=code[:8], polygons=parts)
