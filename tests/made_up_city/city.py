"""Rauhavn, which does not exist: northern, astride the antimeridian, with summer time and codes of its own kind."""

from cities import City
from core.entities import Area, AreaId, Place, PlaceId, Profile, Shift

SOUTH, NORTH = 52.00, 52.06
STALL = (-179.9850, 52.0330)


def city() -> City:
    return City(
        code="Q7",
        name="Rauhavn",
        tz="America/Adak",  # UTC-10, UTC-9 in summer
        language="en",
        origin=(180.0, 52.03),
        bounds=(179.94, SOUTH, -179.94, NORTH),
        areas=(_box("Q7/west", "Westquay", 179.94, 180.0), _box("Q7/east", "Eastquay", -180.0, -179.94)),
        places=_places(),
        profiles=(Profile(cls="truck", limit_s=900.0), Profile(cls="phone", r_in_m=60.0, r_out_m=60.0)),
        shifts=(Shift(id="day", start_min=360, end_min=840, days=(1, 2, 3, 4, 5)),),
        streets=(((179.945, 52.03), (179.985, 52.031), (-179.985, 52.03), (-179.945, 52.031)),),
        stall=STALL,
        holidays={"2026-03-08": "Clock day"},
        words={"area": "ward"},
    )


def _box(code: str, name: str, west: float, east: float) -> Area:
    """A ward that ends at the antimeridian instead of crossing it, as GeoJSON demands."""
    ring = ((west, SOUTH), (east, SOUTH), (east, NORTH), (west, NORTH), (west, SOUTH))
    return Area(id=AreaId(code), name=name, polygons=((ring,),))


def _places() -> tuple[Place, ...]:
    kinds = {
        "yard": ("depot", 179.975, 52.020),
        "tip": ("landfill", -179.955, 52.045),
        "inn": ("break", 179.990, 52.04),
    }
    fixed = [Place(id=PlaceId(i), name=i, kind=kind, lon=lon, lat=lat) for i, (kind, lon, lat) in kinds.items()]
    for number in range(16):
        lon = 179.952 + 0.007 * (number % 8) + (0.045 if number % 8 > 4 else 0.0)
        lat = 52.012 + 0.03 * (number // 8)
        lon = round(lon - 360.0 if lon >= 180.0 else lon, 5)
        id_ = PlaceId(f"bin-{number}")
        fixed.append(Place(id=id_, name=f"Bin {number}", kind="service_point", lon=lon, lat=lat, radius_m=30.0))
    return tuple(fixed)
