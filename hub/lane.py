"""A short way between a websocket's server and its application.

ASGI takes a queue, a dictionary, a woken task and a coroutine for each message, and the servers' parsers are made for
all that a frame may be. A lane carries what nearly all messages are: one whole frame of plain text. Everything else,
and what the application will not take now, goes ASGI's way.
"""

from collections.abc import Callable

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled part
    from websockets.utils import apply_mask

MAX_BYTES = 0xFFFF
_TEXT = 0x81  # final, nothing reserved, text (RFC 6455, 5.2)


class Lane:
    """Stands in the scope as `hub.lane`.

    The application sets `take`, which says whether it took a text; the server asks it only while nothing waits in
    ASGI's way. `write` is the server's and says whether it sent a text.
    """

    __slots__ = ("take", "write")

    def __init__(self, write: Callable[[str], bool]) -> None:
        self.take: Callable[[str], bool] | None = None
        self.write = write


def text_of(data: bytes) -> str | None:
    """The text of a client's frame when `data` is exactly one that a lane may carry, else None."""
    size = len(data)
    if size < 8 or data[0] != _TEXT:
        return None
    length, begin = data[1] - 0x80, 6
    if length == 126:
        length, begin = data[2] << 8 | data[3], 8
    elif length < 0 or length == 127:  # not masked, or long
        return None
    if size != begin + length or (begin == 8 and length < 126):
        return None
    try:
        return apply_mask(data[begin:], data[begin - 4 : begin]).decode()
    except UnicodeDecodeError:
        return None


def frame_of(text: str) -> bytes:
    """A server's frame for a text."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size <= MAX_BYTES:
        return bytes((_TEXT, 126, size >> 8, size & 0xFF)) + payload
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + payload
