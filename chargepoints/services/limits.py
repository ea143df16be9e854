"""Charges that were started with a limit end there: after so much energy, time or cost."""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from chargepoints import sql
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, Command
from chargepoints.services.changes import changed
from chargepoints.services.commands import command_create
from chargepoints.services.force_stops import charge_loss

ENERGY, TIME, COST = "energy", "time", "cost"
TRIES, PAUSE_S = 3, 30

# The running charges with a limit at chargers that can be told, and which limit they have reached; what a charge
# costs is for Python to say. Not while a stop is on its way or its effect may still come, and not soon after one
# that did nothing.
_DUE = """
SELECT g.id, CASE
    WHEN g.energy_wh >= (c.parameters ->> 'limit_wh')::bigint THEN 'energy'
    WHEN clock_timestamp() >= COALESCE(g.start_received_at, g.started_at)
        + make_interval(secs => (c.parameters ->> 'limit_s')::float) THEN 'time'
    WHEN c.parameters ->> 'limit_amount' IS NOT NULL THEN 'cost' END
FROM chargepoints_charge g
JOIN chargepoints_command c ON c.id = g.start_command_id
JOIN chargepoints_chargepoint p ON p.id = g.charge_point_id
WHERE g.state IN ('starting', 'charging', 'paused', 'stopping') AND g.start_command_id IS NOT NULL
    AND p.integration = 'connected' AND c.parameters ?| ARRAY['limit_wh', 'limit_s', 'limit_amount']
    AND (%s::bigint IS NULL OR g.id = %s)
    AND NOT EXISTS (SELECT FROM chargepoints_command s WHERE s.charge_id = g.id AND s.kind = 'stop'
        AND (s.status IN ('queued', 'dispatched', 'sent') OR s.effect IN ('awaited', 'seen')
            OR s.created_at > clock_timestamp() - make_interval(secs => %s)))
    AND (SELECT count(*) FROM chargepoints_command s WHERE s.charge_id = g.id AND s.kind = 'stop'
        AND s.parameters ? 'limit') < %s
"""
_LOCK = "SELECT id FROM chargepoints_charge WHERE id = %s FOR UPDATE SKIP LOCKED"

# The last try was refused or not answered: nothing will follow by itself, so a person shall know.
_GIVEN_UP = """
UPDATE chargepoints_command m SET effect = 'missing', effect_at = clock_timestamp()
FROM chargepoints_charge g
WHERE g.id = m.charge_id AND g.state IN ('starting', 'charging', 'paused', 'stopping')
    AND g.start_command_id IS NOT NULL AND m.kind = 'stop' AND m.parameters ? 'limit' AND m.effect = ''
    AND m.status IN ('rejected', 'failed', 'expired')
    AND (SELECT count(*) FROM chargepoints_command s WHERE s.charge_id = g.id AND s.kind = 'stop'
        AND s.parameters ? 'limit') >= %s
RETURNING m.charge_point_id
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a charge shall end: energy in Wh, time in s since its begin, cost in the currency of its bill."""

    wh: int | None = None
    seconds: int | None = None
    amount: Decimal | None = None

    def __bool__(self) -> bool:
        return any(limit is not None for limit in (self.wh, self.seconds, self.amount))


def limits_of(command: Command | None) -> Limits:
    """The limits with which a start was ordered."""
    given = command.parameters if command is not None and command.kind == "start" else {}
    wh, seconds, amount = (given.get(name) for name in ("limit_wh", "limit_s", "limit_amount"))
    return Limits(
        wh if isinstance(wh, int) else None,
        seconds if isinstance(seconds, int) else None,
        Decimal(str(amount)) if amount is not None else None,
    )


def charge_limits_due() -> int:
    """Stop the charges that have reached a limit; how many. Each is tried three times, half a minute apart.

    A stop that a person has sent counts as well. Several workers do no harm: the charge is locked, and looked at
    once more.
    """
    stopped = 0
    for charge_id, reached in _due():
        if reached in {ENERGY, TIME} or (reached == COST and _costs_enough(charge_id)):
            with suppress(ActionRefused):
                stopped += _stop(charge_id)
    changed({row[0] for row in sql.rows(_GIVEN_UP, TRIES)}, "commands", "row")
    return stopped


def _due(charge_id: int | None = None) -> list[tuple[int, str]]:
    rows = sql.rows(_DUE, charge_id, charge_id, PAUSE_S, TRIES)
    return [(pk, reached) for pk, reached in rows if reached]


def _costs_enough(charge_id: int) -> bool:
    charge = Charge.objects.select_related("start_command").get(pk=charge_id)
    amount, loss = limits_of(charge.start_command).amount, charge_loss(charge)
    return amount is not None and bool(loss.currency) and loss.amount >= amount


@transaction.atomic
def _stop(charge_id: int) -> bool:
    if not sql.rows(_LOCK, charge_id) or not (due := _due(charge_id)):
        return False
    charge = Charge.objects.select_related("charge_point", "start_command").get(pk=charge_id)
    reached = due[0][1]
    command_create(
        charge_point=charge.charge_point,
        kind="stop",
        parameters={"charge": charge.pk, "limit": reached},
        author=None,
        reason=_reason(reached, limits_of(charge.start_command)),
    )
    return True


def _reason(reached: str, limits: Limits) -> str:
    """Everybody who sees the charger reads this, so it names no amount."""
    if reached == ENERGY:
        return f"Limit of {_plain(limits.wh or 0, 1000)} kWh reached"
    if reached == TIME:
        return f"Limit of {_plain(limits.seconds or 0, 60)} min reached"
    return "Limit of its cost reached"


def _plain(value: int, by: int) -> str:
    return f"{(Decimal(value) / by).normalize():f}"
