"""QR codes as shapes for an inline SVG, which needs no style and no picture from elsewhere."""

from dataclasses import dataclass
from itertools import groupby

import segno

QUIET = 4


@dataclass(frozen=True, slots=True)
class Qr:
    """A square of `size` modules, quiet zone included, and its dark modules as one path."""

    size: int
    path: str


def qr(text: str) -> Qr:
    """`text` with medium error correction."""
    matrix = segno.make(text, error="m", micro=False).matrix
    parts = []
    for y, line in enumerate(matrix, start=QUIET):
        x = QUIET
        for dark, run in groupby(line):
            width = len(list(run))
            if dark:
                parts.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return Qr(len(matrix) + 2 * QUIET, "".join(parts))
