"""Connectors that are put into and out of service: the status they report afterwards is the proof."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chargepoints import sql
from chargepoints.choices import CommandStatus, ConnectorStatus, Effect
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, Connector
from chargepoints.reports import Answer, Status
from chargepoints.services.changes import changed

SCHEDULED_WORDS = "Scheduled: when the charge has ended"
OVERTAKEN_WORDS = "Overtaken by a newer one"
_NO_PROOF = frozenset({ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED, ConnectorStatus.UNKNOWN})
_LATE = timedelta(minutes=15)


def availability_bind(*, command: Command) -> None:
    """Check `{"connector": int, "type": "Operative" | "Inoperative"}`; connector 0 is all. Raises ActionRefused."""
    if command.parameters.get("type") not in {"Operative", "Inoperative"}:
        raise ActionRefused("A connector is put in service or out of service.", field="type")


def availability_answered(*, answers: Sequence[Answer]) -> None:
    """Accepted may already be so: no status follows then. Scheduled waits for the end of the charge, however long."""
    for answer in answers:
        word = (answer.response or {}).get("status")
        if word == "Scheduled":
            Command.objects.filter(pk=answer.command_id, effect=Effect.AWAITED).update(
                effect_due_at=None, effect_text=SCHEDULED_WORDS
            )
        if answer.outcome == CommandStatus.ACCEPTED:
            _overtake(answer)
            availability_seen(charge_point_ids=[answer.charge_point_id], at=answer.at)


def _overtake(answer: Answer) -> None:
    """What was asked before of the same connector, or of anything when this is for all, is no longer waited for."""
    former = Command.objects.filter(
        charge_point=answer.charge_point_id, kind="availability", effect=Effect.AWAITED
    ).exclude(pk=answer.command_id)
    number = int(str(answer.request["connectorId"]))
    if number:
        former = former.filter(connector_number=number)
    former.update(effect=Effect.NONE, effect_at=answer.at, effect_due_at=None, effect_text=OVERTAKEN_WORDS)


def availability_reported(*, reports: Sequence[Status]) -> None:
    """Look after reported statuses whether they prove a change of availability."""
    if reports:
        ids = {report.charge_point_id for report in reports}
        availability_seen(charge_point_ids=ids, at=max(report.received_at for report in reports))


# By index: what is awaited, for however long, and what has been missing for a little while.
_WAITING = """
SELECT m.id FROM chargepoints_command m WHERE m.charge_point_id = ANY(%s) AND m.effect = 'awaited'
    AND m.kind = 'availability' AND m.status = 'accepted'
UNION ALL
SELECT m.id FROM chargepoints_command m WHERE m.charge_point_id = ANY(%s) AND m.sent_at > %s
    AND m.effect = 'missing' AND m.kind = 'availability' AND m.status = 'accepted'
"""


def availability_seen(*, charge_point_ids: Iterable[int], at: datetime) -> None:
    """Mark the accepted commands as effective whose connectors are now as they were asked to be."""
    asked = list(charge_point_ids)
    waiting = [row[0] for row in sql.rows(_WAITING, asked, asked, at - _LATE)]
    if not waiting:
        return
    commands = list(
        Command.objects.filter(
            pk__in=waiting, status=CommandStatus.ACCEPTED, effect__in=[Effect.AWAITED, Effect.MISSING]
        )
        .select_for_update()
        .order_by("pk")
    )
    ids = {command.charge_point_id for command in commands}
    boxes = dict(ChargePoint.objects.filter(pk__in=ids).values_list("pk", "box_status"))
    connectors: dict[int, dict[int, str]] = {pk: {} for pk in ids}
    for pk, number, status in Connector.objects.filter(charge_point__in=ids).values_list(
        "charge_point", "number", "status"
    ):
        connectors[pk][number] = status
    seen = [command for command in commands if _holds(command, boxes, connectors[command.charge_point_id])]
    for command in seen:
        words = "In service" if command.parameters["type"] == "Operative" else "Out of service"
        command.effect, command.effect_at, command.effect_text = Effect.SEEN, at, words
        command.save(update_fields=["effect", "effect_at", "effect_text"])
    changed({command.charge_point_id for command in seen}, "commands", "actions", "row")


def _holds(command: Command, boxes: dict[int, str], connectors: dict[int, str]) -> bool:
    number, wanted = command.connector_number, str(command.parameters.get("type"))
    if number:
        return _is(connectors.get(number, ConnectorStatus.UNKNOWN), wanted)
    if _is(boxes.get(command.charge_point_id) or ConnectorStatus.UNKNOWN, wanted):
        return True
    return bool(connectors) and all(_is(status, wanted) for status in connectors.values())


def _is(status: str, wanted: str) -> bool:
    return status not in _NO_PROOF if wanted == "Operative" else status == ConnectorStatus.UNAVAILABLE
