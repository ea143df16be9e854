"""The socket of the overview: live cells of the rows on screen, and when the panels above are old."""

import asyncio
import time

from chargepoints.consumers.person import person_of
from chargepoints.consumers.viewer import LOGIN_ENDED, SocketEnd, Viewer, read
from chargepoints.events import ROW, topic
from chargepoints.permissions import charge_points_for
from chargepoints.rendering.live import cell_frame, panel_frame
from chargepoints.rendering.overview import overview_cells
from chargepoints.selectors.log_lines import cursors_of
from hub.bus import Callback

MOST_ROWS = 300
PANEL_SECONDS = 2.0
PANELS = ("kpis", "attention")


class OverviewViewer(Viewer):
    """`/ws/overview/`; the browser says `{"rows": [1, 2, 3]}`, the charge points on its screen."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: list[int] | None = None
        self._rows: set[int] = set()
        self._cells: dict[int, str] = {}
        self._stale: set[int] = set()
        self._fresh: set[int] = set()
        self._cursors: dict[int, int] = {}
        self._changed = False
        self._panels_at = 0.0

    async def enter(self) -> None:
        """Only a login is needed; rows are checked one by one."""
        await self._visible([])

    async def tick(self) -> None:
        """Check everything again; rows whose log went on without a cell are rendered now."""
        ids = sorted(self._rows)
        visible = await self._visible(ids)
        await self._unwatch(self._rows - visible)
        await self.announce()
        cursors = await read(cursors_of, ids)
        moved = {pk for pk, seq in cursors.items() if self._cursors.get(pk, seq) != seq}
        self._stale |= (moved & self._rows) - self._fresh
        self._cursors, self._fresh = cursors, set()
        self._changed = True

    async def show(self) -> None:
        """Subscribe to what was asked for, then cells, then which panels are out of date."""
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            await self._watch(wanted)
        if self._stale:
            stale, self._stale = sorted(self._stale & self._rows), set()
            self._cells.update({pk: cell_frame(html) for pk, html in (await read(overview_cells, stale)).items()})
        while self._cells and self.ready:
            pk, frame = self._cells.popitem()
            if pk in self._rows:
                await self.put(frame)
                self._changed = True
        await self._panels()

    async def asked(self, frame: dict[str, object]) -> None:
        """Other rows are on the screen now."""
        rows = frame.get("rows")
        if isinstance(rows, list):
            self._wanted = [pk for pk in rows if isinstance(pk, int) and 0 < pk < 2**63][:MOST_ROWS]
            self.wake.set()

    async def _panels(self) -> None:
        if not (self._changed and self.ready):
            return
        early = self._panels_at + PANEL_SECONDS - time.monotonic()
        if early > 0:
            asyncio.get_running_loop().call_later(early, self.wake.set)
            return
        self._changed, self._panels_at = False, time.monotonic()
        for panel in PANELS:
            await self.put(panel_frame(panel))

    async def _watch(self, wanted: list[int]) -> None:
        """Subscribe first, then render once: a row may have changed since its page was made."""
        visible = await self._visible(wanted)
        await self._unwatch(self._rows - visible)
        new = visible - self._rows
        self._rows = visible
        await self.follow({topic(ROW, pk): self._cell_taker(pk) for pk in new})
        await self.announce()
        self._cursors.update(await read(cursors_of, sorted(new)))
        self._stale |= new

    async def _unwatch(self, ids: set[int]) -> None:
        self._rows = self._rows - ids
        await self.leave(topic(ROW, pk) for pk in ids)

    async def _visible(self, ids: list[int]) -> set[int]:
        return await read(_visible, self.session_key, ids)

    def _cell_taker(self, pk: int) -> Callback:
        def take(message: dict[str, object]) -> None:
            self._cells[pk] = str(message["f"])
            self._fresh.add(pk)
            self.wake.set()

        return take


def _visible(session_key: str | None, ids: list[int]) -> set[int]:
    """Those of `ids` that this session may see. Raises SocketEnd when the login has ended."""
    person = person_of(session_key)
    if not person.is_authenticated:
        raise SocketEnd(LOGIN_ENDED)
    return set(charge_points_for(person).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
