"""The load generator, a process of its own: thousands of stations on raw sockets, steered by JSON lines.

Orders on standard input: `connect` (and boot), `load`, `quit`. Each is answered by one line on standard output.
Calls of the central system are accepted at once, and reported as `{"call": id, "ns": monotonic time}`.
"""

import asyncio
import base64
import json
import sys
import time
from typing import Any, cast

import msgspec
import uvloop

from tests.bench.messages import BOOT, Script, call, frame
from tests.bench.table import percentile

Order = dict[str, Any]
PATIENCE_SECONDS = 60.0
SHOWN = 5


class Station(asyncio.Protocol):
    """One connection of one station: one message at a time, the next when the answer is there."""

    def __init__(self, fleet: "Fleet", number: int, request: bytes) -> None:
        self._fleet, self._request = fleet, request
        self._script = Script(number)
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._is_open = False
        self._awaited = b""
        self._left = 0
        self._since = time.perf_counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """The central system has gone."""
        self._fleet.lost(self._is_open)

    def data_received(self, data: bytes) -> None:
        """Take what is complete."""
        self._buffer += data
        if not self._is_open and not self._opened():
            return
        while (found := self._frame()) is not None:
            kind, payload = found
            if kind == 1:
                self._text(payload)
            elif kind == 9:
                self.write(frame(payload, 0x8A))
            elif kind == 8:
                self.close()

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self._transport is not None
        self._transport.write(data)

    def close(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.close()

    def go(self, count: int) -> None:
        """Send `count` messages, one after the other."""
        self._left = count
        self._next()

    def _opened(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        if b" 101 " not in head[:16]:
            self._fleet.refused(head)
            return False
        self._is_open = True
        self._fleet.handshakes.append(time.perf_counter() - self._since)
        self._awaited = b'[3,"boot"'
        self.write(call("boot", "BootNotification", BOOT))
        return True

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._buffer
        if len(data) < 2:
            return None
        size, at = data[1], 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        if len(data) < at + size:
            return None
        kind, payload = data[0] & 15, bytes(data[at : at + size])
        del data[: at + size]
        return kind, payload

    def _text(self, payload: bytes) -> None:
        if payload.startswith(b"[2,"):
            message_id = msgspec.json.decode(payload)[1]
            self._fleet.say({"call": message_id, "ns": time.monotonic_ns()})
            self.write(frame(f'[3,"{message_id}",{{"status":"Accepted"}}]'.encode()))
            return
        if not payload.startswith(self._awaited):
            self._fleet.wrong(payload)
        if self._script.starting:
            self._script.transaction = msgspec.json.decode(payload)[2]["transactionId"]
        if self._awaited == b'[3,"boot"':
            self._fleet.booted()
            self._awaited = b"-"
            return
        self._fleet.answers.append(time.perf_counter() - self._since)
        self._next()

    def _next(self) -> None:
        if not self._left:
            self._fleet.done()
            return
        self._left -= 1
        message_id, data = self._script.next()
        self._awaited = f'[3,"{message_id}"'.encode()
        self._since = time.perf_counter()
        self.write(data)


class Fleet:
    """All stations of this process and what happened to them."""

    def __init__(self) -> None:
        self.stations: list[Station] = []
        self.handshakes: list[float] = []
        self.answers: list[float] = []
        self.faults: list[str] = []
        self._waiting = 0
        self._reached = asyncio.Event()

    def say(self, line: Order) -> None:
        """Report a line."""
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def booted(self) -> None:
        """One station more is ready."""
        self.done()

    def done(self) -> None:
        """One station has done its part of the order."""
        self._waiting -= 1
        if self._waiting <= 0:
            self._reached.set()

    def wrong(self, payload: bytes) -> None:
        """An answer that is none, or not to our question."""
        self.faults.append(payload[:200].decode(errors="replace"))

    def refused(self, head: bytes) -> None:
        """No upgrade."""
        self.faults.append(head[:80].decode(errors="replace"))
        self.done()

    def lost(self, was_open: bool) -> None:
        """A connection that has ended before we wanted it to."""
        self.faults.append("connection lost" if was_open else "connection lost before the upgrade")
        self.done()

    async def connect(self, order: Order) -> Order:
        """Connect and boot `identities`, at most `width` handshakes at a time; all of them when it is 0."""
        identities, width = order["identities"], order["width"] or len(order["identities"])
        begin = time.perf_counter()
        self.handshakes.clear()
        for at in range(0, len(identities), width):
            some = identities[at : at + width]
            self._expect(len(some))
            made = [self._station(order, at + number, name) for number, name in enumerate(some)]
            await asyncio.gather(*(self._open(order, station) for station in made))
            await self._wait()
            self.stations += made
        return {"seconds": time.perf_counter() - begin, "connected": len(self.handshakes), **_times(self.handshakes)}

    async def load(self, order: Order) -> Order:
        """Let every station send `messages`, one at a time."""
        self.answers.clear()
        self._expect(len(self.stations))
        begin = time.perf_counter()
        for station in self.stations:
            station.go(order["messages"])
        await self._wait()
        return {"seconds": time.perf_counter() - begin, "answered": len(self.answers), **_times(self.answers)}

    async def obey(self, order: Order) -> None:
        """Carry out one order and report."""
        self.faults.clear()
        reply = await getattr(self, order["do"])(order)
        faults = {"faults": len(self.faults), "shown": self.faults[:SHOWN]}
        self.say({"reply": order["do"], **reply, **faults})

    def _station(self, order: Order, number: int, identity: str) -> Station:
        secret = base64.b64encode(f"{identity}:{order['password']}".encode()).decode()
        lines = (
            f"GET {order['path']}/{identity} HTTP/1.1",
            f"Host: 127.0.0.1:{order['port']}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: YmVuY2ggYmVuY2ggYmVuYw==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: ocpp1.6",
            f"Authorization: Basic {secret}",
        )
        return Station(self, number, ("\r\n".join(lines) + "\r\n\r\n").encode())

    @staticmethod
    async def _open(order: Order, station: Station) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: station, "127.0.0.1", order["port"])

    def _expect(self, count: int) -> None:
        self._waiting = count
        self._reached.clear()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._reached.wait()
        except TimeoutError:
            self.faults.append(f"{self._waiting} stations did not finish within {PATIENCE_SECONDS:.0f} s")


def _times(seconds: list[float]) -> Order:
    return {f"p{share}": percentile(seconds, share / 100) * 1000 for share in (50, 99)}


async def main() -> None:
    """Obey until standard input ends."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    fleet = Fleet()
    while line := await orders.readline():
        await fleet.obey(json.loads(line))
    for station in fleet.stations:
        station.close()


if __name__ == "__main__":
    uvloop.run(main())
