"""The socket of one charge point's page: its log, and which of its panels are out of date."""

from collections import deque
from dataclasses import dataclass
from urllib.parse import parse_qs

from chargepoints.consumers.person import person_of
from chargepoints.consumers.viewer import LOGIN_ENDED, NOT_FOUND, SocketEnd, Viewer, read
from chargepoints.events import LOG, PANELS, topic
from chargepoints.models import ChargePoint, LogLine
from chargepoints.permissions import charge_points_for
from chargepoints.rendering.live import FRAME_ROWS, gap_frame, log_frame, panel_frame
from chargepoints.rendering.log import log_html
from chargepoints.selectors.log_lines import (
    LARGEST_SEQ,
    Pulse,
    cursor_newest,
    cursor_of_last,
    lines_after,
    lines_behind,
    pulse_of,
)

MOST_ROWS = 10_000
# Published frames that wait for their turn; one more means reading after the cursor instead.
MOST_FRAMES = 8


@dataclass(frozen=True, slots=True)
class Published:
    """A log frame as the rendering task published it."""

    before: int
    last: int
    text: str


class ChargePointViewer(Viewer):
    """`/ws/charge-points/<pk>/?after=<cursor>`; without a cursor it begins at the newest line."""

    charge_point: ChargePoint
    pulse: Pulse
    cursor: int

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[Published] = deque()
        self._panels: set[str] = set()
        self._behind = True

    async def enter(self) -> None:
        """Subscribe, announce, then read: in this order nothing falls between."""
        await self._check()
        pk = self.charge_point.pk
        await self.follow({topic(LOG, pk): self._on_log, topic("head", pk): self._on_panels})
        await self.announce()
        asked = _cursor_asked(self.scope.get("query_string", b""))
        if asked is None:
            self.cursor = await read(cursor_newest, pk)
        else:
            self.cursor = await self._skip(pk, asked)

    async def tick(self) -> None:
        """Check session and permission again, announce again; what no frame told is found here."""
        before = self.pulse
        await self._check()
        await self.announce()
        if self.pulse != before:
            self._panels |= PANELS
        self._behind = True

    async def show(self) -> None:
        """Panels, then rows: published frames that follow directly, else what the database has."""
        while self.ready and self._panels:
            await self.put(panel_frame(self._panels.pop()))
        while self._frames and not self._behind and self.ready:
            frame = self._frames.popleft()
            if frame.last <= self.cursor:
                continue
            if frame.before == self.cursor:
                await self.put(frame.text)
                self.cursor = frame.last
            else:
                self._behind = True
        while self._behind and self.ready:
            self._frames.clear()
            self._behind = await self._read_on()

    async def _read_on(self) -> bool:
        """Send the next rows after the cursor; True when there may be more."""
        lines, html = await read(_rows_after, self.charge_point, self.cursor)
        if lines:
            await self.put(log_frame(self.cursor, lines[-1].seq, html))
            self.cursor = lines[-1].seq
        return len(lines) == FRAME_ROWS

    async def _check(self) -> None:
        pk = self.scope["url_route"]["kwargs"]["pk"]
        self.charge_point, self.pulse = await read(_visible, self.session_key, pk)

    async def _skip(self, pk: int, asked: int) -> int:
        """Where to go on: far behind, only the newest 10,000 rows are sent, and the rest is counted."""
        behind = await read(lines_behind, pk, asked)
        if behind <= MOST_ROWS:
            return asked
        await self.put(gap_frame(behind - MOST_ROWS))
        return await read(cursor_of_last, pk, MOST_ROWS)

    def _on_log(self, message: dict[str, object]) -> None:
        if len(self._frames) >= MOST_FRAMES or not self.ready:
            self._frames.clear()
            self._behind = True
        else:
            frame = Published(int(str(message["p"])), int(str(message["c"])), str(message["f"]))
            self._frames.append(frame)
        self.wake.set()

    def _on_panels(self, message: dict[str, object]) -> None:
        names = message.get("panels")
        self._panels |= set(names) & PANELS if isinstance(names, list) else set()
        self.wake.set()


def _cursor_asked(query: bytes) -> int | None:
    text = parse_qs(query.decode("latin-1")).get("after", [""])[0]
    return min(int(text), LARGEST_SEQ) if text.isascii() and text.isdigit() else None


def _visible(session_key: str | None, pk: int) -> tuple[ChargePoint, Pulse]:
    """The charge point with its pulse. Raises SocketEnd when this session may not see it."""
    person = person_of(session_key)
    if not person.is_authenticated:
        raise SocketEnd(LOGIN_ENDED)
    found = charge_points_for(person).select_related("site").filter(pk=pk).first()
    if found is None:
        raise SocketEnd(NOT_FOUND)
    return found, pulse_of(found)


def _rows_after(charge_point: ChargePoint, cursor: int) -> tuple[list[LogLine], str]:
    lines = lines_after(charge_point.pk, cursor, FRAME_ROWS)
    return lines, log_html(charge_point, lines) if lines else ""
