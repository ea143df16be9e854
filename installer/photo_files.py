"""The bytes of photos on disk, in HUB_FILES_DIR/photos: three JPEGs each, under their name only once they are whole."""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from installer.pictures import EDGES, FULL, Picture

_UUID = 36


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


def photos_older(before: datetime) -> Iterator[UUID]:
    """The names of photos of which a file is older than `before`, each once; other files are left alone."""
    seen: set[UUID] = set()
    for path in _older(before, ".jpg"):
        with contextlib.suppress(ValueError):
            pk = UUID(path.name[:_UUID])
            if pk not in seen and path in {photo_path(pk, size) for size in EDGES}:
                seen.add(pk)
                yield pk


def parts_drop(before: datetime) -> None:
    """Delete what was being written when a process died."""
    for path in _older(before, ".part"):
        path.unlink(missing_ok=True)


def _older(before: datetime, suffix: str) -> Iterator[Path]:
    for path in _folder().glob(f"*{suffix}"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                yield path


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
