"""Pictures that strangers send, made anew: nothing of the file that came is kept but what is seen on it.

Pure: no database, no disk. What comes is untrusted, so its size is known before it is decoded, only three decoders are
tried, and two pictures at most are decoded at once in a process.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from threading import BoundedSemaphore

from PIL import Image

MOST_BYTES = 12_000_000
MOST_PIXELS = 40_000_000
# A progressive JPEG has about ten scans. One of thousands takes hours to decode and fits into a few kilobytes.
MOST_SCANS = 64
FULL, PRINT, SMALL = "", "-print", "-small"
EDGES = {FULL: 1600, PRINT: 1000, SMALL: 320}
_QUALITY = {FULL: 82, PRINT: 75, SMALL: 72}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_decoding = BoundedSemaphore(2)
# The size is judged here, before anything is decoded; the library would warn of what is allowed.
Image.MAX_IMAGE_PIXELS = None


class PictureRefused(Exception):
    """This is not taken; the message says why and what to do. `is_too_large`: bytes or pixels."""

    def __init__(self, message: str, *, is_too_large: bool = False) -> None:
        super().__init__(message)
        self.is_too_large = is_too_large


@dataclass(frozen=True, slots=True)
class Picture:
    """JPEGs by their size (FULL, PRINT, SMALL); width, height and SHA-256 are of the full one."""

    files: dict[str, bytes]
    width: int
    height: int
    sha256: str


def picture_made(data: bytes) -> Picture:
    """A JPEG, PNG or WebP upright, at most 1600 pixels wide and high, without EXIF, place or colour profile.

    Raises PictureRefused: beyond 12 MB or 40 megapixels, of another type, or damaged.
    """
    if len(data) > MOST_BYTES:
        raise PictureRefused(f"The photo is larger than {MOST_BYTES // 1_000_000} MB.", is_too_large=True)
    with _decoding:
        try:
            upright = _upright(data)
        except PictureRefused:
            raise
        except Exception as error:
            # Decoders raise whatever they like; what cannot be read is no photo.
            raise PictureRefused("This is no photo that can be read. Use a JPEG, PNG or WebP.") from error
        files = {size: _written(upright, size) for size in EDGES}
    return Picture(files, *upright.size, hashlib.sha256(files[FULL]).hexdigest())


def _upright(data: bytes) -> Image.Image:
    """The picture as people hold it, in plain RGB, in a new image that knows nothing of the old one."""
    if data.startswith(b"\xff\xd8") and _scans(data) > MOST_SCANS:
        raise PictureRefused("This photo is built in a way that is not taken. Take a screenshot of it and send that.")
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as came:
        if came.width * came.height > MOST_PIXELS:
            words = (
                f"The photo has {came.width} x {came.height} pixels; {MOST_PIXELS // 1_000_000} megapixels are taken."
            )
            raise PictureRefused(words, is_too_large=True)
        turn = _turn(came)
        edge = EDGES[FULL]
        came.draft("RGB", (edge, edge))
        shown: Image.Image = came
        if came.mode not in {"RGB", "RGBA", "L", "LA"}:
            shown = came.convert("RGBA" if "transparency" in came.info else "RGB")
        shown.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
        seen = shown.convert("RGBA") if shown.mode == "LA" else shown
        fresh = Image.new("RGB", seen.size, "white")
        fresh.paste(seen, mask=seen.getchannel("A") if seen.mode == "RGBA" else None)
    return fresh.transpose(turn) if turn is not None else fresh


def _turn(came: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(came.getexif().get(_ORIENTATION, 1))
    except Exception:
        # EXIF that cannot be read says nothing of the picture.
        return None


def _written(picture: Image.Image, size: str) -> bytes:
    smaller = picture.copy()
    smaller.thumbnail((EDGES[size], EDGES[size]), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    smaller.save(out, "JPEG", quality=_QUALITY[size], optimize=True)
    return out.getvalue()


_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def _scans(data: bytes) -> int:
    """How many scans a JPEG has (ITU-T T.81, B.2), up to one more than are taken; its segments are stepped over."""
    at, found = 2, 0
    while found <= MOST_SCANS and (marker := _MARKER.search(data, at)):
        kind, at = marker[0][1], marker.end()
        if kind == 0xD9:
            break
        found += kind == 0xDA
        at += int.from_bytes(data[at : at + 2], "big")
    return found
