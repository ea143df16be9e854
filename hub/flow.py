"""Answers that are larger than memory, over daphne: the application waits while the socket does not take more.

daphne hands whatever it is given to twisted, which keeps it: a slow reader of a large file would fill the memory.
"""

import asyncio
from typing import Any


class Flow:
    """Told by twisted whether the socket of an answer takes more (a push producer); it does not above 64 KiB."""

    def __init__(self, *, is_waiting: bool) -> None:
        self._free = asyncio.Event()
        if not is_waiting:
            self._free.set()

    def pauseProducing(self) -> None:  # noqa: N802 - twisted's names
        """The socket takes no more for now."""
        self._free.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """It does again."""
        self._free.set()

    def stopProducing(self) -> None:  # noqa: N802
        """It is gone: nobody waits for it."""
        self._free.set()

    async def drained(self) -> None:
        """Wait until the socket takes more."""
        await self._free.wait()


class FlowingServer:
    """For daphne's server: a piece of an answer counts as sent when the socket takes the next one."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """As daphne's, and then the wait, between the pieces of an answer."""
        flow = _flow(protocol, message) if message["type"] == "http.response.body" else None
        await super().handle_reply(protocol, message)  # type: ignore[misc]
        if flow is not None:
            await flow.drained()


def _flow(protocol: Any, message: dict[str, Any]) -> Flow | None:
    """What tells about the socket, from the first of several pieces on; None for the last piece."""
    if protocol.channel is None:
        return None
    if not message.get("more_body"):
        if protocol.producer is not None:
            protocol.unregisterProducer()
        return None
    if protocol.producer is None:
        protocol.registerProducer(Flow(is_waiting=protocol.channel._waitingForTransport), True)
    found: Flow = protocol.producer
    return found
