"""Transaction messages: sent in order, kept until they are answered (OCPP 1.6 section 3.7)."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hub.simulator.clock import Clock
from hub.simulator.config import Config
from hub.simulator.wire import Lost, NoAnswer, Payload, RpcError, Wire

KEEP_METER_VALUES = 500


@dataclass
class Entry:
    """One message. `build` runs at sending, when the transaction id is known; `done` gets the answer."""

    action: str
    build: Callable[[], Payload]
    done: Callable[[Payload], None]
    attempts: int = 0


class Outbox:
    """The queue of one charger. It outlives connections and reboots."""

    def __init__(self, clock: Clock, config: Config) -> None:
        self._clock, self._config = clock, config
        self._entries: deque[Entry] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, action: str, build: Callable[[], Payload], done: Callable[[Payload], None]) -> None:
        """Queue a message. Meter values are left out when the memory is full; a start or stop never is."""
        if action == "MeterValues" and len(self._entries) >= KEEP_METER_VALUES:
            return
        self._entries.append(Entry(action, build, done))
        self._filled.set()

    async def pump(self, wire: Wire) -> None:
        """Send what is there and what comes, until the connection ends."""
        while True:
            if not self._entries:
                self._filled.clear()
                await self._filled.wait()
            entry = self._entries[0]
            try:
                answer = await wire.call(entry.action, entry.build())
            except Lost:
                return
            except (RpcError, NoAnswer) as error:
                answer = {}
                entry.attempts += isinstance(error, RpcError)
                if entry.attempts < self._config.number("TransactionMessageAttempts"):
                    pause = self._config.number("TransactionMessageRetryInterval") * max(1, entry.attempts)
                    await self._clock.sleep(pause)
                    continue
            self._entries.popleft()
            entry.done(answer)
