"""What became of one charge point of a batch: its command's answer and effect, and what was seen after it."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from chargepoints.action_choices import BatchRowState
from chargepoints.choices import CommandStatus, ConnectorStatus, Effect, Integration
from chargepoints.models import BatchRow, Command, CommandBatch, Connector, StatusChange

TAKEN_BACK = "Taken back before it was sent."
# What ends with a restart: a charger that is well again has booted.
_RESTARTING = frozenset({"reboot", "firmware", "signed_firmware"})
_ENDED = {
    CommandStatus.REJECTED: BatchRowState.FAILED,
    CommandStatus.FAILED: BatchRowState.FAILED,
    CommandStatus.EXPIRED: BatchRowState.FAILED,
    CommandStatus.CANCELLED: BatchRowState.STOPPED,
}


def outcome(command: Command | None) -> tuple[BatchRowState, str]:
    """Where a row stands by its command, and why; accepted is not done until the effect was seen."""
    if command is None:
        return BatchRowState.FAILED, "Its command is not there any more."
    if command.effect == Effect.SEEN:
        return BatchRowState.DONE, ""
    if command.effect == Effect.MISSING:
        said = "Accepted, but" if command.status == CommandStatus.ACCEPTED else "No answer, and"
        told = f": {command.effect_text}" if command.effect_text else " within its time"
        return BatchRowState.FAILED, f"{said} no effect{told}."
    if command.effect == Effect.AWAITED:
        return BatchRowState.RUNNING, ""
    if command.status == CommandStatus.ACCEPTED:
        return BatchRowState.DONE, ""
    ended = _ENDED.get(CommandStatus(command.status))
    return (ended, _why(command)) if ended else (BatchRowState.RUNNING, "")


def _why(command: Command) -> str:
    if command.status == CommandStatus.CANCELLED:
        return TAKEN_BACK
    if command.status == CommandStatus.REJECTED:
        said = command.answer if command.answer not in {"", "Rejected"} else ""
        return f"Rejected: {said}" if said else "Rejected by the charger."
    return command.answer or "No answer."


def rows_settle(batch: CommandBatch, now: datetime) -> None:
    """Move what is running or watched to its outcome. The caller holds the batch's lock."""
    for row in batch.rows.filter(state=BatchRowState.RUNNING).select_related("command"):
        state, why = outcome(row.command)
        if state == BatchRowState.DONE and batch.watch_s:
            row.state, row.due_at = BatchRowState.WATCHED, now + timedelta(seconds=batch.watch_s)
            row.save(update_fields=["state", "due_at"])
        elif state != BatchRowState.RUNNING:
            row_end(row, state, why, now)
    if batch.watch_s:
        _watched_settle(batch, now)


def _watched_settle(batch: CommandBatch, now: datetime) -> None:
    """A fault counts at once; that it is offline, or has not booted, only when its time is over."""
    watched = batch.rows.filter(state=BatchRowState.WATCHED).select_related("charge_point")
    for row in watched.filter(_faulted()):
        row_end(row, BatchRowState.FAILED, "Faulted after it.", now)
    for row in watched.filter(due_at__lte=now):
        why = _unwell(batch, row)
        row_end(row, BatchRowState.FAILED if why else BatchRowState.DONE, why, now)


def _faulted() -> Q:
    """Rows whose charger, or one of its connectors, became faulted after the row began, and still is."""
    connectors = Connector.objects.filter(
        charge_point=OuterRef("charge_point"),
        status=ConnectorStatus.FAULTED,
        status_since__gte=OuterRef("started_at"),
    )
    box = StatusChange.objects.filter(
        charge_point=OuterRef("charge_point"),
        connector_number=0,
        status=ConnectorStatus.FAULTED,
        received_at__gte=OuterRef("started_at"),
    )
    return Q(Exists(connectors)) | Q(Exists(box), charge_point__box_status=ConnectorStatus.FAULTED)


def _unwell(batch: CommandBatch, row: BatchRow) -> str:
    point = row.charge_point
    if point.integration != Integration.CONNECTED:
        return "Offline after it."
    is_old = point.booted_at is None or row.started_at is None or point.booted_at < row.started_at
    return "It has not booted after it." if batch.kind in _RESTARTING and is_old else ""


def row_end(row: BatchRow, state: BatchRowState, why: str, now: datetime) -> None:
    """Store how a row ended."""
    row.state, row.why, row.ended_at = state, why[:255], now
    row.save(update_fields=["state", "why", "ended_at", "tries", "started_at"])
