"""`python -m tests.bench [PART ...] [--quick | --full]`: measure on servers of its own, and print tables."""

import argparse
import resource
import sys
from importlib import import_module

import django

from hub.embedded.errors import LauncherError
from tests.bench.errors import BenchError
from tests.bench.machine import machine
from tests.bench.servers import servers

PARTS = ("gateway", "memory", "storm", "commands", "log", "overview", "charges")


def main() -> int:
    """Run the parts that were asked for; 1 when a measurement is worth nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all), profile, or chaos")
    parser.add_argument("--quick", action="store_true", help="fewer messages, one round")
    parser.add_argument("--full", action="store_true", help="the sizes that are promised; takes long")
    parser.add_argument("--seconds", type=float, default=20.0, help="chaos: how long each part stays away (20)")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - {*PARTS, "profile", "chaos"}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print("\n".join(machine()))
    try:
        with servers() as running:
            django.setup()
            # Models can be imported only now that Django is set up for the servers just started.
            scene = import_module("tests.bench.scene").Scene(running, asked.quick, asked.full, asked.seconds)
            print(import_module("tests.bench.database").settings(), flush=True)
            for part in asked.parts or PARTS:
                import_module(f"tests.bench.{part}").measure(scene)
    except (LauncherError, BenchError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
