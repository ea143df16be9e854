"""What chargers upload, on disk: below no web root, named by numbers, never opened, unpacked or run."""

import contextlib
import hashlib
import os
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings

# What stays free for everybody else on this disk, the database perhaps among them.
RESERVE_BYTES = 256 * 1024 * 1024
READ_BYTES = 256 * 1024
MOST_NAME = 120
NAMELESS = "diagnostics"


class TooLarge(Exception):
    """More bytes than are taken."""


class Incoming:
    """A file on its way in: hashed as it is written, and under its name only once it is on the disk.

    All methods block on the disk. They raise OSError when the disk does not take it.
    """

    def __init__(self, pk: UUID, limit: int) -> None:
        self.size = 0
        self._limit, self._hash = limit, hashlib.sha256()
        self._path, self._final = _part(pk), path_of(pk)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: int | None = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)

    def write(self, data: bytes) -> None:
        """Append. Raises TooLarge beyond the limit, with nothing of `data` written."""
        if self.size + len(data) > self._limit:
            raise TooLarge
        assert self._file is not None
        view = memoryview(data)
        while view:
            written = os.write(self._file, view)
            self._hash.update(view[:written])
            self.size += written
            view = view[written:]

    def keep(self) -> str:
        """Make what has come last, and return its SHA-256."""
        assert self._file is not None
        os.fsync(self._file)
        self._close()
        self._path.rename(self._final)
        folder = os.open(self._final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._hash.hexdigest()

    def drop(self) -> None:
        """Forget it, also after `keep` has failed."""
        with contextlib.suppress(OSError):
            self._close()
        self._path.unlink(missing_ok=True)
        self._final.unlink(missing_ok=True)

    def _close(self) -> None:
        # Once only: the number may be another file's by then.
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def path_of(pk: UUID) -> Path:
    """Where the bytes of a diagnostics file are."""
    return settings.FILES_DIR / "diagnostics" / str(pk)


def _part(pk: UUID) -> Path:
    return path_of(pk).with_name(f"{pk}.part")


def bytes_delete(pk: UUID) -> None:
    """Remove its bytes, whether it was complete or not."""
    path_of(pk).unlink(missing_ok=True)
    _part(pk).unlink(missing_ok=True)


def bytes_read(pk: UUID) -> Iterator[bytes]:
    """Its bytes in pieces. Raises FileNotFoundError at once when they are gone."""
    return _pieces(os.open(path_of(pk), os.O_RDONLY | os.O_NOFOLLOW))


def _pieces(file: int) -> Iterator[bytes]:
    with os.fdopen(file, "rb", buffering=0) as opened:
        while piece := opened.read(READ_BYTES):
            yield piece


def written_at(pk: UUID) -> float | None:
    """When the last byte of a file on its way was written (Unix time); None when there is none."""
    try:
        return _part(pk).stat().st_mtime
    except FileNotFoundError:
        return None


def has_room(length: int) -> bool:
    """Whether a file of that many bytes leaves the disk its reserve."""
    folder = settings.FILES_DIR
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free >= length + RESERVE_BYTES


def file_name(given: str) -> str:
    """A name as people may read it: no path, no control characters; empty when nothing is left."""
    bare = unquote(given).replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in bare if unicodedata.category(each)[0] not in "CZ" or each == " ")
    return shown.strip(" .")[:MOST_NAME].strip(" .")


def size_words(size: int) -> str:
    """A size for people: `512 B`, `4.2 MB`, in powers of 1000 as disks are sold."""
    if size < 1000:
        return f"{size} B"
    value = size / 1000
    for unit in ("kB", "MB"):
        if value < 999.95:
            return f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
