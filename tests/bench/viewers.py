"""Browsers that look at one charger's log, many in one event loop."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

ROW = re.compile(r'data-seq="(\d+)"')


class Audience:
    """Open live sockets; `seen` tells for each sequence when each viewer had its row (monotonic seconds)."""

    def __init__(self) -> None:
        self.seen: dict[int, list[float]] = {}
        self._changed = asyncio.Event()

    async def follow(self, socket: ClientConnection) -> None:
        """Read and acknowledge until the socket is closed."""
        count = 0
        try:
            async for message in socket:
                at = time.monotonic()
                count += 1
                await socket.send(f'{{"a":{count}}}')
                frame = msgspec.json.decode(message)
                for seq in ROW.findall(frame["h"]) if frame["t"] == "log" else ():
                    self.seen.setdefault(int(seq), []).append(at)
                self._changed.set()
        except ConnectionClosed:
            return

    async def until_rows(self, count: int, viewers: int, seconds: float) -> None:
        """Wait until `count` rows were seen by `viewers` each. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while sum(len(times) == viewers for times in self.seen.values()) < count:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def audience(port: int, charge_point_id: int, cookie: str, viewers: int) -> AsyncIterator[Audience]:
    """So many viewers of one charger, connected and subscribed."""
    made = Audience()
    address = f"ws://127.0.0.1:{port}/ws/charge-points/{charge_point_id}/"
    async with AsyncExitStack() as stack:
        tasks = []
        for _ in range(viewers):
            opening = connect(
                address,
                additional_headers={"Cookie": cookie},
                origin=Origin(f"http://127.0.0.1:{port}"),
                compression=None,
                ping_interval=None,
            )
            socket = await stack.enter_async_context(opening)
            tasks.append(asyncio.create_task(made.follow(socket)))
        yield made
        for task in tasks:
            task.cancel()
