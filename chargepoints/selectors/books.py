"""Whether the books are right: sums that must agree, and the rows where they do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chargepoints import sql


@dataclass(frozen=True, slots=True)
class Balance:
    """All accounts of one kind and currency of an organisation; `count` is how many lines they have."""

    organisation: str
    kind: str
    currency: str
    balance: Decimal
    count: int


_ACCOUNTS = """
SELECT o.name, a.kind, a.currency, sum(a.balance), sum((SELECT count(*) FROM chargepoints_ledgerline l
    WHERE l.account_id = a.id)) FROM chargepoints_ledgeraccount a JOIN teams_organisation o ON o.id = a.organisation_id
GROUP BY o.name, a.kind, a.currency ORDER BY o.name, a.currency, a.kind
"""

_UNBALANCED = """
SELECT 'movement ' || l.movement_id || ' sums up to ' || sum(l.amount) || ' ' || a.currency
FROM chargepoints_ledgerline l JOIN chargepoints_ledgeraccount a ON a.id = l.account_id
WHERE (%s::bigint[] IS NULL OR a.organisation_id = ANY(%s::bigint[]))
GROUP BY l.movement_id, a.currency HAVING sum(l.amount) <> 0 ORDER BY l.movement_id LIMIT 100
"""

_BALANCES = """
SELECT 'account ' || a.id || ' says ' || a.balance || ', its lines say ' || COALESCE(s.total, 0)
FROM chargepoints_ledgeraccount a
LEFT JOIN (SELECT account_id, sum(amount) AS total FROM chargepoints_ledgerline GROUP BY account_id) s
    ON s.account_id = a.id
WHERE a.balance <> COALESCE(s.total, 0)
    AND (%s::bigint[] IS NULL OR a.organisation_id = ANY(%s::bigint[]))
ORDER BY a.id LIMIT 100
"""

# What was earned with a payment, VAT included, is what was captured less what was given back.
_PAYMENTS = """
SELECT 'payment ' || p.id || ' has ' || (p.captured - p.refunded) || ', the ledger ' || COALESCE(s.total, 0)
FROM chargepoints_payment p JOIN chargepoints_bill b ON b.id = p.bill_id
LEFT JOIN (SELECT m.payment_id, sum(l.amount) AS total FROM chargepoints_ledgermovement m
    JOIN chargepoints_ledgerline l ON l.movement_id = m.id
    JOIN chargepoints_ledgeraccount a ON a.id = l.account_id AND a.kind IN ('revenue', 'vat')
    WHERE m.payment_id IS NOT NULL GROUP BY m.payment_id) s ON s.payment_id = p.id
WHERE p.captured - p.refunded <> COALESCE(s.total, 0)
    AND (%s::bigint[] IS NULL OR b.organisation_id = ANY(%s::bigint[]))
ORDER BY p.id LIMIT 100
"""

_HELD = """
SELECT 'wallet ' || a.payment_method_id || ' holds ' || a.balance || ', running charges ' || COALESCE(s.total, 0)
FROM chargepoints_ledgeraccount a
LEFT JOIN (SELECT payment_method_id, sum(authorised) AS total FROM chargepoints_payment
    WHERE state = 'authorised' GROUP BY payment_method_id) s ON s.payment_method_id = a.payment_method_id
WHERE a.kind = 'held' AND a.balance <> COALESCE(s.total, 0)
    AND (%s::bigint[] IS NULL OR a.organisation_id = ANY(%s::bigint[]))
ORDER BY a.id LIMIT 100
"""

_BILLS = """
SELECT 'bill ' || b.id || ' (' || b.state || ') is ' || b.total || ', paid ' || COALESCE(s.total, 0)
FROM chargepoints_bill b
LEFT JOIN (SELECT bill_id, sum(captured) AS total FROM chargepoints_payment GROUP BY bill_id) s ON s.bill_id = b.id
WHERE ((b.state IN ('paid', 'invoiced', 'refunded') AND b.total <> COALESCE(s.total, 0))
   OR (b.state NOT IN ('paid', 'invoiced', 'refunded') AND COALESCE(s.total, 0) <> 0))
    AND (%s::bigint[] IS NULL OR b.organisation_id = ANY(%s::bigint[]))
ORDER BY b.id LIMIT 100
"""

_SUMS = """
SELECT 'all accounts in ' || currency || ' sum up to ' || sum(balance) FROM chargepoints_ledgeraccount
WHERE organisation_id = ANY(%s::bigint[]) GROUP BY organisation_id, currency HAVING sum(balance) <> 0
"""


def accounts_of() -> list[Balance]:
    """The sums of all accounts."""
    return [Balance(*row) for row in sql.rows(_ACCOUNTS)]


def books_wrong(organisations: Sequence[int] | None = None) -> list[str]:
    """What does not agree, each in words; empty when the books are right. None asks for all organisations."""
    checks = (_UNBALANCED, _BALANCES, _PAYMENTS, _HELD, _BILLS)
    of = None if organisations is None else list(organisations)
    return [str(row[0]) for check in checks for row in sql.rows(check, of, of)]


def accounts_wrong(organisations: Sequence[int]) -> list[str]:
    """Organisations whose accounts do not sum up to zero, as all movements do."""
    return [str(row[0]) for row in sql.rows(_SUMS, list(organisations))]
