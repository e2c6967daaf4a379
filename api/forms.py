"""A form as browsers send it, with a file or without. A body that is cut short still says what came before the cut.

That is why the fields of our forms stand before the file: a photo that is too large loses nobody's words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request

from api.bodies import patient
from api.problems import LaterError

FILE_MAX: Final = 5 << 20  # bytes of a photo
TYPED_MAX: Final = 64 << 10  # bytes of a form without a file
FORM_MAX: Final = FILE_MAX + TYPED_MAX
DRAIN_MAX: Final = 64 << 20  # bytes that are read and thrown away, so that a browser hears the answer
READ_S: Final = 60.0  # of one body: 5 MB at a slow 1 Mbit/s
HELD_MAX: Final = 48 << 20  # bytes of bodies that are being read, of all requests together
_NAME: Final = re.compile(rb'name="([^"\r\n]{1,100})"')
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"\r\n]{1,100})"|([\w.\'()+,/:=?-]{1,100}))')
_PARTS: Final = 50


class Form(NamedTuple):
    """What was typed, and the file (b"" is none); `cut`: more was sent than is taken."""

    fields: Mapping[str, str]
    file: bytes = b""
    cut: bool = False

    def get(self, name: str) -> str:
        """What was typed there, without NUL and space around it."""
        return self.fields.get(name, "").replace("\0", "").strip()


class Forms:
    """Reads forms. What all of them hold together is bounded; beyond it the newcomers are asked to come back.

    Nobody waits for another's slow photo: an answer to an offer is a form too.
    """

    def __init__(
        self, *, form_max: int = FORM_MAX, drain_max: int = DRAIN_MAX, held_max: int = HELD_MAX, read_s: float = READ_S
    ) -> None:
        self._form_max = form_max
        self._drain_max = drain_max
        self._held_max = held_max
        self._read_s = read_s
        self.held = 0  # bytes

    async def read(self, request: Request) -> Form:
        """The form of a request."""
        body, cut = await self.body(request)
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            return parts(body, kind, cut=cut)
        typed = parse_qs(body[:TYPED_MAX].decode(errors="replace"))
        return Form({name: values[0] for name, values in typed.items()}, cut=cut)

    async def body(self, request: Request) -> tuple[bytes, bool]:
        """The body up to the bound, and whether there was more of it."""
        body, total = bytearray(), 0
        try:
            async with patient(self._read_s):
                async for piece in request.stream():
                    total += len(piece)
                    kept = piece[: max(0, self._form_max - len(body))]
                    if self.held + len(kept) > self._held_max:
                        raise LaterError("too many photos are being read at once; try again in a moment")
                    self.held += len(kept)
                    body += kept
                    if total > self._drain_max:
                        break
        finally:
            self.held -= len(body)
        return bytes(body), total > len(body)


def parts(body: bytes, content_type: str, *, cut: bool = False) -> Form:
    """The parts of `multipart/form-data` (RFC 7578) that are whole; of a file that was cut, nothing."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return Form({}, cut=cut)
    fields, file = dict[str, str](), b""
    pieces = (b"\r\n" + body).split(b"\r\n--" + (found[1] or found[2]).encode(), _PARTS)
    ended = len(pieces) > 1 and pieces[-1].startswith(b"--")
    for piece in pieces[1:-1] if len(pieces) > 1 else ():
        head, _, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is None:
            continue
        if b'filename="' in head:
            file = file or content
        else:
            fields.setdefault(name[1].decode(errors="replace"), content.decode(errors="replace"))
    return Form(fields, file, cut or not ended)
