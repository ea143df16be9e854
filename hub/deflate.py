"""permessage-deflate (RFC 7692) with a bound on what a message may become when it is inflated."""

import zlib
from collections.abc import Callable, Iterable
from typing import Any

from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

# Of our own direction: 4 kB of window and little more for each socket, instead of 256 kB.
WINDOW_BITS, MEMORY_LEVEL = 12, 5


def accept(offers: Iterable[object]) -> object | None:
    """The first offer of deflate, with small windows; None when there is none."""
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            asked = offer.request_max_window_bits
            window = min(asked, WINDOW_BITS) if asked else WINDOW_BITS
            return PerMessageDeflateOfferAccept(offer, window_bits=window, mem_level=MEMORY_LEVEL)  # type: ignore[no-any-return]
    return None


class Bounded:
    """autobahn's deflate, whose messages never become longer than `limit` bytes.

    `fail` is called with a close code when one would, or cannot be inflated at all; nothing comes of it then.
    """

    def __init__(self, inner: Any, limit: int, fail: Callable[[int, str], object]) -> None:
        self._inner, self._limit, self._fail = inner, limit, fail
        self._left = limit
        self._failed = False

    def __getattr__(self, name: str) -> Any:
        """What is sent is deflated as ever."""
        return getattr(self._inner, name)

    def start_decompress_message(self) -> None:
        """A message begins."""
        self._left = self._limit
        self._inner.start_decompress_message()

    def decompress_message_data(self, data: bytes) -> bytes:
        """The next bytes of the message."""
        if self._failed:
            return b""
        decompressor = self._inner._decompressor
        try:
            clear: bytes = decompressor.decompress(data, self._left + 1)
        except zlib.error:
            return self._give_up(1007, "this cannot be inflated")
        self._left -= len(clear)
        if self._left < 0 or decompressor.unconsumed_tail:
            return self._give_up(1009, "the message is too big when it is inflated")
        return clear

    def end_decompress_message(self) -> None:
        """The message ends; four bytes that every one has, and that are never sent, come last."""
        if not self._failed:
            try:
                self._inner._decompressor.decompress(b"\x00\x00\xff\xff", self._left + 1)
            except zlib.error:
                self._give_up(1007, "this cannot be inflated")

    def _give_up(self, code: int, reason: str) -> bytes:
        self._failed = True
        self._fail(code, reason)
        return b""
