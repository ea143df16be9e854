"""Chargers that do not give up, a process of its own: they connect again and say again what got no answer.

Orders on standard input, as for the load generator: `connect`, `phase`, `live`, `finish`.
"""

import asyncio
import base64
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from tests.bench.load import Station
from tests.bench.messages import Script, frame

Order = dict[str, Any]
PATIENCE_SECONDS = 30.0
# Between an answer and the next message; 500 chargers say about 500 messages a second.
PAUSE_SECONDS = (0.5, 1.5)
AGAIN_SECONDS = (0.3, 1.5)


class Line(Station):
    """One connection of a charger: what comes in sets a future."""

    def __init__(self, fleet: "Fleet", number: int, request: bytes) -> None:
        super().__init__(fleet, number, request)  # type: ignore[arg-type]
        self.ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def connection_lost(self, error: Exception | None) -> None:
        """The central system has gone, or we have."""
        if not self.ended.done():
            self.ended.set_result(b"")

    def _text(self, payload: bytes) -> None:
        if payload.startswith(b"[2,"):
            message_id = msgspec.json.decode(payload)[1]
            self.write(frame(f'[3,"{message_id}",{{"status":"Accepted"}}]'.encode()))
        elif not self.answer.done():
            self.answer.set_result(payload)

    async def heard(self) -> bytes:
        """The next answer; empty when the connection ended or none came in time."""
        waiting = {self.answer, self.ended}
        done, _ = await asyncio.wait(waiting, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self.answer not in done:
            return b""
        payload, self.answer = self.answer.result(), asyncio.get_running_loop().create_future()
        return payload


class Charger:
    """One charger for the whole run. `told` holds every message: its phase, and whether it was acknowledged."""

    def __init__(self, fleet: "Fleet", number: int, identity: str, request: bytes) -> None:
        self.identity = identity
        self.told: dict[str, tuple[int, bool]] = {}
        self.transactions: list[int] = []
        self.heard_at = 0.0
        self._fleet, self._number, self._request = fleet, number, request
        self._script = Script(number)
        self._chance = random.Random(number)
        self._unanswered: tuple[str, bytes] | None = None

    async def run(self, port: int) -> None:
        """Connect, talk, and begin again until the fleet stops."""
        loop = asyncio.get_running_loop()
        while not self._fleet.stopping:
            try:
                made = loop.create_connection(lambda: Line(self._fleet, self._number, self._request), "127.0.0.1", port)
                _, line = await made
            except OSError:
                self._fleet.count("refused")
            else:
                await self._talk(line)
                line.close()
            await asyncio.sleep(self._chance.uniform(*AGAIN_SECONDS))

    async def _talk(self, line: Line) -> None:
        if not await line.heard():  # the boot's
            self._fleet.count("refused")
            return
        while not line.ended.done() and (not self._fleet.stopping or self._unanswered):
            message_id, data = self._unanswered = self._unanswered or self._script.next()
            self._fleet.count("sent")
            self.told.setdefault(message_id, (self._fleet.phase, False))
            line.write(data)
            payload = await line.heard()
            if not payload:
                self._fleet.count("unanswered")
                return
            self._unanswered = None
            self._take(message_id, payload)
            await asyncio.sleep(self._chance.uniform(*PAUSE_SECONDS))

    def _take(self, message_id: str, payload: bytes) -> None:
        self.heard_at = time.monotonic()
        if not payload.startswith(f'[3,"{message_id}"'.encode()):
            self._fleet.count("errors")
            self._fleet.shown.append(payload[:200].decode(errors="replace"))
            return
        self._fleet.count("acknowledged")
        self.told[message_id] = (self.told[message_id][0], True)
        if self._script.starting:
            self._script.transaction = msgspec.json.decode(payload)[2]["transactionId"]
            self.transactions.append(self._script.transaction)


class Fleet:
    """All chargers of this process, and what was counted in the present phase."""

    def __init__(self) -> None:
        self.chargers: list[Charger] = []
        self.handshakes: list[float] = []
        self.shown: list[str] = []
        self.phase = 0
        self.stopping = False
        self._counts: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def count(self, what: str) -> None:
        """One more of these."""
        self._counts[what] = self._counts.get(what, 0) + 1

    def refused(self, head: bytes) -> None:
        """No upgrade: the server closes, and the charger tries again."""

    async def connect(self, order: Order) -> Order:
        """Let the chargers live."""
        for number, identity in enumerate(order["identities"]):
            secret = base64.b64encode(f"{identity}:{order['password']}".encode()).decode()
            lines = (
                f"GET /ocpp/{identity} HTTP/1.1",
                f"Host: 127.0.0.1:{order['port']}",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Key: YmVuY2ggYmVuY2ggYmVuYw==",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Protocol: ocpp1.6",
                f"Authorization: Basic {secret}",
            )
            charger = Charger(self, number, identity, ("\r\n".join(lines) + "\r\n\r\n").encode())
            self.chargers.append(charger)
            self._tasks.append(asyncio.create_task(charger.run(order["port"])))
        return await self.live(order)

    async def live(self, order: Order) -> Order:
        """Wait until every charger has been answered since this order; the seconds that took."""
        since = time.monotonic()
        while any(charger.heard_at < since for charger in self.chargers):
            if time.monotonic() - since > order.get("patience", 120):
                silent = [charger.identity for charger in self.chargers if charger.heard_at < since]
                return {"seconds": None, "silent": silent[:5]}
            await asyncio.sleep(0.02)
        return {"seconds": max(charger.heard_at for charger in self.chargers) - since}

    async def phase_(self, order: Order) -> Order:
        """The counts since the last such order; the next phase begins."""
        counts, self._counts = self._counts, {}
        self.phase += 1
        return {"counts": counts}

    async def finish(self, order: Order) -> Order:
        """Stop once everything is answered, and write down what was said and acknowledged."""
        self.stopping = True
        done, _ = await asyncio.wait(self._tasks, timeout=PATIENCE_SECONDS)
        faults = [repr(error) for task in done if (error := task.exception())]
        told = {charger.identity: [charger.told, charger.transactions] for charger in self.chargers}
        await asyncio.to_thread(Path(order["file"]).write_text, json.dumps(told))
        return {"counts": self._counts, "faults": len(faults), "shown": faults[:5]}

    async def obey(self, order: Order) -> None:
        """Carry out one order and report."""
        self.shown.clear()
        does = {"connect": self.connect, "live": self.live, "phase": self.phase_, "finish": self.finish}
        reply = await does[order["do"]](order)
        sys.stdout.write(json.dumps({"reply": order["do"], "faults": 0, "shown": self.shown[:5], **reply}) + "\n")
        sys.stdout.flush()


async def main() -> None:
    """Obey until standard input ends."""
    orders = asyncio.StreamReader(limit=2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    fleet = Fleet()
    while line := await orders.readline():
        await fleet.obey(json.loads(line))


if __name__ == "__main__":
    uvloop.run(main())
