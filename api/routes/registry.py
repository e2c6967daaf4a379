"""The registries as they stand: devices, vehicles, people, routes, shifts, assignments, rules."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json, page
from api.closing import closure_feature
from api.deps import Deps, GivenDeps
from api.features import feature_of
from api.given import etag
from api.params import PAGE, AfterText, Limit
from api.problems import NotFoundError
from api.roles import Allow, Permission
from api.rows import registry_row
from api.times import rfc3339
from store import read

SECTIONS: dict[str, Permission] = {
    "devices": "registry.read",
    "vehicles": "registry.read",
    "people": "people.read",
    "routes": "registry.read",
    "shifts": "registry.read",
    "assignments": "registry.read",
    "calendar": "registry.read",
    "tasks": "registry.read",
    "rules": "registry.read",
}
router = APIRouter(prefix="/api/v1", tags=["registry"])


def _add(section: str, permission: Permission) -> None:
    async def rows(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
        found = await read.registry(deps.pool, section, after=after, limit=limit)
        return page(request, [shown(section, row, deps) for row in found.rows], found.next)

    async def one(deps: GivenDeps, row_id: str) -> Response:
        row = await read.registry_row(deps.pool, section, row_id)
        if row is None:
            raise NotFoundError(f"{section} has no {row_id[:200]!r}")
        answer = json(shown(section, row, deps))
        answer.headers["ETag"] = etag(row)
        return answer

    dependencies = [Depends(Allow(permission))]
    router.add_api_route(
        f"/{section}", rows, summary=f"The {section}, by id", operation_id=section, dependencies=dependencies
    )
    router.add_api_route(
        f"/{section}/{{row_id}}",
        one,
        summary=f"One row of the {section}",
        operation_id=f"one_of_{section}",
        dependencies=dependencies,
    )


def shown(section: str, row: dict[str, Any], deps: Deps) -> dict[str, Any]:
    """A row as answers show it: a shape as a feature, a person's spans of duty as times."""
    if section in ("places", "zones"):
        return feature_of(section, row)
    if section == "closures":
        return closure_feature(row, deps.clock.now_us(), deps.zone)
    if section != "people":
        return registry_row(row, deps.zone)
    spans = [(int(from_us), int(until_us)) for from_us, until_us in row.get("duty") or ()]
    now_us = deps.clock.now_us()
    duty = [{"from": rfc3339(from_us, deps.zone), "until": rfc3339(until_us, deps.zone)} for from_us, until_us in spans]
    on_duty = any(from_us <= now_us < until_us for from_us, until_us in spans)
    return registry_row(row, deps.zone) | {"duty": duty, "on_duty": on_duty}


for _section, _permission in SECTIONS.items():
    _add(_section, _permission)
