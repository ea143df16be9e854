"""Charges whose stop never came: closed at their last reading; nothing is invented."""

from collections.abc import Sequence
from datetime import datetime

from chargepoints import sql
from chargepoints.choices import Category, Direction
from chargepoints.endings import Ended, lost_ended
from chargepoints.reports import Found, NewLine
from chargepoints.services.charges import charges_ended
from chargepoints.services.findings import findings_record
from chargepoints.services.log_lines import log_lines_append

_LOST = """
WITH lost AS (
    SELECT id, state FROM chargepoints_charge
    WHERE connector_id = ANY(%s) AND state IN ('starting', 'charging', 'paused', 'stopping') ORDER BY id FOR UPDATE
)
UPDATE chargepoints_charge g SET state = 'completed', ended_at = COALESCE(g.metered_at, g.started_at),
    power_w = NULL, bill_due = true, needs_review = 'Its stop never arrived: closed because ' || %s || '.'
FROM lost WHERE g.id = lost.id
RETURNING g.charge_point_id, g.transaction_id, g.id, lost.state, g.metered_at IS NOT NULL,
    g.energy_wh, g.verdict, g.stop_reason, g.meter_start_wh, g.meter_stop_wh
"""


_CONNECTOR = """
SELECT connector_id FROM chargepoints_charge WHERE charge_point_id = %s AND transaction_id = %s
    AND connector_id IS NOT NULL AND state IN ('starting', 'charging', 'paused', 'stopping')
"""

LOST_STOP = "Lost stop"
# Not said by any frame: a rebuild finds it in the log and does it again.
CHECKED = "a check found the connector available"


def charges_close_lost(*, connector_ids: Sequence[int], at: datetime, why: str) -> list[int]:
    """Close the charges that still run on these connectors, since `why` shows that they cannot; their ids.

    The energy is what was last metered. A stop that comes later completes them (services/stops.py).
    """
    lost = sql.rows(_LOST, list(connector_ids), why)
    if not lost:
        return []
    charges_ended({row[2]: lost_ended(Ended(*row[5:]), was=row[3], metered=row[4]) for row in lost})
    log_lines_append(
        lines=[
            NewLine(
                charge_point_id=row[0],
                at=at,
                direction=Direction.NONE,
                category=Category.TRANSACTION,
                action=LOST_STOP,
                is_error=True,
                fact=row[1],
                text=f"closed at its last reading, because {why}",
                transaction_id=row[1],
            )
            for row in lost
        ]
    )
    by_charger = {row[0]: f"transaction {row[1]}" for row in lost}
    findings_record(found=[Found(pk, "lost-stop", at, detail) for pk, detail in by_charger.items()])
    return [row[2] for row in lost]


def charge_close_again(*, charge_point_id: int, transaction_id: str, at: datetime) -> None:
    """What a check did, once more: close this charge, if it is open."""
    rows = sql.rows(_CONNECTOR, charge_point_id, transaction_id)
    charges_close_lost(connector_ids=[row[0] for row in rows], at=at, why=CHECKED)
