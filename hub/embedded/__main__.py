"""`python -m hub.embedded run | test [ARGUMENTS] | exec -- COMMAND`."""

import sys

from hub.embedded.checks import test
from hub.embedded.errors import LauncherError
from hub.embedded.run import run
from hub.embedded.throwaway import execute

USAGE = "Say what to do: python -m hub.embedded run | test [pytest arguments] | exec -- COMMAND ..."


def main(arguments: list[str]) -> int:
    """Do what the first word says and return the exit code."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    try:
        if verb == "exec":
            return execute(rest[1:] if rest[:1] == ["--"] else rest)
        if verb == "test":
            return test(rest)
        if verb == "run" and not rest:
            return run()
        raise LauncherError(USAGE)
    except LauncherError as error:
        print(error, file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
