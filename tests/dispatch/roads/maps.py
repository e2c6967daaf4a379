"""Small road networks for tests: lines in metres about Kupang, or anywhere."""

from dispatch.roads.build import build
from dispatch.roads.graph import UNIT
from dispatch.roads.metric import DEGREE_M
from dispatch.roads.network import Network
from dispatch.roads.tags import way_of

LON, LAT = 123.6, 0.0  # on the equator a metre east is a metre north


def at(x, y, lon=LON):
    """The position so many metres east and north."""
    degrees = lon + x / DEGREE_M
    return (degrees + 180) % 360 - 180, LAT + y / DEGREE_M


def way(*points, lon=LON, highway="residential", **tags):
    """A way through points in metres."""
    corners = tuple((round(x * UNIT), round(y * UNIT)) for x, y in (at(*point, lon) for point in points))
    return way_of({"highway": highway, **tags}, corners)


def network(*ways):
    return Network(build(ways)[0])


def box(x0, y0, x1, y1):
    """A polygon in metres, as GeoJSON."""
    return {
        "type": "Polygon",
        "coordinates": [[at(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]],
    }
