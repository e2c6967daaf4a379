"""Bodies of devices' requests, read piece by piece within bounds of size, time and memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import HTTPException
from starlette.requests import ClientDisconnect, Request

from api.problems import LaterError
from ingest.admit import PAYLOAD_MAX

READ_S: Final = 30.0  # a body that has not come by then is given up
HELD_MAX: Final = 64 << 20  # bytes of bodies that are being read, of all requests together


class Bodies:
    """Reads bodies. What all of them hold together is bounded; beyond it the newcomers are asked to come back."""

    def __init__(self, *, body_max: int = PAYLOAD_MAX, held_max: int = HELD_MAX, read_s: float = READ_S) -> None:
        self._body_max = body_max
        self._held_max = held_max
        self._read_s = read_s
        self.held = 0  # bytes

    async def read(self, request: Request) -> bytes:
        """The body; of one that is too large a byte more than allowed, so that whoever judges it can see that."""
        if request.headers.get("content-encoding", "identity") != "identity":
            raise HTTPException(415, "send the body plain, without Content-Encoding")
        body = bytearray()
        try:
            async with patient(self._read_s):
                async for piece in request.stream():
                    self._hold(len(piece))
                    body += piece
                    if len(body) > self._body_max:
                        break
        finally:
            self.held -= min(len(body), self.held)
        return bytes(body[: self._body_max + 1])

    def _hold(self, size: int) -> None:
        if self.held + size > self._held_max:
            raise LaterError("too many bodies are being read at once; try again in a moment")
        self.held += size


@asynccontextmanager
async def patient(read_s: float) -> AsyncIterator[None]:
    """Read a body meanwhile: one that does not come in time, or whose connection ends, is the client's mistake."""
    try:
        async with asyncio.timeout(read_s):
            yield
    except TimeoutError as error:
        raise HTTPException(408, f"the body did not come within {read_s:g} s; send it again") from error
    except ClientDisconnect as error:  # nobody is there to read this
        raise HTTPException(400, "the connection ended before the body did") from error
