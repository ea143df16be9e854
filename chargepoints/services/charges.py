"""Charges between their start and their stop."""

from collections.abc import Mapping, Sequence

from chargepoints import sql
from chargepoints.choices import ChargeState, ConnectorStatus
from chargepoints.endings import Ended, stop_ended
from chargepoints.reports import Status
from chargepoints.services.changes import changed

_FOLLOW = """
UPDATE chargepoints_charge g SET state = CASE
    WHEN g.state = 'stopped' THEN 'completed' WHEN n.status = 'Charging' THEN 'charging' ELSE 'paused' END
FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS n (id, number, status)
JOIN chargepoints_connector k ON k.charge_point_id = n.id AND k.number = n.number
WHERE g.connector_id = k.id AND g.charge_point_id = n.id AND (
    (g.state IN ('starting', 'paused') AND n.status = 'Charging')
    OR (g.state IN ('starting', 'charging') AND n.status IN ('SuspendedEV', 'SuspendedEVSE'))
    OR (g.state = 'stopped' AND n.status IN ('Available', 'Unavailable', 'Reserved', 'Preparing')))
RETURNING g.charge_point_id, g.state, g.id, g.energy_wh, g.verdict, g.stop_reason, g.meter_start_wh, g.meter_stop_wh
"""

_ENDED = """
UPDATE chargepoints_charge g SET state = n.state FROM unnest(%s::bigint[], %s::text[]) AS n (id, state)
WHERE g.id = n.id
"""

_FOLLOWED = frozenset(
    {
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.UNAVAILABLE,
        ConnectorStatus.RESERVED,
        ConnectorStatus.PREPARING,
    }
)


def charges_follow_status(*, reports: Sequence[Status]) -> None:
    """A status may say that a running charge is paused or that the cable is out; it never starts or ends one.

    (CSMS.md D15: status never drives the life of a transaction.)
    """
    told = [r for r in reports if r.connector_number and r.status in _FOLLOWED]
    if not told:
        return
    moved = sql.rows(
        _FOLLOW,
        [r.charge_point_id for r in told],
        [r.connector_number for r in told],
        [str(r.status) for r in told],
    )
    charges_ended({row[2]: stop_ended(Ended(*row[3:])) for row in moved if row[1] == ChargeState.COMPLETED})
    changed({row[0] for row in moved}, "row", "connectors")


def charges_ended(states: Mapping[int, ChargeState]) -> None:
    """Charges that were just completed, by id, and how they ended; most stay as they are."""
    others = {pk: state for pk, state in sorted(states.items()) if state != ChargeState.COMPLETED}
    if others:
        sql.execute(_ENDED, list(others), [str(state) for state in others.values()])
