"""Charges that begin."""

from collections.abc import Sequence

from chargepoints import sql
from chargepoints.choices import Verdict
from chargepoints.reports import KeyQuestion, Start, Started
from chargepoints.services.effects import effects_seen_started
from chargepoints.services.keys import keys_authorise
from chargepoints.services.lost_stops import charges_close_lost
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

_BEGIN = """
INSERT INTO chargepoints_charge (charge_point_id, connector_id, transaction_id, start_fingerprint, state, id_tag,
    charge_key_id, verdict, started_at, start_received_at, meter_start_wh, energy_wh, stop_reason, needs_review)
SELECT id, connector, tx, fingerprint, 'starting', tag, key, verdict, started, received, meter, 0, '', ''
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::bigint[])
    AS n (id, connector, tx, fingerprint, tag, key, verdict, started, received, meter)
"""

_ANOTHER = "another charge began on the connector"


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
    ids, numbers = [s.charge_point_id for s in starts], [s.connector_number for s in starts]
    connectors = {(row[0], row[1]): row[2] for row in sql.rows(_CONNECTORS, ids, numbers)}
    answers = keys_authorise(
        questions=[KeyQuestion(s.charge_point_id, s.id_tag, s.connector_number) for s in starts],
        now=starts[0].received_at,
    )
    transactions = _transaction_ids(starts)
    # A start on a connector whose charge is still open: the stop of that one was lost (CSMS.md 2.1, StartTransaction).
    charges_close_lost(connector_ids=list(connectors.values()), at=starts[0].received_at, why=_ANOTHER)
    sql.execute(
        _BEGIN,
        ids,
        [connectors[s.charge_point_id, s.connector_number] for s in starts],
        transactions,
        [s.fingerprint for s in starts],
        [s.id_tag for s in starts],
        [answer.charge_key_id for answer in answers],
        [str(s.verdict or answer.verdict) for s, answer in zip(starts, answers, strict=True)],
        [s.started_at for s in starts],
        [s.received_at for s in starts],
        [s.meter_start_wh for s in starts],
    )
    effects_seen_started(started={(s.charge_point_id, tx): s for s, tx in zip(starts, transactions, strict=True)})
    reservations_use(starts=starts, parents=[answer.parent_id_tag for answer in answers])
    return {
        (start.charge_point_id, start.fingerprint): Started(tx, a.verdict, a.expires_at, a.parent_id_tag, note=a.why)
        for start, tx, a in zip(starts, transactions, answers, strict=True)
    }


def _transaction_ids(starts: Sequence[Start]) -> list[str]:
    """New ones, but for starts that are applied once more."""
    wanted = [start.charge_point_id for start in starts if not start.transaction_id]
    fresh = iter(transaction_ids_give(charge_point_ids=wanted))
    return [start.transaction_id or next(fresh) for start in starts]
