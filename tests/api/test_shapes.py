"""Places, areas, zones and street segments as GeoJSON; places and zones written and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from api.features import feature_of, fields_of
from api.problems import ParameterError
from core.entries import Config
from tests.api.world import World, in_world
from tests.api.writing import configured, in_writing_world

RING = [[123.5, -10.2], [123.6, -10.2], [123.6, -10.1], [123.5, -10.2]]
ZONE = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [RING]}, "properties": {"name": "Pasar"}}
PLACE = {"name": "Depot", "kind": "depot", "lon": 123.6, "lat": -10.2}


@pytest.mark.parametrize(
    ("geometry", "fields"),
    [
        ({"type": "Polygon", "coordinates": [RING]}, {"polygons": [[RING]]}),
        ({"type": "MultiPolygon", "coordinates": [[RING]]}, {"polygons": [[RING]]}),
        ({"type": "LineString", "coordinates": [[1, 2, 3], [3, 4, 5]]}, {"line": [[1, 2], [3, 4]]}),
        ({"type": "Point", "coordinates": [1, 2]}, {"line": [[1, 2]]}),
    ],
)
def test_a_feature_and_its_fields(geometry: dict[str, Any], fields: dict[str, Any]) -> None:
    """What a zone is drawn as, it is given as; heights are dropped, a polygon comes back as one of a multipolygon."""
    given = fields_of("zones", {"type": "Feature", "id": 7, "geometry": geometry, "properties": {"radius_m": 5}})
    assert given == {"id": "7", "radius_m": 5} | fields
    again = feature_of("zones", given)
    assert (again["id"], again["properties"]) == ("7", {"id": "7", "radius_m": 5})
    assert fields_of("zones", again) == given


@pytest.mark.parametrize(
    ("section", "geometry"),
    [
        ("places", {"type": "Polygon", "coordinates": [RING]}),
        ("zones", {"type": "GeometryCollection", "geometries": []}),
        ("zones", {"type": "Polygon", "coordinates": 7}),
        ("zones", {"type": "Point", "coordinates": None}),
        ("zones", None),
    ],
)
def test_a_geometry_that_does_not_fit(section: str, geometry: Any) -> None:
    """It is named as what is wrong."""
    with pytest.raises(ParameterError, match="geometry"):
        fields_of(section, {"type": "Feature", "geometry": geometry})


@pytest.mark.service
def test_every_kind_is_shown_with_its_version(postgres_url: str) -> None:
    """A collection bears the version that all its rows have, and none where they differ."""
    areas = tuple({"id": i, "name": i, "polygons": [[RING]], "version": "2024"} for i in ("a", "b"))
    zones = ({"id": "y", "line": [[1, 2]], "radius_m": 5, "version": "v1"}, {"id": "z", "version": "v2"})
    streets = ({"id": "s", "name": "Jl. A", "line": [[1, 2], [3, 4]]},)

    async def body(there: World) -> list[Any]:
        rows: list[tuple[Any, Any]] = [("areas", areas), ("zones", zones), ("streets", streets)]
        await there.archived(configs=[Config(section=section, rows=given) for section, given in rows])
        return [(await there.get(f"/api/v1/{path}")).json() for path in ("areas", "zones", "segments", "zones/y")]

    found, drawn, segments, one = in_world(postgres_url, body)
    assert (found["version"], drawn["version"], segments["version"]) == ("2024", None, None)
    assert [f["properties"]["version"] for f in drawn["features"]] == ["v1", "v2"]
    assert segments["features"][0]["geometry"] == {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
    assert one == drawn["features"][0]


@pytest.mark.service
def test_a_zone_is_drawn_changed_and_deleted(postgres_url: str) -> None:
    """By feature or by fields; its version follows its content."""

    async def body(there: World) -> list[Any]:
        made = await there.ask("POST", "/api/v1/zones", json=ZONE)
        path = made.headers["location"]
        seen = (await there.get(path)).json()
        same = await there.ask("PUT", path, json=seen)
        moved = await there.ask("PUT", path, json={"line": [[123.6, -10.2]], "radius_m": 40})
        gone = await there.ask("DELETE", path)
        statuses = [made.status_code, same.status_code, moved.status_code, gone.status_code]
        return [statuses, made.json() == seen == same.json(), seen, moved.json()]

    statuses, alike, seen, moved = in_writing_world(postgres_url, body)
    assert (statuses, alike) == ([201, 200, 200, 204], True)
    assert seen["geometry"] == {"type": "MultiPolygon", "coordinates": [[RING]]}
    assert moved["geometry"] == {"type": "Point", "coordinates": [123.6, -10.2]}
    versions = {feature["properties"]["version"] for feature in (seen, moved)}
    assert len(versions) == 2
    assert all(version.startswith("content-") for version in versions)


@pytest.mark.service
def test_what_cannot_be_a_zone_is_refused(postgres_url: str) -> None:
    """422 with the reason: nothing drawn, a circle without a radius, a place at no longitude."""
    bodies = [("zones/z", {}), ("zones/z", {"line": [[0, 0]]}), ("places/p", PLACE | {"lon": 181})]

    async def body(there: World) -> list[Any]:
        return [await there.ask("PUT", f"/api/v1/{path}", json=given) for path, given in bodies]

    answers = in_writing_world(postgres_url, body)
    assert [answer.status_code for answer in answers] == [422] * 3
    assert "radius_m" in answers[1].json()["detail"]


@pytest.mark.service
@pytest.mark.parametrize(
    ("namer", "row", "path"),
    [
        ("routes", {"id": "r", "points": ["p"]}, "places/p"),
        ("rules", {"id": "u", "fact": "inside", "subjects": ["zone:z"]}, "zones/z"),
    ],
)
def test_what_somebody_names_stays(postgres_url: str, namer: Any, row: dict[str, Any], path: str) -> None:
    """409 while a route or a rule names it, 204 afterwards."""

    async def body(there: World) -> list[int]:
        await configured(there, Config(section=namer, rows=(row,)))
        given = ZONE if path.startswith("zones") else PLACE
        answers = [await there.ask("PUT", f"/api/v1/{path}", json=given), await there.ask("DELETE", f"/api/v1/{path}")]
        await configured(there, Config(section=namer, op="delete", rows=({"id": row["id"]},)))
        return [answer.status_code for answer in [*answers, await there.ask("DELETE", f"/api/v1/{path}")]]

    assert in_writing_world(postgres_url, body) == [201, 409, 204]
