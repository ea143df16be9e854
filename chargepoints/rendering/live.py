"""Frames for viewers, rendered once for all of them and published on the bus.

A published log frame carries `p`, the cursor of the row before its first, and `c`, that of its last: a viewer
who is at `p` takes it as it is, one who has `c` drops it, and everybody else reads after the own cursor.
"""

from collections.abc import Iterable, Mapping

import msgspec
from redis.exceptions import RedisError

from chargepoints.events import LOG, PANELS, ROW, topic
from chargepoints.models import ChargePoint
from chargepoints.rendering.log import log_html
from chargepoints.rendering.overview import overview_cells
from chargepoints.selectors.log_lines import cursor_of_last, lines_after
from hub import bus

FRAME_ROWS = 200
FRAMES_AT_ONCE = 5
# Where nobody has looked for a while, the first frame begins this many rows back.
FIRST_ROWS = 20
RENDERED_SECONDS = 60

Message = tuple[str, Mapping[str, object]]


def log_frame(before: int, last: int, html: str) -> str:
    """The JSON text of a log frame."""
    return msgspec.json.encode({"t": "log", "p": before, "c": last, "h": html}).decode()


def panel_frame(panel: str) -> str:
    """The JSON text that says that a panel is out of date."""
    return msgspec.json.encode({"t": "panel", "id": panel}).decode()


def gap_frame(count: int) -> str:
    """The JSON text that says how many rows are left out."""
    return msgspec.json.encode({"t": "gap", "n": count}).decode()


def cell_frame(html: str) -> str:
    """The JSON text of live cells."""
    return msgspec.json.encode({"t": "cell", "h": html}).decode()


def changes_publish(facets_by_id: Mapping[int, Iterable[str]]) -> None:
    """Render what changed and publish it to the viewers of each charge point."""
    facets = {pk: set(names) for pk, names in facets_by_id.items()}
    messages: list[Message] = []
    for pk, names in facets.items():
        panels = sorted(names & PANELS)
        if panels:
            messages.append((bus.live_channel(topic("head", pk)), {"panels": panels}))
    messages += _logs([pk for pk, names in facets.items() if LOG in names])
    messages += _rows([pk for pk, names in facets.items() if ROW in names])
    if messages:
        bus.publish(messages)


def _rows(ids: list[int]) -> list[Message]:
    cells = overview_cells(ids) if ids else {}
    return [(bus.live_channel(topic(ROW, pk)), {"f": cell_frame(html)}) for pk, html in cells.items()]


def _logs(ids: list[int]) -> list[Message]:
    if not ids:
        return []
    cursors = _rendered(ids)
    charge_points = ChargePoint.objects.select_related("site").in_bulk(ids)
    messages: list[Message] = []
    after: dict[int, int] = {}
    for pk, charge_point in charge_points.items():
        frames = _log_frames(charge_point, cursors.get(pk))
        if frames:
            after[pk] = frames[-1][1]
            channel = bus.live_channel(topic(LOG, pk))
            messages += [(channel, {"p": p, "c": c, "f": log_frame(p, c, html)}) for p, c, html in frames]
    _remember(after)
    return messages


def _log_frames(charge_point: ChargePoint, cursor: int | None) -> list[tuple[int, int, str]]:
    """(cursor before, cursor of the last row, rows) of what is new, at most 1,000 rows: the rest is read."""
    at = cursor_of_last(charge_point.pk, FIRST_ROWS) if cursor is None else cursor
    frames: list[tuple[int, int, str]] = []
    for _ in range(FRAMES_AT_ONCE):
        lines = lines_after(charge_point.pk, at, FRAME_ROWS)
        if lines:
            frames.append((at, lines[-1].seq, log_html(charge_point, lines)))
            at = lines[-1].seq
        if len(lines) < FRAME_ROWS:
            return frames
    return frames


def _key(pk: int) -> str:
    return f"hub:rendered:{pk}"


def _rendered(ids: list[int]) -> dict[int, int]:
    """The last rendered cursor of each charge point, where it is not too long ago."""
    try:
        values = bus.client().mget([_key(pk) for pk in ids])
    except RedisError:
        return {}
    return {pk: int(value) for pk, value in zip(ids, values, strict=True) if value is not None}


def _remember(cursors: Mapping[int, int]) -> None:
    """Two workers may render the same rows at once: the viewers sort that out by their cursors."""
    if not cursors:
        return
    try:
        with bus.client().pipeline(transaction=False) as pipe:
            for pk, cursor in cursors.items():
                pipe.set(_key(pk), cursor, ex=RENDERED_SECONDS)
            pipe.execute()
    except RedisError:
        return
