"""What is known about a step of an acceptance test: commands, log lines, boot, settings, charge."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chargepoints.choices import (
    KEPT_COMMAND_STATUSES,
    OPEN_COMMAND_STATUSES,
    CommandStatus,
    ConnectorType,
    Direction,
    Effect,
)
from chargepoints.models import ChargeKey, ChargePoint, Command, ConfigurationItem, LogLine
from chargepoints.moments import moment_read
from chargepoints.reports import NOT_SUPPORTED
from chargepoints.selectors.configuration import configuration_number
from installer.acceptance.facts import (
    Ask,
    BootSeen,
    CardSeen,
    Facts,
    LinkSeen,
    Plate,
    PlugSeen,
    Said,
    Sent,
    Setting,
    TimeTold,
)
from installer.choices import StepKind
from installer.models import AcceptanceStep, InstallerJob
from installer.refusals import OTHER_REFUSAL, REFUSALS
from installer.selectors.log import line_seq, micros, plain
from installer.selectors.test_charges import charge_seen, charges_running

# Times that a charger has told lately, and how many of them are looked at.
_LATELY, _TIMES = timedelta(hours=1), 5
_TIMED = ("StatusNotification", "MeterValues", "StartTransaction", "StopTransaction")
# So many messages with id tags are looked at for one that was a card.
_CARDS = 50
# What was ordered so shortly before may be what begins now.
_ORDERED_WITHIN = timedelta(minutes=20)
_CHARGE = (StepKind.START, StepKind.ENERGY, StepKind.STOP, StepKind.UNLOCK)


def reason_of(job: InstallerJob) -> str:
    """By this its commands are known as those of the test."""
    return f"Acceptance test of job {job.number}."


def test_tag(job: InstallerJob) -> str:
    """The id tag of the organisation's test key; empty where it has none yet."""
    found = ChargeKey.objects.filter(organisation=job.organisation_id, for_tests=True).values_list("id_tag", flat=True)
    return str(found.first() or "")


def facts_of(step: AcceptanceStep, *, now: datetime, refused: dict[Ask, str]) -> Facts:
    """What the rule of this step may ask; `row.job.site` and `row.charge_point.connection` must be loaded."""
    job, point, kind = step.row.job, step.row.charge_point, StepKind(step.kind)
    begun = step.started_at or now
    tag = test_tag(job)
    return Facts(
        now=now,
        zone=ZoneInfo(job.site.time_zone),
        begun=begun,
        connector=step.connector_number,
        is_over=step.due_at is not None and step.due_at <= now,
        link=_link(point, kind),
        boot=_boot(point, job, kind),
        plate=_plate(point) if kind is StepKind.SERIAL else Plate(),
        times=_times(point, now) if kind is StepKind.CLOCK else (),
        settings=_settings(job, point, begun) if kind is StepKind.CONFIGURATION else (),
        plug=_plug(point, step.connector_number) if kind in _CHARGE else PlugSeen(),
        charge=charge_seen(step, tag) if kind in _CHARGE else None,
        charges=charges_running(point),
        energy_s=job.energy_s,
        card=_card(point, step.asked_at or begun, tag) if kind is StepKind.KEY else None,
        key=tag,
        sent=_sent(step, begun),
        refused=refused,
    )


def _link(point: ChargePoint, kind: StepKind) -> LinkSeen:
    link = point.connection
    if kind is not StepKind.CONNECTED:
        return LinkSeen(is_connected=link.is_connected, since=link.connected_at)
    was_refused = link.refused_at and (link.connected_at is None or link.refused_at > link.connected_at)
    seen = link.connected_at if link.is_connected else None
    return LinkSeen(
        is_connected=link.is_connected,
        since=link.connected_at,
        version=link.subprotocol.replace("ocpp", "OCPP "),
        profile=link.security_profile,
        refused=REFUSALS.get(link.refused_reason, OTHER_REFUSAL) if was_refused and not link.is_connected else "",
        has_identity=bool(point.identity),
        seq=line_seq(point, seen, action="Connect", generation=link.generation),
    )


def _boot(point: ChargePoint, job: InstallerJob, kind: StepKind) -> BootSeen:
    if kind not in {StepKind.BOOTED, StepKind.SERIAL}:
        return BootSeen(registration=point.registration_told)
    return BootSeen(
        at=point.booted_at,
        wanted_since=job.created_at,
        model=" ".join(part for part in (point.vendor, point.model) if part)[:100],
        firmware=point.firmware[:50],
        serial=point.serial[:60],
        registration=point.registration_told,
        seq=line_seq(point, point.booted_at, action="BootNotification"),
    )


def _plate(point: ChargePoint) -> Plate:
    connectors = list(point.connectors.order_by("number").values_list("number", "raw_status"))
    return Plate(
        identity=point.identity or "",
        sticker=point.sticker,
        connectors=[number for number, _ in connectors],
        reported=frozenset(number for number, status in connectors if status),
        told=configuration_number(point, "NumberOfConnectors"),
    )


def _times(point: ChargePoint, now: datetime) -> list[TimeTold]:
    """The charger's own times in its last messages on this connection, the newest first."""
    since = max(point.connection.connected_at or now, now - _LATELY)
    lines = LogLine.objects.filter(
        charge_point=point, seq__gte=micros(since), direction=Direction.IN, action__in=_TIMED
    ).order_by("-seq")
    found = []
    for seq, at, request in lines.values_list("seq", "at", "request")[:_TIMES]:
        payload = _payload(request)
        readings = payload.get("meterValue")
        last = readings[-1] if isinstance(readings, list) and readings else payload
        told = moment_read(last.get("timestamp")) if isinstance(last, dict) else None
        if told is not None:
            found.append(TimeTold((told - at).total_seconds(), at, seq))
    return found


def _payload(request: str) -> dict[str, object]:
    """The payload of a CALL as it came; empty for what cannot be read."""
    try:
        frame = json.loads(request)
    except ValueError:
        return {}
    payload = frame[3] if isinstance(frame, list) and len(frame) > 3 else None
    return payload if isinstance(payload, dict) else {}


def _settings(job: InstallerJob, point: ChargePoint, since: datetime) -> list[Setting]:
    items = {item.key.lower(): item for item in ConfigurationItem.objects.filter(charge_point=point)}
    found = []
    for line in job.configuration:
        key = str(line.get("key", ""))
        item = items.get(key.lower())
        told = item if item is not None and item.reported_at >= since else None
        found.append(
            Setting(
                key=key,
                wanted=str(line.get("value", "")),
                value=told.value if told else None,
                is_hidden=told is not None and told.value is None,
                needs_reboot=told is not None and told.needs_reboot,
            )
        )
    return found


def _plug(point: ChargePoint, number: int) -> PlugSeen:
    found = point.connectors.filter(number=number).first()
    if found is None:
        return PlugSeen()
    fault = found.error_code if found.error_code != "NoError" else found.vendor_error_code
    return PlugSeen(
        status=found.status,
        fault=plain(fault),
        since=found.status_since,
        has_lock=found.type == ConnectorType.TYPE2 if found.type else None,
        type=found.get_type_display(),
    )


def _card(point: ChargePoint, since: datetime, tag: str) -> CardSeen | None:
    """The first message with an id tag that is neither the test's nor one that somebody has started with from here."""
    lines = LogLine.objects.filter(
        charge_point=point,
        seq__gte=micros(since),
        direction=Direction.IN,
        action__in=("Authorize", "StartTransaction"),
    ).order_by("seq")
    orders = Command.objects.filter(charge_point=point, kind="start", created_at__gte=since - _ORDERED_WITHIN)
    ours = {
        tag.lower(),
        "",
        *(str(given.get("id_tag", "")).lower() for given in orders.values_list("parameters", flat=True)),
    }
    for seq, at, request in lines.values_list("seq", "at", "request")[:_CARDS]:
        if str(_payload(request).get("idTag", "")).strip().lower() not in ours:
            return CardSeen(at, seq)
    return None


def _sent(step: AcceptanceStep, since: datetime) -> list[Sent]:
    """The step's commands, the oldest first. One step runs at a time, so time tells which they are."""
    point = step.row.charge_point
    rows = Command.objects.filter(charge_point=point, created_at__gte=since, reason=reason_of(step.row.job))
    commands = list(rows.order_by("created_at", "pk"))
    seqs = _lines(point, since, commands) if step.kind in {StepKind.CONFIGURATION, StepKind.UNLOCK} else {}
    return [
        Sent(
            kind=each.kind,
            given=each.parameters,
            said=_said(each),
            word=plain(each.answer),
            at=each.created_at,
            answered_at=each.answered_at,
            no_effect=each.effect == Effect.MISSING,
            seq=seqs.get(each.pk),
        )
        for each in commands
    ]


def _lines(point: ChargePoint, since: datetime, commands: Sequence[Command]) -> dict[object, int]:
    ids = [each.pk for each in commands]
    lines = LogLine.objects.filter(charge_point=point, seq__gte=micros(since), command_id__in=ids)
    return dict(lines.values_list("command_id", "seq")) if ids else {}


def _said(command: Command) -> Said:
    status = command.status
    if status in OPEN_COMMAND_STATUSES or status in KEPT_COMMAND_STATUSES:
        return Said.OPEN
    if status == CommandStatus.ACCEPTED:
        return Said.YES
    if status == CommandStatus.REJECTED:
        return Said.NO
    if status == CommandStatus.FAILED and command.sent_at is not None:
        return Said.UNKNOWN if command.answer == NOT_SUPPORTED else Said.NO
    return Said.SILENT
