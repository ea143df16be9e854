"""The short way between a server's socket and its application carries whole frames of text, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from hub.lane import frame_of, text_of

MASK = b"\x01\xfe\x40\x07"


def frame(payload: bytes, **changes: object) -> bytes:
    """A client's frame as another implementation writes it."""
    return Frame(**{"opcode": Opcode.TEXT, "data": payload} | changes).serialize(mask=True)  # type: ignore[arg-type]


def read(data: bytes) -> Frame:
    """A server's frame as another implementation reads it."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    found: Frame = done.value.value
    return found


@given(st.text(min_size=2, max_size=70_000))
def test_texts_pass_both_ways(text: str) -> None:
    payload = text.encode()
    assert text_of(frame(payload)) == (text if len(payload) <= 0xFFFF else None)
    back = read(frame_of(text))
    assert (back.opcode, back.fin, back.data) == (Opcode.TEXT, True, payload)


@pytest.mark.parametrize("size", [2, 125, 126, 127, 128, 65_535, 65_536])
def test_lengths(size: int) -> None:
    text = "x" * size
    assert text_of(frame(text.encode())) == (text if size <= 0xFFFF else None)
    assert read(frame_of(text)).data == text.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        frame(b""),
        frame(b"binary", opcode=Opcode.BINARY),
        frame(b"the rest", opcode=Opcode.CONT),
        frame(b"the start", fin=False),
        frame(b"ping", opcode=Opcode.PING),
        frame(b"\x03\xe8bye", opcode=Opcode.CLOSE),
        b"\xc1" + frame(b"compressed")[1:],
        frame(b"not all of it")[:-1],
        frame(b"x" * 200)[:3],
        frame(b"one") + frame(b"two"),
        frame(b"not UTF-8 \xff"),
        b"\x81\x09not mine.",
        # A length in more bytes than it needs, and one in eight bytes whose head alone has come.
        b"\x81\xfe\x00\x05" + MASK + b"hello",
        b"\x81\xff" + bytes(131),
    ],
    # The frames are masked at random; the tests of all processes must have the same names.
    ids=lambda data: f"{len(data)}-bytes",
)
def test_everything_else_goes_the_long_way(data: bytes) -> None:
    assert text_of(data) is None
