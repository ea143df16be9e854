"""The bytes of firmware on disk: taken in piece by piece, and under their name only once they are whole."""

import contextlib
import errno
import hashlib
import os
import time
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from chargepoints.exceptions import ChangeRefused

# What an upload that broke off has left behind is removed by a later one.
FORGOTTEN_S = 86_400
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def firmware_path(pk: UUID) -> Path:
    """Where the bytes of a firmware file are."""
    return _folder() / str(pk)


def _folder() -> Path:
    return Path(settings.FILES_DIR) / "firmware"


class FirmwareDraft:
    """An upload on its way: hashed, counted and limited while it comes. Whoever made it keeps or drops it.

    Everything raises ChangeRefused, in words for the operator, when the disk does not take it; then nothing is left.
    """

    def __init__(self) -> None:
        self.size, self.sha256 = 0, ""
        self._hash = hashlib.sha256()
        self._path = _folder() / f"{uuid4()}.part"
        try:
            _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(_folder())
            self._file = self._path.open("xb")
        except OSError as error:
            raise ChangeRefused(_words(error)) from error

    def write(self, piece: bytes) -> None:
        """The next bytes. Raises ChangeRefused beyond HUB_FIRMWARE_MAX_BYTES, too."""
        self.size += len(piece)
        if self.size > settings.FIRMWARE_MAX_BYTES:
            self.drop()
            raise ChangeRefused(f"The file is larger than {settings.FIRMWARE_MAX_BYTES / 1e6:,.0f} MB.")
        self._hash.update(piece)
        try:
            self._file.write(piece)
        except OSError as error:
            self.drop()
            raise ChangeRefused(_words(error)) from error

    def finish(self) -> None:
        """All bytes have come: they are on the disk, and `sha256` is known."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            self.drop()
            raise ChangeRefused(_words(error)) from error
        self.sha256 = self._hash.hexdigest()

    def keep(self, pk: UUID) -> None:
        """Give the finished file its name."""
        try:
            self._path.replace(firmware_path(pk))
            folder = os.open(_folder(), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            self.drop()
            raise ChangeRefused(_words(error)) from error

    def drop(self) -> None:
        """Nothing of it is left; after `keep` there is nothing to drop."""
        # A full disk may refuse the last bytes of the buffer once more.
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    for path in folder.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - FORGOTTEN_S:
                path.unlink()


def _words(error: OSError) -> str:
    if error.errno in _FULL:
        return "There is no room for this file on the server's disk. Nothing was kept. Tell whoever runs Hub."
    return f"The server cannot store files ({os.strerror(error.errno or 0)}). Nothing was kept. Tell whoever runs Hub."
