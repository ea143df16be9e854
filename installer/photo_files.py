"""The bytes of photos on disk, in HUB_FILES_DIR/photos: three JPEGs each, under their name only once they are whole."""

import os
from pathlib import Path
from uuid import UUID

from django.conf import settings

from installer.pictures import EDGES, FULL, Picture


def photo_path(pk: UUID, size: str = FULL) -> Path:
    """Where the JPEG of this photo is; `size` is one of `pictures.EDGES`."""
    return _folder() / f"{pk}{size}.jpg"


def photo_store(pk: UUID, picture: Picture) -> None:
    """Write all sizes and see them on the disk. Raises OSError, and then nothing is left."""
    try:
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        for size, data in picture.files.items():
            _write(photo_path(pk, size), data)
        folder = os.open(_folder(), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        photo_drop(pk)
        raise


def photo_drop(pk: UUID) -> None:
    """Delete the bytes of a photo; what is not there is no trouble."""
    for size in EDGES:
        photo_path(pk, size).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.FILES_DIR) / "photos"


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
