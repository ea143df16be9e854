"""uvicorn's websocket with a lane: `uvicorn hub.asgi:application --ws hub.sansio:HubProtocol`."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State
from websockets.streams import StreamReader

from hub.lane import Lane, frame_of, text_of

_NEXT_FRAME = StreamReader.at_eof.__code__


class HubProtocol(WebSocketsSansIOProtocol):
    """One websocket. What comes by the lane does not pass the parser, which then waits for a frame as before."""

    lane: Lane

    def handle_connect(self, event: Any) -> None:
        """A request for an upgrade: its application begins after this."""
        super().handle_connect(event)
        self.lane = Lane(self._write)
        if hasattr(self, "scope"):
            self.scope["hub.lane"] = self.lane  # type: ignore[typeddict-unknown-key]

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self.handshake_complete and (take := self.lane.take) is not None and self._is_between_frames():
            text = text_of(data)
            if text is not None and self.queue.empty() and take(text):
                return
        super().data_received(data)

    def _is_between_frames(self) -> bool:
        """Whether the parser waits for the first byte of a message."""
        waits: Any = self.conn.parser
        while waits.gi_yieldfrom is not None:
            waits = waits.gi_yieldfrom
        return waits.gi_code is _NEXT_FRAME and self.conn.current_size is None and self.conn.state is State.OPEN

    def _write(self, text: str) -> bool:
        if self.close_sent or self.disconnected or not self.writable.is_set() or self.conn.state is not State.OPEN:
            return False
        self.transport.write(frame_of(text))
        return True
