"""Charges that begin."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chargepoints import sql
from chargepoints.choices import Category, ChargeState, Direction, Verdict
from chargepoints.models import Charge
from chargepoints.reports import Found, KeyAnswer, KeyQuestion, NewLine, Start, Started
from chargepoints.services.effects import effects_seen_started
from chargepoints.services.findings import findings_record
from chargepoints.services.keys import keys_authorise
from chargepoints.services.log_lines import log_lines_append
from chargepoints.services.reservations import reservations_use
from chargepoints.services.states import states_refresh
from chargepoints.services.transaction_ids import transaction_ids_give

_REPEATS = """
SELECT g.charge_point_id, g.start_fingerprint, g.transaction_id, g.verdict, k.expires_at, COALESCE(k.parent_id_tag, '')
FROM chargepoints_charge g
JOIN unnest(%s::bigint[], %s::text[]) AS w (id, fingerprint)
    ON g.charge_point_id = w.id AND g.start_fingerprint = w.fingerprint
LEFT JOIN chargepoints_chargekey k ON k.id = g.charge_key_id
"""

# Ordered, so that two gateways inserting the same connectors cannot dead-lock (QUIRKS 5.5).
_CONNECTORS = """
WITH wanted AS (SELECT DISTINCT id, number FROM unnest(%s::bigint[], %s::int[]) AS w (id, number)),
made AS (INSERT INTO chargepoints_connector (charge_point_id, number, type, status, raw_status, error_code,
        vendor_error_code, info) SELECT id, number, '', 'Unknown', '', '', '', '' FROM wanted ORDER BY id, number
    ON CONFLICT (charge_point_id, number) DO NOTHING RETURNING charge_point_id, number, id)
SELECT charge_point_id, number, id FROM made UNION ALL
SELECT k.charge_point_id, k.number, k.id FROM chargepoints_connector k
JOIN wanted w ON k.charge_point_id = w.id AND k.number = w.number
"""

# A start on a connector whose charge is still open: the stop of that one was lost (CSMS.md 2.1, StartTransaction).
# The energy is what was last metered; nothing is invented.
_LOST = """
UPDATE chargepoints_charge g SET state = 'completed', ended_at = COALESCE(g.metered_at, g.started_at),
    power_w = NULL, needs_review = 'Its stop never arrived: closed because another charge began on the connector.'
WHERE g.connector_id = ANY(%s) AND g.state IN ('starting', 'charging', 'paused', 'stopping')
RETURNING g.charge_point_id, g.transaction_id, g.connector_id
"""


@dataclass(slots=True)
class _Batch:
    """What is looked up once for all starts of a call."""

    connectors: dict[tuple[int, int], int] = field(default_factory=dict)
    verdicts: list[KeyAnswer] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def charges_start(*, starts: Sequence[Start]) -> list[Started]:
    """Record charges that began; the answers come in the order of `starts`.

    A charge is always recorded, also when its key is refused: the charger then stops it by itself. A repeat of a
    start (same connector, tag, time and register, whatever the message id) gets the answer of the first (T3).
    """
    known = _repeats(starts)
    fresh = [start for start in starts if (start.charge_point_id, start.fingerprint) not in known]
    unique = list({(start.charge_point_id, start.fingerprint): start for start in fresh}.values())
    if unique:
        known |= _begin(unique)
    answers = [known[start.charge_point_id, start.fingerprint] for start in starts]
    states_refresh(charge_point_ids=[start.charge_point_id for start in starts])
    return answers


def _repeats(starts: Sequence[Start]) -> dict[tuple[int, str], Started]:
    found = sql.rows(_REPEATS, [start.charge_point_id for start in starts], [start.fingerprint for start in starts])
    return {
        (pk, fingerprint): Started(tx, Verdict(verdict), expires_at, parent, True, "repeated, already known")
        for pk, fingerprint, tx, verdict, expires_at, parent in found
    }


def _begin(starts: Sequence[Start]) -> dict[tuple[int, str], Started]:
    batch = _Batch()
    ids, numbers = [s.charge_point_id for s in starts], [s.connector_number for s in starts]
    batch.connectors = {(row[0], row[1]): row[2] for row in sql.rows(_CONNECTORS, ids, numbers)}
    batch.verdicts = keys_authorise(
        questions=[KeyQuestion(s.charge_point_id, s.id_tag) for s in starts], now=starts[0].received_at
    )
    batch.ids = _transaction_ids(starts)
    _close_lost(starts, list(batch.connectors.values()))
    charges = [_charge(start, index, batch) for index, start in enumerate(starts)]
    Charge.objects.bulk_create(charges)
    effects_seen_started(charges=charges)
    reservations_use(starts=starts, parents=[answer.parent_id_tag for answer in batch.verdicts])
    return {
        (start.charge_point_id, start.fingerprint): Started(
            charge.transaction_id, answer.verdict, answer.expires_at, answer.parent_id_tag
        )
        for start, charge, answer in zip(starts, charges, batch.verdicts, strict=True)
    }


def _transaction_ids(starts: Sequence[Start]) -> list[str]:
    """New ones, but for starts that are applied once more."""
    wanted = [start.charge_point_id for start in starts if not start.transaction_id]
    fresh = iter(transaction_ids_give(charge_point_ids=wanted))
    return [start.transaction_id or next(fresh) for start in starts]


def _charge(start: Start, index: int, batch: _Batch) -> Charge:
    answer = batch.verdicts[index]
    return Charge(
        charge_point_id=start.charge_point_id,
        connector_id=batch.connectors[start.charge_point_id, start.connector_number],
        transaction_id=batch.ids[index],
        start_fingerprint=start.fingerprint,
        state=ChargeState.STARTING,
        id_tag=start.id_tag,
        charge_key_id=answer.charge_key_id,
        verdict=start.verdict or answer.verdict,
        started_at=start.started_at,
        start_received_at=start.received_at,
        meter_start_wh=start.meter_start_wh,
    )


def _close_lost(starts: Sequence[Start], connector_ids: list[int]) -> None:
    lost = sql.rows(_LOST, connector_ids)
    log_lines_append(
        lines=[
            NewLine(
                charge_point_id=pk,
                at=starts[0].received_at,
                direction=Direction.NONE,
                category=Category.TRANSACTION,
                action="Lost stop",
                is_error=True,
                fact=transaction_id,
                text="closed at its last reading, because another charge began on the connector",
                transaction_id=transaction_id,
            )
            for pk, transaction_id, _ in lost
        ]
    )
    by_charger = {pk: f"transaction {transaction_id}" for pk, transaction_id, _ in lost}
    at = starts[0].received_at
    findings_record(found=[Found(pk, "lost-stop", at, detail) for pk, detail in by_charger.items()])
