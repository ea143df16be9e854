"""`make test`: everything that is checked before a change goes in."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from hub.embedded.asked import Asked
from hub.embedded.config import CHECKOUT
from hub.embedded.spawn import Family
from hub.embedded.supervisor import say
from hub.embedded.throwaway import run_command, throwaway_servers, wait
from hub.embedded.waiting import StartInterrupted

# Files stay together, as their tests share servers and browsers; the order keeps folders together, for the same reason.
PARALLEL = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
TYPED = ("hub", "chargepoints", "installer", "ocpp_gateway", "tests")


def program(name: str) -> str:
    """A program of this virtual environment."""
    return str(Path(sys.executable).with_name(name))


def all_steps() -> list[list[str]]:
    """What is checked besides pytest. mypy reads the settings too, which need an environment."""
    return [
        [program("ruff"), "check", "."],
        [program("ruff"), "format", "--check", "."],
        [program("mypy"), *TYPED],
        [program("lint-imports")],
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    ]


def test(arguments: Sequence[str]) -> int:
    """Run all checks, or only pytest when it has arguments. Returns 1 if anything failed.

    All steps run even if one fails; pytest is the last, so that its summary ends the output.
    """
    os.chdir(CHECKOUT)
    asked = Asked()
    failed: list[str] = []
    try:
        with ExitStack() as stack:
            family = stack.enter_context(Family())
            environment = stack.enter_context(throwaway_servers(family, asked))
            steps = [] if arguments else all_steps()
            failed += [title(step) for step in steps if not passes(step, family, environment, asked)]
            if run_command(family, [sys.executable, "-m", "pytest", *PARALLEL, *arguments], environment, asked):
                failed.append("pytest")
    except StartInterrupted:
        return 130
    if failed and not arguments:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def passes(argv: Sequence[str], family: Family, environment: Mapping[str, str], asked: Asked) -> bool:
    """Run one step, print how it went, and its output if it failed. Raises StartInterrupted."""
    begin = time.monotonic()
    output = Path(environment["HUB_DATA"]).with_name("step.log")
    output.unlink(missing_ok=True)
    child = family.spawn(title(argv), argv, log=output, env=environment)
    ok = wait(family, child, asked) == 0
    if asked():
        raise StartInterrupted
    say(f"{'ok    ' if ok else 'FAILED'} {title(argv)}  {time.monotonic() - begin:.1f} s")
    if not ok:
        say(output.read_text(errors="replace").rstrip())
    return ok


def title(argv: Sequence[str]) -> str:
    """A step as one would type it."""
    words = argv[1:] if argv[0] == sys.executable else argv
    return " ".join([Path(words[0]).name, *words[1:]])
