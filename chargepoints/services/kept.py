"""Commands that are kept: for a time, or until a charger that is offline is back. Nothing that was sent is kept."""

from datetime import datetime, timedelta

from chargepoints.action import Action
from chargepoints.choices import CommandStatus, Integration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint

# A command that was not sent by then is not sent at all: what an operator meant now may be wrong in five minutes.
SEND_WITHIN = timedelta(seconds=30)
KEPT_AT_MOST, AHEAD_AT_MOST = timedelta(days=7), timedelta(days=31)


def kept_status(
    *,
    action: Action,
    charge_point: ChargePoint,
    now: datetime,
    not_before: datetime | None,
    keep_until: datetime | None,
) -> tuple[CommandStatus, datetime]:
    """With which status a new command begins, and when it expires. Raises ActionRefused for what cannot be kept.

    SCHEDULED before `not_before`; WAITING for an offline charger when it may wait (`keep_until`); else QUEUED.
    """
    if (not_before or keep_until) and not action.can_wait:
        raise ActionRefused(f"{action.label} is done now or not at all.")
    if not_before is not None and not_before > now:
        if not_before > now + AHEAD_AT_MOST:
            raise ActionRefused(
                f"A command can be planned {AHEAD_AT_MOST.days} days ahead at most.", field="not_before"
            )
        if keep_until is not None and not not_before < keep_until <= not_before + KEPT_AT_MOST:
            told = f"It can wait for the charger up to {KEPT_AT_MOST.days} days after its time."
            raise ActionRefused(told, field="keep_until")
        return CommandStatus.SCHEDULED, keep_until or not_before + SEND_WITHIN
    until = now + SEND_WITHIN
    if keep_until is not None:
        if not now < keep_until <= now + KEPT_AT_MOST:
            raise ActionRefused(f"It can wait for the charger up to {KEPT_AT_MOST.days} days.", field="keep_until")
        if charge_point.integration != Integration.CONNECTED:
            return CommandStatus.WAITING, keep_until
        until = min(until, keep_until)
    return CommandStatus.QUEUED, until
