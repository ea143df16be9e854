"""Charges that were started with a limit end there: after so much energy, time or cost."""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from chargepoints import sql
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, Command
from chargepoints.services.changes import changed
from chargepoints.services.commands import command_create
from chargepoints.services.force_stops import charge_loss

ENERGY, TIME, COST = "energy", "time", "cost"
TRIES, PAUSE_S = 3, 30

# The running charges with a limit at chargers that can be told: which limit they have reached (what a charge costs is
# for Python to say), whether a stop is on its way, may still have its effect, or was sent just now, and how often we
# tried. Laterals with a LIMIT or an aggregate are asked row by row, by index: the planner would read all commands.
_LIMITED = """
WITH limited AS MATERIALIZED (
    SELECT g.id, g.energy_wh, COALESCE(g.start_received_at, g.started_at) AS begun, c.parameters AS given
    FROM chargepoints_charge g
    CROSS JOIN LATERAL (SELECT m.parameters FROM chargepoints_command m WHERE m.id = g.start_command_id LIMIT 1) c
    JOIN chargepoints_chargepoint p ON p.id = g.charge_point_id
    WHERE g.state IN ('starting', 'charging', 'paused', 'stopping') AND (%s::bigint IS NULL OR g.id = %s)
        AND c.parameters ?| ARRAY['limit_wh', 'limit_s', 'limit_amount'] AND p.integration = 'connected')
SELECT l.id, CASE
    WHEN l.energy_wh >= (l.given ->> 'limit_wh')::bigint THEN 'energy'
    WHEN clock_timestamp() >= l.begun + make_interval(secs => (l.given ->> 'limit_s')::float) THEN 'time'
    WHEN l.given ->> 'limit_amount' IS NOT NULL THEN 'cost' ELSE '' END,
    t.is_told, t.tries
FROM limited l CROSS JOIN LATERAL (
    SELECT COALESCE(bool_or(s.status IN ('queued', 'dispatched', 'sent') OR s.effect IN ('awaited', 'seen')
            OR s.created_at > clock_timestamp() - make_interval(secs => %s)), false) AS is_told,
        count(*) FILTER (WHERE s.parameters ? 'limit') AS tries
    FROM chargepoints_command s WHERE s.charge_id = l.id AND s.kind = 'stop') t
"""
_LOCK = "SELECT id FROM chargepoints_charge WHERE id = %s FOR UPDATE SKIP LOCKED"

# The last try was refused or not answered: nothing will follow by itself, so a person shall know.
_GIVEN_UP = """
UPDATE chargepoints_command m SET effect = 'missing', effect_at = clock_timestamp()
WHERE m.charge_id = ANY(%s::bigint[]) AND m.kind = 'stop' AND m.parameters ? 'limit' AND m.effect = ''
    AND m.status IN ('rejected', 'failed', 'expired')
RETURNING m.charge_point_id
"""


class _Limited(NamedTuple):
    charge_id: int
    reached: str
    is_told: bool
    tries: int


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
    limited = _limited()
    for one in limited:
        if _is_due(one) and (one.reached != COST or _costs_enough(one.charge_id)):
            with suppress(ActionRefused):
                stopped += _stop(one.charge_id)
    if given_up := [one.charge_id for one in limited if one.tries >= TRIES and not one.is_told]:
        changed({row[0] for row in sql.rows(_GIVEN_UP, given_up)}, "commands", "row")
    return stopped


def _limited(charge_id: int | None = None) -> list[_Limited]:
    return [_Limited._make(row) for row in sql.rows(_LIMITED, charge_id, charge_id, PAUSE_S)]


def _is_due(one: _Limited) -> bool:
    return bool(one.reached) and not one.is_told and one.tries < TRIES


def _costs_enough(charge_id: int) -> bool:
    charge = Charge.objects.select_related("start_command").get(pk=charge_id)
    amount, loss = limits_of(charge.start_command).amount, charge_loss(charge)
    return amount is not None and bool(loss.currency) and loss.amount >= amount


@transaction.atomic
def _stop(charge_id: int) -> bool:
    """Once more, now that nobody else looks at the charge: what is `due` was told to nobody meanwhile."""
    due = [one for one in _limited(charge_id) if _is_due(one)] if sql.rows(_LOCK, charge_id) else []
    if not due:
        return False
    charge = Charge.objects.select_related("charge_point", "start_command").get(pk=charge_id)
    reached = due[0].reached
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
