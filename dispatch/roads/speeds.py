"""How fast each class of vehicle is on each kind of road, and what stops it. Data; a graph carries its own copy.

Kinds are the values of OpenStreetMap's `highway`. Car speeds follow the car profile of OSRM, held down to Indonesia's
limits in towns (Permenhub 111/2015: 50 km/h, 30 in residential quarters). Motorbikes also take lanes (gang) that no
car fits into. A boat travels on a pickup until there is water. Nothing of it is measured in Kupang: docs/roads.md.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

VehicleClass = Literal["foot", "motorbike", "car", "truck", "boat"]
CLASSES: Final[tuple[VehicleClass, ...]] = get_args(VehicleClass)
NUMBER: Final = {cls: number for number, cls in enumerate(CLASSES)}
FOOT: Final = NUMBER["foot"]
WHEELS: Final = sum(1 << number for cls, number in NUMBER.items() if cls != "foot")
ALL: Final = WHEELS | 1 << FOOT
Speeds = tuple[int, int, int, int, int]  # km/h by class; 0: it may not or cannot

SPEEDS_KMH: Final[dict[str, Speeds]] = {
    "motorway": (0, 0, 80, 70, 70),
    "motorway_link": (0, 0, 45, 40, 40),
    "trunk": (5, 50, 50, 45, 45),
    "trunk_link": (5, 40, 40, 35, 35),
    "primary": (5, 50, 50, 45, 45),
    "primary_link": (5, 30, 30, 30, 30),
    "secondary": (5, 45, 45, 40, 40),
    "secondary_link": (5, 25, 25, 25, 25),
    "tertiary": (5, 40, 40, 35, 35),
    "tertiary_link": (5, 20, 20, 20, 20),
    "unclassified": (5, 30, 25, 25, 25),
    "residential": (5, 25, 25, 20, 20),
    "living_street": (5, 15, 10, 10, 10),
    "service": (5, 15, 15, 10, 10),
    "road": (5, 20, 15, 15, 15),
    "track": (5, 15, 10, 10, 10),
    "path": (5, 10, 0, 0, 0),
    "bridleway": (5, 10, 0, 0, 0),
    "cycleway": (5, 10, 0, 0, 0),
    "footway": (5, 0, 0, 0, 0),
    "pedestrian": (5, 0, 0, 0, 0),
    "steps": (3, 0, 0, 0, 0),
}
LANE_KMH: Final = 10  # a motorbike where it is let onto a footway by name

# Water: from which depth in cm a class is slow, and from which it stops. The bands 10, 71 and 151 are those of
# PetaBencana's reports; a motorbike's exhaust is under water at about 30 cm.
WATER_CM: Final[dict[VehicleClass, tuple[float, float]]] = {
    "foot": (10, 71),
    "motorbike": (10, 31),
    "car": (10, 71),
    "truck": (71, 151),
    "boat": (71, float("inf")),
}
WATER_SHARE: Final = 0.3  # of its speed that a class has in water it can pass

# PetaBencana's access classes: what still fits through. A boat comes on a pickup.
ACCESS: Final[tuple[frozenset[VehicleClass], ...]] = (
    frozenset({"foot"}),
    frozenset({"foot", "motorbike"}),
    frozenset({"foot", "motorbike", "car"}),
    frozenset({"foot", "motorbike", "car"}),
    frozenset(CLASSES),
)

# From a position to the road that it was snapped to, and along a straight line where there is no road.
OFF_ROAD_KMH: Final[dict[VehicleClass, float]] = {"foot": 5, "motorbike": 10, "car": 5, "truck": 5, "boat": 5}
