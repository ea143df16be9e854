"""The one statement behind every report: charges with their bills, refunds and connector time, grouped and summed.

Each source gives rows of (key, currency, figures); they are added up by key and currency, and once more in all.
"""

from enum import StrEnum
from functools import cache

from chargepoints.choices import OPEN_CHARGE_STATES, BillState, LedgerAccountKind, MovementKind


class Grouping(StrEnum):
    """What a line of a report is about."""

    SITE = "site"
    CHARGER = "charger"
    DRIVER = "driver"
    MONTH = "month"


def _listed(values: tuple[str, ...]) -> str:
    """Constants of ours as SQL."""
    return ", ".join(f"'{value}'" for value in values)


_OPEN = _listed(tuple(OPEN_CHARGE_STATES))
_EARNED = _listed((BillState.PAID, BillState.INVOICED, BillState.REFUNDED))

# The key of a group in charges, refunds and connector time ("" where there is none), and what it is called.
_KEYS = {
    Grouping.SITE: ("r.site_id", "r.site_id", "r.site_id"),
    Grouping.CHARGER: ("c.charge_point_id", "c.charge_point_id", "cp.id"),
    Grouping.DRIVER: ("COALESCE(b.driver_id, 0)", "COALESCE(b.driver_id, 0)", ""),
    Grouping.MONTH: ("r.bucket", "r.bucket", "r.bucket"),
}
_NAMES = {
    Grouping.SITE: (
        "n.name, team.name",
        "LEFT JOIN chargepoints_site n ON n.id = g.key LEFT JOIN teams_team team ON team.id = n.team_id",
    ),
    Grouping.CHARGER: (
        "n.name, site.name",
        "LEFT JOIN chargepoints_chargepoint n ON n.id = g.key LEFT JOIN chargepoints_site site ON site.id = n.site_id",
    ),
    Grouping.DRIVER: ("n.name, n.user_id", "LEFT JOIN chargepoints_driver n ON n.id = g.key"),
    Grouping.MONTH: ("''::text, ''::text", ""),
}

# The stretches of time, each in a zone; a month of two zones is two of them with one number.
_RANGES = """
WITH spans AS (
    SELECT * FROM unnest(%(zones)s::text[], %(buckets)s::int[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
        AS t (zone, bucket, since, until)
), ranges AS (
    SELECT s.id AS site_id, s.id = ANY(%(priced)s::bigint[]) AS priced, t.bucket, t.since, t.until
    FROM chargepoints_site s JOIN spans t ON t.zone = s.time_zone WHERE s.id = ANY(%(sites)s::bigint[])
)"""

_COLUMNS = (
    *("charges", "energy_wh", "ended", "lasted", "connected", "charging", "net", "vat", "refunded_net", "refunded_vat"),
    *("review", "unpaid", "capacity", "maintenance"),
)

_CHARGES = """
SELECT {key} AS key,
    CASE WHEN r.priced AND b.state IN ({earned}) THEN b.currency ELSE '' END AS currency,
    count(*) FILTER (WHERE c.started_at >= r.since) AS charges,
    sum(CASE WHEN b.id IS NULL OR b.state = 'open' THEN c.energy_wh ELSE b.energy_wh END)
        FILTER (WHERE c.started_at >= r.since) AS energy_wh,
    count(c.ended_at) FILTER (WHERE c.started_at >= r.since) AS ended,
    EXTRACT(epoch FROM sum(GREATEST(c.ended_at - c.started_at, interval '0'))
        FILTER (WHERE c.started_at >= r.since)) AS lasted,
    EXTRACT(epoch FROM sum(GREATEST(LEAST(t.ended, r.until) - GREATEST(c.started_at, r.since), interval '0'))
        FILTER (WHERE c.connector_id IS NOT NULL)) AS connected,
    EXTRACT(epoch FROM sum(GREATEST(LEAST(t.idle, r.until) - GREATEST(c.started_at, r.since), interval '0'))
        FILTER (WHERE c.connector_id IS NOT NULL)) AS charging,
    sum(b.net) FILTER (WHERE r.priced AND c.started_at >= r.since AND b.state IN ({earned})) AS net,
    sum(b.vat) FILTER (WHERE r.priced AND c.started_at >= r.since AND b.state IN ({earned})) AS vat,
    0 AS refunded_net, 0 AS refunded_vat,
    count(*) FILTER (WHERE r.priced AND c.started_at >= r.since AND b.state = 'held') AS review,
    count(*) FILTER (WHERE r.priced AND c.started_at >= r.since AND b.state = 'unpaid') AS unpaid,
    0 AS capacity, 0 AS maintenance
FROM chargepoints_charge c
JOIN chargepoints_chargepoint cp ON cp.id = c.charge_point_id
LEFT JOIN chargepoints_bill b ON b.charge_id = c.id
JOIN ranges r ON r.site_id = COALESCE(b.site_id, cp.site_id) AND c.started_at < r.until
    AND (c.started_at >= r.since OR c.ended_at > r.since OR (c.ended_at IS NULL AND c.state IN ({open})))
CROSS JOIN LATERAL (
    SELECT x.ended, x.ended - make_interval(secs => COALESCE(b.idle_seconds, 0)) AS idle FROM (
        SELECT LEAST(COALESCE(c.ended_at, CASE WHEN c.state IN ({open}) THEN %(now)s ELSE c.started_at END), %(now)s)
            AS ended) x
) t
WHERE c.started_at < %(until)s
    AND (c.started_at >= %(since)s OR c.ended_at > %(since)s OR (c.ended_at IS NULL AND c.state IN ({open})))
GROUP BY 1, 2"""

_REFUNDS = """
SELECT {key}, a.currency, 0, 0, 0, 0, 0, 0, 0, 0,
    -sum(l.amount) FILTER (WHERE a.kind = '{revenue}'), -sum(l.amount) FILTER (WHERE a.kind = '{vat}'), 0, 0, 0, 0
FROM chargepoints_ledgermovement m
JOIN chargepoints_payment p ON p.id = m.payment_id
JOIN chargepoints_bill b ON b.id = p.bill_id
JOIN chargepoints_charge c ON c.id = b.charge_id
JOIN ranges r ON r.site_id = b.site_id AND r.priced AND m.at >= r.since AND m.at < r.until
JOIN chargepoints_ledgerline l ON l.movement_id = m.id
JOIN chargepoints_ledgeraccount a ON a.id = l.account_id AND a.kind IN ('{revenue}', '{vat}')
WHERE m.kind = '{refund}' AND m.organisation_id = ANY(%(organisations)s::bigint[])
    AND m.at >= %(since)s AND m.at < %(until)s
GROUP BY 1, 2"""

_CAPACITY = """
SELECT {key}, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    sum(k.connectors * EXTRACT(epoch FROM e.until - e.since)),
    sum(k.connectors * COALESCE((
        SELECT sum(EXTRACT(epoch FROM upper(part) - lower(part)))
        FROM unnest(off.times * tstzmultirange(tstzrange(e.since, e.until))) part), 0))
FROM chargepoints_chargepoint cp
JOIN (SELECT charge_point_id, count(*) AS connectors FROM chargepoints_connector GROUP BY 1) k
    ON k.charge_point_id = cp.id
JOIN ranges r ON r.site_id = cp.site_id
CROSS JOIN LATERAL (
    SELECT GREATEST(cp.created_at, r.since) AS since,
        LEAST(COALESCE(cp.archived_at, %(now)s), r.until, %(now)s) AS until
) e
LEFT JOIN (
    SELECT charge_point_id, range_agg(tstzrange(starts_at, ends_at)) AS times FROM chargepoints_maintenanceperiod
    WHERE starts_at < %(until)s AND (ends_at IS NULL OR ends_at > %(since)s) GROUP BY 1
) off ON off.charge_point_id = cp.id
WHERE e.since < e.until
GROUP BY 1, 2"""

# Groups with most energy come first, months in their order; the lines of one group stand together, the sums before all.
_GROUPED = """
, sources AS ({sources}), grouped AS (
    SELECT key, currency, GROUPING(key) AS is_total, {sums},
        sum(COALESCE(sum(energy_wh), 0)) OVER (PARTITION BY GROUPING(key), key) AS weight
    FROM sources GROUP BY GROUPING SETS ((key, currency), (currency))
)
SELECT g.is_total, g.key, {names}, g.currency, {columns} FROM grouped g {joins}
ORDER BY g.is_total DESC, {order} g.key, g.currency DESC LIMIT %(most)s"""


@cache
def statement(grouping: Grouping) -> str:
    """The statement for one grouping; its parameters are named."""
    charges, refunds, capacity = _KEYS[grouping]
    books = {"revenue": LedgerAccountKind.REVENUE, "vat": LedgerAccountKind.VAT, "refund": MovementKind.REFUND}
    sources = [
        _CHARGES.format(key=charges, earned=_EARNED, open=_OPEN),
        _REFUNDS.format(key=refunds, **{name: str(word) for name, word in books.items()}),
    ]
    if capacity:
        sources.append(_CAPACITY.format(key=capacity))
    names, joins = _NAMES[grouping]
    return _RANGES + _GROUPED.format(
        sources=" UNION ALL ".join(sources),
        sums=", ".join(f"COALESCE(sum({column}), 0) AS {column}" for column in _COLUMNS),
        names=names,
        columns=", ".join(f"g.{column}" for column in _COLUMNS),
        joins=joins,
        order="" if grouping is Grouping.MONTH else "g.weight DESC,",
    )
