"""Photos as phones make them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image


def jpeg(
    width: int = 64, height: int = 48, *, camera: str = "", orientation: int = 1, gps: bool = False,
    comment: bytes = b"",
) -> bytes:  # fmt: skip
    """With what its camera notes in it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    if camera:
        exif[0x010F] = camera
    if gps:
        exif.get_ifd(0x8825).update({1: "S", 2: (10.0, 10.0, 12.0), 3: "E", 4: (123.0, 36.0, 0.0)})
    out = BytesIO()
    more: dict[str, Any] = {"comment": comment} if comment else {}
    Image.effect_noise((width, height), 30).convert("RGB").save(out, "JPEG", exif=exif, **more)
    return out.getvalue()
