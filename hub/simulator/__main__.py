"""`python -m hub.simulator --url ws://127.0.0.1:8000/ocpp --fleet fleet.json`."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from hub.simulator.charger import Charger
from hub.simulator.clock import Clock
from hub.simulator.fleet import load
from hub.simulator.state import State

log = logging.getLogger("hub.simulator")


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="hub.simulator", description="Simulated OCPP 1.6J chargers.")
    parser.add_argument("--url", required=True, help="OCPP endpoint without the identity")
    parser.add_argument("--fleet", required=True, type=Path, help="JSON file with the chargers")
    parser.add_argument("--count", type=int, help="only the first N chargers of the file")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same behaviour")
    parser.add_argument("--state", type=Path, help="file that remembers running charges over a restart")
    options = parser.parse_args(argv)
    if options.speed <= 0:
        parser.error("--speed must be greater than 0")
    return options


async def simulate(options: argparse.Namespace) -> None:
    """Run the fleet until SIGTERM or SIGINT."""
    clock, state = Clock(options.speed), State(options.state)
    specs = load(options.fleet, options.count)
    fleet = [Charger(spec, options.url, clock, options.seed, state) for spec in specs]
    tasks = [asyncio.create_task(charger.run(), name=charger.spec.identity) for charger in fleet]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    for task in tasks:
        task.add_done_callback(_mourn)
    await stop.wait()
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=2.0)


def _mourn(task: asyncio.Task[None]) -> None:
    """A broken charger is reported; the others go on."""
    if not task.cancelled() and (error := task.exception()):
        log.error("%s broke down", task.get_name(), exc_info=error)


def main() -> None:
    """The entry point."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s simulator: %(message)s")
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    asyncio.run(simulate(arguments()))


if __name__ == "__main__":
    main()
