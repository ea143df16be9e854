"""Answers that are larger than memory, over daphne: the application waits while the socket does not take more.

daphne hands whatever it is given to twisted, which keeps it: a slow reader of a large file would fill the memory.
"""

import asyncio
from typing import Any

from twisted.internet.protocol import connectionDone


class Flowing:
    """For twisted's HTTP channel: it knows whether its socket takes more (twisted pauses it above 64 KiB)."""

    _drain: asyncio.Event | None = None

    def pauseProducing(self) -> None:  # noqa: N802 - twisted's name
        """The socket takes no more for now."""
        self._drain = self._drain or asyncio.Event()
        super().pauseProducing()  # type: ignore[misc]

    def resumeProducing(self) -> None:  # noqa: N802
        """It does again."""
        self._let_go()
        super().resumeProducing()  # type: ignore[misc]

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802
        """Nobody waits for a connection that is gone."""
        self._let_go()
        super().connectionLost(reason)  # type: ignore[misc]

    async def drained(self) -> None:
        """Wait until the socket takes more."""
        if self._drain is not None:
            await self._drain.wait()

    def _let_go(self) -> None:
        if self._drain is not None:
            self._drain.set()
            self._drain = None


class FlowingServer:
    """For daphne's server: a piece of an answer counts as sent when the socket takes the next one."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """As daphne's, and then the wait, between the pieces of an answer."""
        await super().handle_reply(protocol, message)  # type: ignore[misc]
        if message.get("more_body") and message["type"] == "http.response.body":
            channel = getattr(protocol, "channel", None)
            if isinstance(channel, Flowing):
                await channel.drained()
