"""Signing in by a single-use link, who am I, signing out, and the console's own files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from api.answers import json
from api.deps import Deps, GivenDeps
from api.gate import COOKIE, SECRET, identify
from api.origins import origin_of
from api.roles import TABLE, Allow, may
from core.identity import Identity
from store import credentials

FAILED: Final = "/?sign-in=expired"
_NO_CONSOLE: Final = "<!doctype html><title>Ronda</title><p>The console is not built here; the API is at /api/v1."
logger: Final = logging.getLogger("ronda.api")
router = APIRouter(tags=["session"])


@router.get("/", include_in_schema=False)
async def home(request: Request, deps: GivenDeps, token: str | None = None) -> Response:
    """The console; with a link's secret, the exchange for a cookie and a redirect that strips it."""
    if token is not None:
        return await _redeemed(request, deps, token)
    index = None if deps.static_dir is None else deps.static_dir / "index.html"
    if index is None or not index.is_file():
        return HTMLResponse(_NO_CONSOLE)
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


async def _redeemed(request: Request, deps: Deps, token: str) -> Response:
    now_us = deps.clock.now_us()
    identity = await credentials.redeem_link(deps.pool, token, now_us) if SECRET.fullmatch(token) else None
    if identity is None:
        already = await identify(request, deps)  # a link opened twice by the same person is no failure
        return _redirect("/" if already else FAILED)
    secret = await credentials.create_session(deps.pool, identity, now_us, ttl_s=deps.session_s)
    logger.info("signed in", extra={"action": "api.signed_in", "role": identity.role, "subject": identity.subject})
    response = _redirect("/")
    response.set_cookie(
        COOKIE,
        secret,
        max_age=deps.session_s,
        path="/",
        httponly=True,
        samesite="lax",
        secure=origin_of(deps.public_url).startswith("https:"),
    )
    return response


def _redirect(to: str) -> RedirectResponse:
    return RedirectResponse(to, 303, headers={"Cache-Control": "no-store"})


@router.get("/api/v1/me", summary="Who is signed in, and what the console needs to greet them")
async def me(deps: GivenDeps, identity: Annotated[Identity, Depends(Allow("self"))]) -> Response:
    return json(
        {
            "role": identity.role,
            "subject": identity.subject,
            "device": identity.device,
            "may": [permission for permission in TABLE if may(identity.role, permission)],
            "city": _city(deps),
            "language": deps.city.language,
            "demo": deps.demo,
            "version": deps.version,
        }
    )


def _city(deps: Deps) -> dict[str, Any]:
    return {"code": deps.city.code, "name": deps.city.name, "tz": deps.city.tz}


@router.post("/api/v1/sign-out", summary="End this session", dependencies=[Depends(Allow("self"))])
async def sign_out(request: Request, deps: GivenDeps) -> Response:
    await credentials.drop_session(deps.pool, request.cookies.get(COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/assets/{path:path}", include_in_schema=False)
async def asset(deps: GivenDeps, path: str) -> Response:
    """A built file of the console. Its name carries a hash, so it never changes."""
    return _file(deps, f"assets/{path}", "public, max-age=31536000, immutable")


@router.get("/{name}", include_in_schema=False)
async def root_file(deps: GivenDeps, name: str) -> Response:
    """A file beside index.html, such as an icon."""
    return _file(deps, name, "no-cache")


def _file(deps: Deps, path: str, cache: str) -> Response:
    file = _inside(deps.static_dir, path)
    if file is None:
        raise HTTPException(404, f"there is no /{path[:200]} here; the paths are listed at /openapi.json")
    return FileResponse(file, headers={"Cache-Control": cache})


def _inside(root: Path | None, path: str) -> Path | None:
    """The file, if it lies within the folder: no link and no `..` leads out."""
    if root is None or "\0" in path:
        return None
    file = (root / path).resolve()
    return file if file.is_relative_to(root.resolve()) and file.is_file() else None
