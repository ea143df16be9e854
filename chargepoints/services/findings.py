"""Where chargers deviate from their protocol: kept by rule, so that somebody can mend it at its source."""

from collections.abc import Sequence

from chargepoints import sql
from chargepoints.reports import Found
from chargepoints.services.changes import changed

EXAMPLE_LENGTH = 2048

# In order, so that two gateways that record the same findings cannot dead-lock.
_UPSERT = """
INSERT INTO chargepoints_finding AS f (charge_point_id, rule, detail, example, firmware, count, first_at, last_at)
SELECT n.id, n.rule, n.detail, n.example, p.firmware, n.count, n.at, n.at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
    AS n (id, rule, detail, example, count, at)
JOIN chargepoints_chargepoint p ON p.id = n.id ORDER BY n.id, n.rule
ON CONFLICT (charge_point_id, rule) DO UPDATE SET count = f.count + excluded.count,
    last_at = GREATEST(f.last_at, excluded.last_at), detail = excluded.detail, firmware = excluded.firmware
RETURNING f.charge_point_id
"""


def findings_record(*, found: Sequence[Found]) -> None:
    """Count these up, or keep them with their first example. At most one entry for a charge point and rule."""
    if not found:
        return
    rows = sql.rows(
        _UPSERT,
        [each.charge_point_id for each in found],
        [each.rule for each in found],
        [_clean(each.detail)[:255] for each in found],
        [_clean(each.example)[:EXAMPLE_LENGTH] for each in found],
        [each.count for each in found],
        [each.at for each in found],
    )
    changed({row[0] for row in rows}, "head")


def _clean(text: str) -> str:
    """PostgreSQL's text refuses NUL."""
    return text.replace("\x00", "\ufffd")
