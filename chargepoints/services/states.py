"""Keeping the stored `integration` and `state` of charge points equal to the state functions."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from chargepoints import sql
from chargepoints.choices import ConnectorStatus, Integration
from chargepoints.services.changes import changed
from chargepoints.states import LinkFacts, StateFacts, charge_point_state, integration_state

_FACTS = """
SELECT p.id, p.identity, p.maintenance, p.box_status, p.integration, p.state,
       c.is_connected, c.generation > 0, c.refused_at IS NOT NULL AND
           (c.connected_at IS NULL OR c.refused_at > GREATEST(c.connected_at, c.disconnected_at)),
       ARRAY(SELECT k.status FROM chargepoints_connector k WHERE k.charge_point_id = p.id),
       EXISTS (SELECT FROM chargepoints_charge g WHERE g.charge_point_id = p.id
               AND g.state IN ('starting', 'charging', 'paused', 'stopping')),
       EXISTS (SELECT FROM chargepoints_reservation r WHERE r.charge_point_id = p.id
               AND r.state = 'active' AND r.expires_at > clock_timestamp())
FROM chargepoints_chargepoint p LEFT JOIN chargepoints_connection c ON c.charge_point_id = p.id
WHERE p.id = ANY(%s)
"""

_STORE = """
UPDATE chargepoints_chargepoint p SET integration = n.integration, state = n.state
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (id, integration, state) WHERE p.id = n.id
"""


class _Noted(threading.local):
    ids: set[int] | None = None


_noted = _Noted()


@contextmanager
def states_together() -> Iterator[None]:
    """Within this block, and in this thread, `states_refresh` only takes note; at its end all are derived at once."""
    noted: set[int] = set()
    _noted.ids = noted
    try:
        yield
    finally:
        _noted.ids = None
    states_refresh(charge_point_ids=noted)


def states_refresh(*, charge_point_ids: Iterable[int]) -> None:
    """Derive integration and state of these charge points anew and store what differs (SPEC section 1)."""
    if _noted.ids is not None:
        _noted.ids.update(charge_point_ids)
        return
    ids = sorted(set(charge_point_ids))
    if not ids:
        return
    new: list[tuple[int, str, str]] = []
    for row in sql.rows(_FACTS, ids):
        integration, state = _derive(row)
        if (integration, state) != (row[4], row[5]):
            new.append((row[0], integration, state))
    if new:
        sql.execute(_STORE, *(list(column) for column in zip(*new, strict=True)))
    changed(ids, "row", "head", "connectors", "actions")


def _derive(row: tuple[object, ...]) -> tuple[Integration, str]:
    _, identity, maintenance, box_status, _, _, connected, ever, refused, connectors, open_charge, reserved = row
    integration = integration_state(
        LinkFacts(
            identity=identity if isinstance(identity, str) else None,
            is_connected=bool(connected),
            ever_connected=bool(ever),
            last_attempt_refused=bool(refused),
        )
    )
    state = charge_point_state(
        StateFacts(
            integration=integration,
            maintenance=bool(maintenance),
            box_faulted=box_status == ConnectorStatus.FAULTED,
            connectors=[ConnectorStatus(status) for status in connectors],  # type: ignore[attr-defined]
            open_charge=bool(open_charge),
            reserved=bool(reserved),
        )
    )
    return integration, state
