"""What is known of a charger that is being checked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chargepoints.checking import Ask, Ending, Step
from chargepoints.choices import OPEN_CHARGE_STATES, OPEN_COMMAND_STATUSES, CommandStatus, ConnectorStatus, Direction
from chargepoints.models import Charge, ChargePoint, Command, Connector, LogLine
from chargepoints.selectors.configuration import configuration_value
from chargepoints.verdicts import CheckFound, ConnectorFound, LinkFound, OpenCharge, StepTaken

CHECK = "check"
# Values that came so lately say that the charge goes on, whatever the connector says.
METERED_LATELY = timedelta(minutes=2)
_ENDINGS = {
    CommandStatus.ACCEPTED: Ending.ACCEPTED,
    CommandStatus.REJECTED: Ending.REFUSED,
    CommandStatus.FAILED: Ending.UNKNOWN,
}


def check_running(charge_point_id: int) -> Command | None:
    """The check that runs at a charge point."""
    return Command.objects.filter(charge_point=charge_point_id, kind=CHECK, status=CommandStatus.SENT).first()


def check_steps(check: Command) -> list[Command]:
    """Its calls, in their order."""
    return list(Command.objects.filter(parent=check).order_by("created_at", "pk"))


def step_of(command: Command) -> Step:
    """A call of a check as the plan sees it."""
    if command.status in OPEN_COMMAND_STATUSES:
        ending = Ending.OPEN
    else:
        ending = _ENDINGS.get(CommandStatus(command.status), Ending.SILENT)
    if command.kind != "trigger":
        return Step(Ask.SETTING, ending)
    return Step(Ask(str(command.parameters["message"])), ending, command.connector_number)


def connector_numbers(charge_point: ChargePoint) -> list[int]:
    """The connectors that are known, without the box."""
    return list(Connector.objects.filter(charge_point=charge_point).order_by("number").values_list("number", flat=True))


def can_trigger(charge_point: ChargePoint) -> bool:
    """Whether the charger may know TriggerMessage: unless it has told its features without it."""
    told = configuration_value(charge_point, "SupportedFeatureProfiles")
    return not told or "remotetrigger" in told.lower().replace(" ", "")


def connectors_heard(check: Command) -> set[int]:
    """The connectors whose status has come since the check began."""
    since = int(check.created_at.timestamp() * 1_000_000)
    lines = LogLine.objects.filter(
        charge_point=check.charge_point_id,
        seq__gt=since,
        at__gte=check.created_at,
        direction=Direction.IN,
        action="StatusNotification",
        connector_number__gt=0,
    )
    return {number for number in lines.values_list("connector_number", flat=True) if number is not None}


def charges_stale(check: Command, heard: set[int], now: datetime) -> list[Charge]:
    """Charges that are open though their connector has just said that it is available, and that nothing meters."""
    rows = Charge.objects.filter(
        charge_point=check.charge_point_id,
        state__in=OPEN_CHARGE_STATES,
        connector__number__in=heard,
        connector__status=ConnectorStatus.AVAILABLE,
        start_received_at__lt=check.created_at,
    ).exclude(metered_at__gt=now - METERED_LATELY)
    return list(rows.select_related("connector"))


def check_found(check: Command, steps: Sequence[Command], closed: Sequence[Charge], now: datetime) -> CheckFound:
    """All facts for the verdict; `closed` are the charges that the check has just closed."""
    charge_point = check.charge_point
    heard = connectors_heard(check)
    return CheckFound(
        now=now,
        zone=ZoneInfo(charge_point.site.time_zone),
        link=_link(check),
        steps=[_taken(step) for step in steps],
        connectors=_connectors(check, steps, heard, closed),
        box_fault=charge_point.box_error_code or "no code" if charge_point.box_status == "Faulted" else "",
        maintenance=charge_point.maintenance,
    )


def _link(check: Command) -> LinkFound:
    charge_point, link = check.charge_point, check.charge_point.connection
    ever = link.generation > 0
    begun = link.connected_at if link.is_connected else link.disconnected_at
    refused_since = link.refused_at is not None and (not ever or begun is None or link.refused_at > begun)
    return LinkFound(
        identity=charge_point.identity or "",
        connected=link.is_connected and not _broke(check),
        since=begun if ever else None,
        close_code=None if link.is_connected else link.close_code,
        refused_at=link.refused_at if refused_since else None,
        refused=link.refused_reason if refused_since else "",
        heard_at=link.last_seen_at,
        registration=charge_point.registration_told,
        broke=_broke(check),
    )


def _broke(check: Command) -> bool:
    return check.sent_generation is not None and not is_linked(check)


def is_linked(check: Command) -> bool:
    """Whether the connection that the check began on is still there."""
    link = check.charge_point.connection
    return link.is_connected and link.generation == check.sent_generation


def _taken(command: Command) -> StepTaken:
    number = f" {command.connector_number}" if command.connector_number else ""
    message = command.parameters.get("message")
    what = f"TriggerMessage {message}{number}" if message else "GetConfiguration HeartbeatInterval"
    milliseconds = None
    if command.status in _ENDINGS and command.answered_at and command.sent_at:
        milliseconds = max(int((command.answered_at - command.sent_at) / timedelta(milliseconds=1)), 0)
    return StepTaken(what, (command.answer or command.get_status_display()).rstrip("."), milliseconds)


def _connectors(
    check: Command, steps: Sequence[Command], heard: set[int], closed: Sequence[Charge]
) -> list[ConnectorFound]:
    shut = {charge.connector_id: charge for charge in closed}
    rows = Charge.objects.filter(charge_point=check.charge_point_id, state__in=OPEN_CHARGE_STATES)
    still = {charge.connector_id: charge for charge in rows}
    promised = {step.connector_number for step in steps if step.status == CommandStatus.ACCEPTED}
    found = []
    for connector in Connector.objects.filter(charge_point=check.charge_point_id).order_by("number"):
        charge = shut.get(connector.pk) or still.get(connector.pk)
        fault = connector.error_code if connector.error_code != "NoError" else ""
        if not fault and connector.vendor_error_code:
            fault = f"vendor code {connector.vendor_error_code}"
        found.append(
            ConnectorFound(
                number=connector.number,
                status=connector.raw_status or str(connector.status),
                is_fresh=connector.number in heard,
                fault=fault,
                charge=_open(check, charge, connector.pk in shut) if charge else None,
                is_promised=connector.number in promised,
            )
        )
    return found


def _open(check: Command, charge: Charge, closed: bool) -> OpenCharge:
    is_new = (charge.start_received_at or charge.started_at) >= check.created_at
    return OpenCharge(charge.started_at, closed, is_new, charge.metered_at)
