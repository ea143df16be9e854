"""Pictures that strangers send: what is kept of them, and what is not taken."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image, ImageCms, ImageOps

from installer.pictures import FULL, MOST_BYTES, PRINT, SMALL, PictureRefused, picture_made

GPS, ORIENTATION, MAKER = 0x8825, 0x0112, 0x010F


def drawn(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """A picture whose four quarters differ, so that it shows how it was turned."""
    made = Image.new("RGB", (width, height), "white")
    half = (width // 2, height // 2)
    for colour, corner in (("red", (0, 0)), ("lime", (half[0], 0)), ("blue", (0, half[1]))):
        made.paste(colour, (*corner, corner[0] + half[0], corner[1] + half[1]))
    return made.convert(mode)


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """The bytes of a picture."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def shown(data: bytes) -> Image.Image:
    """What the bytes show."""
    return Image.open(io.BytesIO(data))


def corners(picture: Image.Image) -> list[str]:
    """The colours of the four quarters, as words."""
    names = {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white"}
    width, height = picture.size
    spots = [(width // 4, height // 4), (3 * width // 4, height // 4)]
    spots += [(x, 3 * height // 4) for x, _ in spots]
    plain = picture.convert("RGB")
    told = []
    for spot in spots:
        pixel = plain.getpixel(spot)
        assert isinstance(pixel, tuple)
        red, green, blue = (round(value / 255) for value in pixel)
        told.append(names[red, green, blue])
    return told


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with a place, a maker and how the camera was held."""
    made = Image.Exif()
    made[MAKER], made[ORIENTATION] = "Spy Camera Works", orientation
    made.get_ifd(GPS).update({1: "N", 2: (59.0, 54.0, 0.0)})
    return made


def test_nothing_is_kept_but_what_is_seen() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    came = encoded(drawn(), exif=exif(), icc_profile=profile, comment=b"made by Kari")
    assert shown(came).getexif()[MAKER] == "Spy Camera Works"
    for data in picture_made(came).files.values():
        left = shown(data)
        assert not left.getexif()
        assert set(left.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not any(word in data for word in (b"Exif", b"Spy", b"ICC_PROFILE", b"Kari"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright(orientation: int) -> None:
    came = encoded(drawn(), quality=95, exif=exif(orientation))
    made = picture_made(came)
    wanted = ImageOps.exif_transpose(shown(came))
    assert (made.width, made.height) == wanted.size == shown(made.files[FULL]).size
    assert corners(shown(made.files[FULL])) == corners(wanted)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_no_harm() -> None:
    made = picture_made(encoded(drawn(), exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + b"\xff" * 40))
    assert corners(shown(made.files[FULL])) == ["red", "lime", "blue", "white"]


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        *(("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")),
        *((mode, "PNG") for mode in ("RGB", "RGBA", "P", "LA", "1", "I;16")),
    ],
)
def test_what_is_taken(mode: str, form: str) -> None:
    came = drawn(mode="L").convert("I;16") if mode == "I;16" else drawn(mode=mode)
    made = shown(picture_made(encoded(came, form)).files[FULL])
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (60, 40))


def test_glass_is_white() -> None:
    made = shown(picture_made(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")).files[FULL])
    assert made.getpixel((10, 10)) == (255, 255, 255)


def test_sizes() -> None:
    made = picture_made(encoded(drawn(4000, 3000)))
    assert (made.width, made.height) == (1600, 1200)
    sizes = {size: shown(data).size for size, data in made.files.items()}
    assert sizes == {FULL: (1600, 1200), PRINT: (1000, 750), SMALL: (320, 240)}
    assert picture_made(encoded(drawn(30, 20))).files[SMALL] == picture_made(encoded(drawn(30, 20))).files[SMALL]


def test_a_polyglot_is_a_picture_and_nothing_else() -> None:
    tail = b"<script>alert(1)</script>PK\x03\x04 something else"
    made = picture_made(encoded(drawn(), comment=b"<?php system(1); ?>") + tail)
    for data in made.files.values():
        assert not any(word in data for word in (b"script", b"PK\x03\x04", b"php"))


def test_a_phone_that_hangs_a_film_behind_the_photo() -> None:
    film = random.Random(7).randbytes(3_000_000)
    assert picture_made(encoded(drawn()) + film).width == 60


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that says how large it is, with whatever rows."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    head = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose frame header lies about its size."""
    data = bytearray(encoded(drawn()))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def many_scans() -> bytes:
    """A progressive JPEG whose last scan comes a thousand times."""
    data = encoded(drawn(), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 1000 + data[-2:]


@pytest.mark.parametrize(
    "data",
    [png(50_000, 50_000), png(8000, 5001), jpeg_of_size(65_000, 65_000), b"\xff\xd8\xff" + b"x" * MOST_BYTES],
    ids=["huge", "41 megapixels", "a JPEG that lies", "13 MB"],
)
def test_too_large(data: bytes) -> None:
    with pytest.raises(PictureRefused) as refusal:
        picture_made(data)
    assert refusal.value.is_too_large


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="SVG"),
        pytest.param(b"<html><script>alert(1)</script></html>", id="HTML"),
        pytest.param(b"%PDF-1.7\n", id="PDF"),
        pytest.param(encoded(drawn(mode="P"), "GIF"), id="GIF"),
        pytest.param(encoded(drawn(), "BMP"), id="BMP"),
        pytest.param(encoded(drawn(), "TIFF"), id="TIFF"),
        pytest.param(b"\x00\x00\x00\x18ftypheic" + b"\x00" * 100, id="HEIC"),
        pytest.param(encoded(drawn(400, 300), quality=95)[:900], id="cut JPEG"),
        pytest.param(encoded(drawn(400, 300), "PNG")[:200], id="cut PNG"),
        pytest.param(encoded(drawn(400, 300), "WEBP")[:60], id="cut WebP"),
        pytest.param(png(100, 100, b"short"), id="PNG without rows"),
        pytest.param(many_scans(), id="a thousand scans"),
    ],
)
def test_what_is_not_taken(data: bytes) -> None:
    with pytest.raises(PictureRefused) as refusal:
        picture_made(data)
    assert not refusal.value.is_too_large
