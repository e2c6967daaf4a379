"""Photos made anew: what goes in is judged by decoding it, what comes out is pixels alone."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from PIL import Image

from api.pictures import MOST_PIXELS, WAITING, Darkroom, PictureError, developed
from api.problems import LaterError
from tests.api.pictures import jpeg


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_what_the_camera_wrote_is_gone() -> None:
    """Place, time, model and comment of the shot are in no byte that is kept; the pixels are."""
    raw = jpeg(40, 20, camera="Kamera Rahasia", gps=True, comment=b"komentar rahasia")
    made = developed(raw)
    assert b"Rahasia" in raw
    for kept in (made.image, made.thumb):
        assert b"ahasia" not in kept
        assert (dict(opened(kept).getexif()), opened(kept).size) == ({}, (40, 20))


@pytest.mark.parametrize(("given", "kept"), [((40, 20), (20, 40)), ((4000, 1000), (400, 1600))])
def test_a_photo_is_turned_upright(given: tuple[int, int], kept: tuple[int, int]) -> None:
    """The orientation that the camera only noted is done, also where the photo becomes smaller."""
    made = developed(jpeg(*given, orientation=6))
    assert (made.width, made.height) == kept


def test_a_large_photo_becomes_smaller() -> None:
    """1600 pixels at most, a small one of 320, in the same shape."""
    made = developed(jpeg(4000, 1000))
    assert ((made.width, made.height), opened(made.thumb).size) == ((1600, 400), (320, 80))


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK")]
)
def test_each_kind_becomes_a_jpeg(kind: str, mode: str) -> None:
    """Whatever its colours; what was transparent is white."""
    out = BytesIO()
    Image.new(mode, (30, 30)).save(out, kind)
    image = opened(developed(out.getvalue()).image)
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.getpixel((5, 5)) == ((255, 255, 255) if mode == "RGBA" else image.getpixel((5, 5)))


@pytest.mark.parametrize("raw", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8\xff", jpeg(300, 300)[:2000], b"x" * 5000])
def test_what_is_no_photo_is_said_so(raw: bytes) -> None:
    """Nothing, another format, the beginning of one, a truncated one."""
    with pytest.raises(PictureError, match="JPEG, PNG or WebP"):
        developed(raw)


def test_a_small_file_with_many_pixels_is_refused() -> None:
    """A PNG of one colour is some kilobytes however large it is drawn."""
    out = BytesIO()
    side = int(MOST_PIXELS["PNG"] ** 0.5) + 2
    Image.new("1", (side, side)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(PictureError, match="pixels"):
        developed(out.getvalue())


@pytest.mark.filterwarnings("ignore::UserWarning")  # of broken metadata
@drawn(at=st.integers(0, 2000), byte=st.integers(0, 255))
def test_a_damaged_photo_is_a_photo_or_none(at: int, byte: int) -> None:
    """Whatever byte is wrong, nothing else is raised."""
    raw = bytearray(jpeg(60, 60, camera="x"))
    raw[at % len(raw)] = byte
    try:
        developed(bytes(raw))
    except PictureError:
        return


def test_of_those_that_wait_there_is_a_bound() -> None:
    """Beyond it a photo is to come again; those before it are made."""

    async def main() -> list[str]:
        room = Darkroom()
        made = await asyncio.gather(*(room.develop(jpeg(9, 9)) for _ in range(WAITING + 1)), return_exceptions=True)
        return [type(one).__name__ for one in made]

    assert asyncio.run(main()) == ["Picture"] * WAITING + [LaterError.__name__]
