"""The yardstick: the stock `ocpp` package on a bare `websockets` server. It answers, and stores nothing."""

import argparse
import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_numbers = itertools.count(1)
Accepted: Any = "Accepted"


class Peer(ChargePoint):  # type: ignore[misc]
    """The central system's side of one charger."""

    @on("BootNotification")
    def on_boot(self, **_: object) -> call_result.BootNotification:
        """Accept."""
        return call_result.BootNotification(_now(), 300, Accepted)

    @on("Heartbeat")
    def on_heartbeat(self) -> call_result.Heartbeat:
        """The time."""
        return call_result.Heartbeat(_now())

    @on("StatusNotification")
    def on_status(self, **_: object) -> call_result.StatusNotification:
        """Noted by nobody."""
        return call_result.StatusNotification()

    @on("MeterValues")
    def on_meter(self, **_: object) -> call_result.MeterValues:
        """Noted by nobody."""
        return call_result.MeterValues()

    @on("StartTransaction")
    def on_start(self, **_: object) -> call_result.StartTransaction:
        """A new number."""
        return call_result.StartTransaction(next(_numbers), {"status": "Accepted"})

    @on("StopTransaction")
    def on_stop(self, **_: object) -> call_result.StopTransaction:
        """Noted by nobody."""
        return call_result.StopTransaction()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")[:-6] + "Z"


async def _charger(connection: ServerConnection) -> None:
    assert connection.request is not None
    try:
        await Peer(connection.request.path.rpartition("/")[2], connection).start()
    except ConnectionClosed:
        return


async def main(port: int) -> None:
    """Serve until killed."""
    async with serve(_charger, "127.0.0.1", port, subprotocols=[Subprotocol("ocpp1.6")], compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(main(parser.parse_args().port))
