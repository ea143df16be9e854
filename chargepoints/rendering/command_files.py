"""Commands for spreadsheets: CSV in constant memory, a batch at a time; no cell can become a formula."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from chargepoints.models import Command
from chargepoints.rendering.commands import command_title, outcome_look
from chargepoints.withheld import tellable
from hub.spreadsheets import neutral

COLUMNS = (
    *("id", "asked at", "site", "charge point", "identity", "command", "kind", "parameters", "connector", "by", "from"),
    *("reason", "outcome", "status", "answer", "effect", "effect text", "planned for", "kept until", "sent at"),
    *("answered at", "effect at"),
)
_MARK = b"\xef\xbb\xbf"


def commands_csv(batches: Iterable[list[Command]]) -> Iterator[bytes]:
    """Comma-separated text in UTF-8 with its mark and a head line; times as ISO 8601 in the site's zone."""
    yield _MARK + _csv([COLUMNS])
    for batch in batches:
        yield _csv([_cells(command) for command in batch])


def _cells(command: Command) -> list[str]:
    point = command.charge_point
    zone = ZoneInfo(point.site.time_zone)
    cells = [
        *(str(command.pk), _time(command.created_at, zone), point.site.name, point.name, point.identity or ""),
        *(command_title(command), command.kind, json.dumps(tellable(command.parameters), ensure_ascii=False)),
        *("" if command.connector_number is None else str(command.connector_number), command.author_name),
        *(command.author_address, command.reason, outcome_look(command).label, command.status, command.answer),
        *(command.effect, command.effect_text, _time(command.not_before, zone), _time(command.keep_until, zone)),
        *(_time(command.sent_at, zone), _time(command.answered_at, zone), _time(command.effect_at, zone)),
    ]
    return [neutral(cell) for cell in cells]


def _time(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat("T", "milliseconds") if moment else ""


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
