"""Makes the virtual environment with pinned packages, then hands over to the launcher in it.

`python3 hub/bootstrap.py run | test [ARGUMENTS] | exec -- COMMAND | venv`. It needs nothing but Python, and
every Python since 3.6 can parse it, so that an old one is told so in a sentence.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this check is for those who have an older one
    sys.exit(
        f"Hub needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}). "
        "Name a newer one, for example: make run PYTHON=python3.12"
    )

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
SETS = {
    "run": ("requirements.txt", "requirements-embedded.txt"),
    "test": ("requirements.txt", "requirements-embedded.txt", "requirements-dev.txt"),
}
VERBS = {"run": "run", "exec": "test", "test": "test", "venv": "test"}
USAGE = "Say what to do: python3 hub/bootstrap.py run | test [pytest arguments] | exec -- COMMAND | venv"


class BootstrapError(Exception):
    """A condition the user can change; the message is what to print."""


def main(arguments: list[str]) -> int:
    """Prepare the environment for the first word and become the launcher. Returns if there is no need."""
    verb = arguments[0] if arguments else ""
    if verb not in VERBS:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        ensure(VERBS[verb])
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if verb != "venv":
        os.chdir(CHECKOUT)
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "hub.embedded", *arguments])  # noqa: S606 - no shell
    return 0


def ensure(kind: str) -> None:
    """Make `.venv` hold the packages of the set `kind`; instant when its stamp is right.

    Raises BootstrapError.
    """
    stamp, wanted = VENV / f"hub-{kind}.stamp", fingerprint(kind)
    if read(stamp) == wanted and VENV_PYTHON.exists():
        return
    try:
        lock = os.open(CHECKOUT, os.O_RDONLY)
    except OSError as error:
        raise BootstrapError(f"{CHECKOUT} cannot be read: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another start may have done it while we waited.
        if read(stamp) != wanted or not VENV_PYTHON.exists():
            stamp.unlink(missing_ok=True)
            make_venv()
            install(kind)
            stamp.write_text(wanted)
    except OSError as error:
        raise BootstrapError(f"{error.filename or VENV} cannot be written: {error.strerror}.") from error
    finally:
        os.close(lock)


def fingerprint(kind: str) -> str:
    """What an installation depends on: the pins, the Python and the place."""
    digest = hashlib.sha256(f"{sys.version} {os.path.realpath(sys.executable)} {CHECKOUT}".encode())
    for name in SETS[kind]:
        digest.update((CHECKOUT / name).read_bytes())
    return digest.hexdigest()


def read(path: Path) -> str:
    """The text of a file, or nothing."""
    return path.read_text() if path.exists() else ""


def make_venv() -> None:
    """Make a virtual environment of this Python, and again if there is a broken or foreign one."""
    if works([VENV_PYTHON, "-c", f"import pip, sys; sys.exit(sys.version != {sys.version!r})"]) and (
        works([VENV / "bin" / "pip", "--version"])  # fails after the checkout has moved
    ):
        return
    if VENV.is_symlink():
        raise BootstrapError(f"{VENV} is a link. Remove it; Hub makes its own virtual environment there.")
    if VENV.exists():
        shutil.rmtree(VENV)
    progress("Making a virtual environment in .venv ...")
    if not works([sys.executable, "-m", "venv", VENV]):
        make_venv_without_pip()


def make_venv_without_pip() -> None:
    """Debian leaves ensurepip out of Python; a pip of the machine can fill the environment instead."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    shutil.rmtree(VENV, ignore_errors=True)
    if works([sys.executable, "-m", "venv", "--without-pip", VENV]) and works(
        [sys.executable, "-m", "pip", "--python", VENV, "install", "--quiet", "pip"]
    ):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    raise BootstrapError(
        f"This Python cannot make a virtual environment. Install the package {package} "
        f"(Debian, Ubuntu: apt install {package}) and start again."
    )


def install(kind: str) -> None:
    """Install the pinned packages of a set; pip checks every hash. Raises BootstrapError."""
    files = [word for name in SETS[kind] for word in ("-r", str(CHECKOUT / name))]
    progress(f"Installing {' and '.join(SETS[kind])}; this takes a minute the first time ...")
    begin = time.monotonic()
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [VENV_PYTHON, "-m", "pip", "install", *options, *files],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise BootstrapError(
            f"{done.stdout.rstrip()}\n\nThe packages could not be installed (above is what pip said). "
            "Without a network, or behind a proxy or a mirror of the package index, tell pip so with "
            "PIP_INDEX_URL or `pip config`, then start again."
        )
    progress(f"Installed in {time.monotonic() - begin:.0f} s.")


def works(argv: list[str | Path]) -> bool:
    """Whether a command runs without error."""
    try:
        return subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def progress(line: str) -> None:
    """Say what takes its time. Standard error, so that `exec` keeps its own output clean."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
