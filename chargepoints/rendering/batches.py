"""Batches for people: what they do, how far they are, and what became of each charger."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils import timezone

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.choices import Integration
from chargepoints.models import BatchRow, Command, CommandBatch
from chargepoints.rendering.commands import command_title
from chargepoints.rendering.status import Look
from chargepoints.rendering.steps import steps
from chargepoints.selectors.batches import Counts
from chargepoints.selectors.bulk import Target
from chargepoints.services.batch_runs import kept_until
from chargepoints.withheld import tellable
from hub.spreadsheets import neutral
from hub.templatetags.desk import span_words

NAMED, NAMED_OF_A_REASON = 60, 30
BATCH_LOOKS: dict[str, Look] = {
    BatchState.SCHEDULED: Look("prep", "clock", "Planned"),
    BatchState.RUNNING: Look("charge", "loader-circle", "Running"),
    BatchState.HALTED: Look("bad", "triangle-alert", "Halted"),
    BatchState.STOPPED: Look("off", "square", "Stopped"),
    BatchState.FINISHED: Look("ok", "circle-check", "Finished"),
}
# In the order of the bar.
ROW_LOOKS: dict[str, Look] = {
    BatchRowState.DONE: Look("ok", "circle-check", "Done"),
    BatchRowState.WATCHED: Look("prep", "eye", "Watched"),
    BatchRowState.RUNNING: Look("charge", "loader-circle", "Under way"),
    BatchRowState.FAILED: Look("bad", "x", "Failed"),
    BatchRowState.STOPPED: Look("off", "square", "Not sent"),
    BatchRowState.WAITING: Look("gone", "hourglass", "Waiting"),
    BatchRowState.LEFT_OUT: Look("gone", "ban", "Left out"),
}
_FILLS = {"gone": "f-none"}
COLUMNS = ("charger", "identity", "site", "state", "why", "tries", "began", "ended", "answer", "effect", "command")


@dataclass(frozen=True, slots=True)
class Piece:
    """One state of the bar and its legend; `x` and `width` of 1000."""

    state: str
    look: Look
    count: int
    fill: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch as a row of the list."""

    batch: CommandBatch
    title: str
    look: Look
    counts: Counts
    pieces: Sequence[Piece]
    failed: int


@dataclass(frozen=True, slots=True)
class RowLine:
    """A charger of a batch."""

    row: BatchRow
    look: Look
    why: str
    life: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Chargers that are left out for one reason; of many only the first are named."""

    why: str
    named: Sequence[Target]
    more: int

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.named) + self.more


def batch_title(batch: CommandBatch) -> str:
    """What it does, in few words: `Reboot, soft`, `Update firmware to 2.0`."""
    if batch.firmware is not None:
        return f"Update firmware to {batch.firmware.version}"
    number = batch.parameters.get("connector")
    whole = int(str(number)) if str(number).isdecimal() else None
    return command_title(Command(kind=batch.kind, parameters=batch.parameters, connector_number=whole))


def batch_line(batch: CommandBatch, counts: Counts) -> BatchLine:
    """A batch with its looks."""
    failed = counts.of(BatchRowState.FAILED)
    return BatchLine(batch, batch_title(batch), BATCH_LOOKS[batch.state], counts, pieces(counts), failed)


def pieces(counts: Counts) -> list[Piece]:
    """The rows by state as pieces of a bar of 1000; what was left out has a legend and no piece."""
    total, x, found = counts.wanted or 1, 0.0, []
    for state, look in ROW_LOOKS.items():
        count = counts.of(BatchRowState(state))
        width = 0.0 if state == BatchRowState.LEFT_OUT else count / total * 1000
        fill = _FILLS.get(look.kind, f"f-{look.kind}")
        found.append(Piece(state, look, count, fill, round(x, 1), _shown_width(width)))
        x += width
    return found


def _shown_width(width: float) -> float:
    """Pieces stand apart, and none is too thin to be seen."""
    return round(width if width in {0, 1000} else max(width - 2, 3), 1)


def row_lines(batch: CommandBatch, rows: Iterable[BatchRow], zone: str) -> list[RowLine]:
    """The chargers of a batch, as they stand now."""
    now = timezone.now()
    return [RowLine(row, ROW_LOOKS[row.state], row_why(batch, row, now, zone), row_life(row)) for row in rows]


def row_why(batch: CommandBatch, row: BatchRow, now: datetime, zone: str) -> str:
    """Why a charger failed, was left out, or waits."""
    local = ZoneInfo(zone)
    if row.state == BatchRowState.WATCHED and row.due_at:
        return f"Looked at for faults until {row.due_at.astimezone(local):%H:%M:%S}."
    if row.state != BatchRowState.WAITING or batch.state != BatchState.RUNNING:
        return row.why
    if row.charge_point.integration != Integration.CONNECTED and batch.keep_s:
        return f"Offline. It waits until {kept_until(batch).astimezone(local):%-d %b %H:%M}."
    if batch.skip_busy and getattr(row, "is_busy", False):
        return "A charge is running."
    if row.due_at and row.due_at > now:
        return f"Begins at {row.due_at.astimezone(local):%H:%M:%S}."
    return ""


def row_life(row: BatchRow) -> str:
    """The life line of its command in one line; empty before it has one."""
    if row.command is None or row.state == BatchRowState.WAITING:
        return ""
    told = [step for step in steps(row.command)[1:] if step.look != "na"]
    return ", ".join(f"{step.name} {step.when}".strip() for step in told)


def left_out(targets: Sequence[Target]) -> list[LeftOut]:
    """Those that are left out, by reason, the most frequent first."""
    ordered = sorted(targets, key=lambda target: target.why)
    groups = [list(group) for _, group in groupby(ordered, key=lambda target: target.why)]
    return [
        LeftOut(group[0].why, group[:NAMED_OF_A_REASON], max(len(group) - NAMED_OF_A_REASON, 0))
        for group in sorted(groups, key=len, reverse=True)
    ]


def parameters_told(batch: CommandBatch) -> list[tuple[str, object]]:
    """What was given, by name, without secrets; the title says what file it is."""
    told = tellable(batch.parameters)
    assert isinstance(told, dict)
    return [
        (name.replace("_", " "), value)
        for name, value in told.items()
        if value not in {None, ""} and name != "firmware"
    ]


def pace_words(batch: CommandBatch) -> list[str]:
    """How fast it goes and when it halts, in short phrases."""
    said = [f"{batch.at_once} at once"]
    if batch.per_minute:
        said.append(f"{batch.per_minute} a minute")
    if batch.jitter_s:
        said.append(f"spread over {span_words(batch.jitter_s)}")
    if batch.canaries:
        said.append(f"{batch.canaries} first, as a trial")
    if batch.step:
        said.append(f"then in steps of {batch.step}" if batch.canaries else f"in steps of {batch.step}")
    if batch.skip_busy:
        said.append("waits while a charge is running")
    if batch.keep_s:
        said.append(f"waits {span_words(batch.keep_s)} for chargers that are offline")
    if batch.watch_s:
        said.append(f"each is watched for {span_words(batch.watch_s)}")
    if batch.halt_percent:
        said.append(f"halts when more than {batch.halt_percent} % fail")
    return said


def results_csv(batch: CommandBatch, pages: Iterable[list[BatchRow]], zone: str) -> Iterator[bytes]:
    """The rows as comma-separated text in UTF-8 with a head line; no cell can become a formula."""
    yield b"\xef\xbb\xbf" + _csv([COLUMNS])
    for rows in pages:
        yield _csv([[neutral(str(cell)) for cell in _cells(batch, line)] for line in row_lines(batch, rows, zone)])


def _cells(batch: CommandBatch, line: RowLine) -> list[object]:
    row, command = line.row, line.row.command
    moments = ["" if at is None else at.isoformat("T", "seconds") for at in (row.started_at, row.ended_at)]
    point = row.charge_point
    told = (
        [command.answer, command.effect_text or command.get_effect_display(), command.pk] if command else ["", "", ""]
    )
    return [point.name, point.identity or "", point.site.name, line.look.label, line.why, row.tries, *moments, *told]


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
