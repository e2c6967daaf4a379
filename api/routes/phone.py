"""Scripts of the phone's pages: they hold no data, and the pages work without them."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

SCRIPTS: Final = frozenset({"report.js", "push.js", "worker.js"})
router = APIRouter(tags=["own page"], include_in_schema=False)


@router.get("/phone/{name}")
async def script(name: str) -> Response:
    """One of them; a browser asks each time whether it is still the same."""
    if name not in SCRIPTS:
        raise HTTPException(404, "there is no such script")
    body = files("api").joinpath("phone", name).read_bytes()
    return Response(body, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})
