"""Directories for unix sockets, whose paths the kernel keeps short (104 to 108 bytes)."""

import os
import tempfile
from pathlib import Path

from hub.embedded.spawn import Family

PATH_LIMIT = 100
LONGEST_NAME = len("/.s.PGSQL.5432.lock")


def socket_directory(wanted: Path, family: Family) -> Path:
    """`wanted` made with mode 0700, or a short private directory that goes when the supervisor goes."""
    if fits(wanted):
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        return wanted
    parent = Path(tempfile.gettempdir())
    if not fits(parent / "hub-12345678"):
        parent = Path("/tmp")  # noqa: S108 - mkdtemp makes a private directory there
    short = Path(tempfile.mkdtemp(prefix="hub-", dir=parent))
    family.remove_at_end(short)
    return short


def fits(directory: Path) -> bool:
    """Whether a socket in `directory` has a path that every platform accepts."""
    return len(os.fsencode(directory)) + LONGEST_NAME <= PATH_LIMIT
