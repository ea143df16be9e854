"""The process that ends the children of a killed supervisor.

Run as `python guard.py FD`. It reads lines from the pipe FD: `add TARGET SIGNAL`, `drop TARGET`,
`remove DIRECTORY`. A negative TARGET is a process group. End of file means that the supervisor is gone,
however it died: every remaining target gets its signal, after ten seconds SIGKILL, and the directories go.
"""

import os
import shutil
import signal
import sys
import time

GRACE_SECONDS = 10.0


def send(targets: dict[int, int], number: int | None = None) -> None:
    """Signal every target (its own signal if `number` is None) and forget those which are gone."""
    for target in reversed(list(targets)):
        try:
            os.kill(target, targets[target] if number is None else number)
        except OSError:
            del targets[target]


def end(targets: dict[int, int]) -> None:
    """End all targets, gently first."""
    send(targets)
    deadline = time.monotonic() + GRACE_SECONDS
    while targets and time.monotonic() < deadline:
        time.sleep(0.05)
        send(targets, 0)
    send(targets, signal.SIGKILL)


def main(pipe: int) -> None:
    """Follow the supervisor's notes until it is gone, then clean up."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    targets: dict[int, int] = {}
    directories: list[str] = []
    with os.fdopen(pipe) as notes:
        for line in notes:
            verb, value = line.rstrip("\n").split(" ", 1)
            if verb == "add":
                target, number = value.split()
                targets[int(target)] = int(number)
            elif verb == "drop":
                targets.pop(int(value), None)
            else:
                directories.append(value)
    end(targets)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
