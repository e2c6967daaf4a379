"""The end of the hash chain: to be noted down elsewhere, so that nobody can make it anew unnoticed."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Path
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps
from api.roles import Allow
from api.times import rfc3339
from store.inputs import Anchor, anchor

MOST: Final = (1 << 63) - 1
router = APIRouter(prefix="/api/v1/chain", tags=["chain"], dependencies=[Depends(Allow("chain.read"))])


@router.get("", summary="The newest block that is sealed")
async def newest(deps: GivenDeps) -> Response:
    found = await anchor(deps.pool)
    if found is None:
        raise HTTPException(404, "no block is sealed yet; ask again in a minute or two")
    return json(_row(found, deps))


@router.get("/{no}", summary="One block: whether it still is what was noted down")
async def block(deps: GivenDeps, no: Annotated[int, Path(ge=0, le=MOST)]) -> Response:
    found = await anchor(deps.pool, no)
    if found is None:
        raise HTTPException(404, "no sealed block has this number")
    return json(_row(found, deps))


def _row(found: Anchor, deps: Deps) -> dict[str, Any]:
    return {
        "no": found.no,
        "at": rfc3339(found.at_us, deps.zone),
        "digest": found.digest.hex(),
        "prev": found.prev.hex(),
        "entries": found.entries,
        "version": found.version,
        "anchor": f"{found.no}:{found.digest.hex()}",
    }
