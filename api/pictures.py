"""Photos as people send them, made anew: small enough, turned upright, and without what the camera wrote into them.

Where and when a photo was taken, by which phone, is not kept: the pixels are copied into a new file.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from api.problems import LaterError
from core.errors import RondaError
from store.photos import Picture

SIDE: Final = 1600  # pixels
THUMB: Final = 320
QUALITY: Final = 80
FORMATS: Final = ("JPEG", "PNG", "WEBP")
MOST_PIXELS: Final = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}  # a JPEG is decoded smaller
WAITING: Final = 8


class PictureError(RondaError):
    """What was sent is no photo that can be used."""


class Darkroom:
    """One photo at a time: decoding takes memory; of those that wait there is a bound."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def develop(self, raw: bytes) -> Picture:
        """The photo as it is kept; `PictureError` when it is none."""
        if self._waiting >= WAITING:
            raise LaterError("too many photos at once; try again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(developed, raw)
        finally:
            self._waiting -= 1


def developed(raw: bytes) -> Picture:
    """The photo made anew."""
    try:
        with Image.open(BytesIO(raw), formats=FORMATS) as opened:
            image = _plain(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("the photo has too many pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # how Pillow says that a file is broken
        raise PictureError("this is no photo that can be read: JPEG, PNG or WebP") from error
    full = _jpeg(image)
    small = image.copy()
    small.thumbnail((THUMB, THUMB))
    return Picture(sha256(full).hexdigest(), *image.size, full, _jpeg(small))


def _plain(opened: Image.Image) -> Image.Image:
    """Pixels alone, upright, on white where it was transparent."""
    width, height = opened.size
    if width * height > MOST_PIXELS[opened.format or ""]:
        raise PictureError(f"the photo has {width} x {height} pixels; send a smaller one")
    opened.thumbnail((SIDE, SIDE))
    upright = _upright(opened)
    alpha = upright.convert("RGBA") if upright.has_transparency_data else None
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(alpha or upright.convert("RGB"), mask=alpha)
    return plain


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera noted; what it noted is broken now and then, and goes anyway."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - Pillow lets through whatever the broken bytes lead to
        return image


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
