"""Is it alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

from fastapi import APIRouter, HTTPException
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json
from api.deps import Check, Deps, GivenDeps, deps_of, hub_of
from api.gate import identify
from api.roles import may
from store import read

CHECK_S = 2.0
router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive")
async def healthz() -> Response:
    return json({"status": "ok"})


@router.get("/readyz", summary="Does each part answer; 503 names the one that does not")
async def readyz(request: Request, deps: GivenDeps) -> Response:
    checks = _own_checks(request) | dict(deps.ready)
    states = dict(zip(checks, await asyncio.gather(*map(_state, checks.values())), strict=True))
    ready = all(state == "ok" for state in states.values())
    return json({"status": "ready" if ready else "not ready", "parts": states}, 200 if ready else 503)


@router.get("/metrics", summary="Prometheus text, for this machine or with a token")
async def metrics(request: Request, deps: GivenDeps) -> Response:
    if not _is_local(request) and not await _may_read_metrics(request, deps):
        raise HTTPException(401, "metrics are for this machine, or for a token of the role admin or auditor")
    return Response(generate_latest(deps.metrics), media_type=CONTENT_TYPE_LATEST)


def _own_checks(request: Request) -> dict[str, Check]:
    deps, hub = deps_of(request), hub_of(request)

    async def database() -> str | None:
        await read.ping(deps.pool)
        return None

    async def log() -> str | None:
        await deps.log.last_id("in.0")
        return None

    async def live() -> str | None:
        return None if hub.ready.is_set() else "the latest positions have not been read yet"

    return {"database": database, "log": log, "live": live}


async def _state(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check() or "ok"
    except TimeoutError:
        return f"no answer within {CHECK_S:g} s"
    except Exception as error:  # noqa: BLE001  whatever is wrong with a part is the answer, not a failure of ours
        return f"does not answer ({type(error).__name__})"


def _is_local(request: Request) -> bool:
    """Asked from this machine, and not by a proxy on behalf of somebody else."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def _may_read_metrics(request: Request, deps: Deps) -> bool:
    identity = await identify(request, deps)
    return identity is not None and may(identity.role, "metrics.read")
