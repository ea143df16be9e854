"""Whether an id tag may charge, and if not, why, in words for the operator."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from chargepoints import sql
from chargepoints.choices import KeyState, Verdict
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Command
from chargepoints.reports import KeyAnswer, KeyQuestion
from chargepoints.services.effects import EFFECT_WINDOW, MADE_WITHIN

# One statement for the whole batch, each part by an index and row by row. The payment method is the one that
# `bill_follow` takes for a charge that begins now, so what was chosen for a remote start that is on its way counts
# first (the one that `effects_seen_started` binds); it matters only where the price asks for money. A charge of the
# key counts as running when it was accepted; the one on the asking connector does not, its stop was lost.
_KEYS = """
SELECT q.ordinal, k.id, k.state, k.expires_at, k.parent_id_tag, k.allows_concurrent, d.is_blocked,
    d.archived_at IS NOT NULL,
    EXISTS (SELECT FROM chargepoints_keylimit l WHERE l.charge_key_id = k.id) AND NOT EXISTS (
        SELECT FROM chargepoints_keylimit l WHERE l.charge_key_id = k.id
            AND (l.charge_point_id = p.id OR l.site_id = s.id OR l.team_id = s.team_id)),
    (SELECT o.name || COALESCE(', connector ' || c.number, '') FROM chargepoints_charge g
        JOIN chargepoints_chargepoint o ON o.id = g.charge_point_id
        LEFT JOIN chargepoints_connector c ON c.id = g.connector_id
        WHERE g.charge_key_id = k.id AND g.state IN ('starting', 'charging', 'paused', 'stopping')
            AND g.verdict = 'Accepted'
            AND (g.charge_point_id <> p.id OR c.number IS DISTINCT FROM q.connector) LIMIT 1),
    m.name, m.is_active, m.kind, m.currency, m.credit_limit, a.balance, r.currency,
    k.for_tests, p.is_active, p.commissioning
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bool[])
    WITH ORDINALITY AS q (id, tag, connector, method, price_group, is_order, ordinal)
JOIN chargepoints_chargepoint p ON p.id = q.id
JOIN chargepoints_site s ON s.id = p.site_id
JOIN teams_team t ON t.id = s.team_id
JOIN chargepoints_chargekey k ON k.organisation_id = t.organisation_id AND lower(k.id_tag) = lower(q.tag)
LEFT JOIN chargepoints_driver d ON d.id = k.driver_id
LEFT JOIN LATERAL (SELECT (c.parameters ->> 'payment_method')::bigint AS method,
        (c.parameters ->> 'price_group')::bigint AS price_group
    FROM chargepoints_command c WHERE c.charge_point_id = q.id AND c.kind = 'start' AND NOT q.is_order
        AND c.created_at > %s AND c.sent_at > %s AND c.status IN ('sent', 'accepted', 'expired')
        AND c.effect IN ('', 'awaited', 'missing') AND lower(c.parameters ->> 'id_tag') = lower(q.tag)
        AND (q.connector IS NULL OR c.connector_number = q.connector)
    ORDER BY c.created_at DESC LIMIT 1) w ON true
LEFT JOIN chargepoints_paymentmethod m ON m.id = COALESCE(q.method, w.method, k.payment_method_id, (
    SELECT x.id FROM chargepoints_paymentmethod x WHERE x.driver_id = k.driver_id
    ORDER BY x.is_active DESC, x.is_default DESC, x.id LIMIT 1))
LEFT JOIN chargepoints_ledgeraccount a ON a.payment_method_id = m.id AND a.kind = 'wallet' AND a.currency = m.currency
LEFT JOIN chargepoints_pricegroup r ON m.id IS NOT NULL
    AND r.id = COALESCE(q.price_group, w.price_group, p.price_group_id, s.price_group_id, (
        SELECT y.id FROM chargepoints_pricegroup y WHERE y.organisation_id = t.organisation_id AND y.is_default))
    AND EXISTS (SELECT FROM chargepoints_price z WHERE z.price_group_id = r.id
        AND z.valid_from <= %s AND (z.valid_to IS NULL OR z.valid_to > %s) AND (z.spot_source_id IS NOT NULL
            OR z.windows <> '[]' OR z.start_fee + z.per_kwh + z.per_minute + z.idle_per_minute + z.minimum > 0))
"""

_WALLETS = ("wallet", "team-wallet")
NOBODYS = "no key has this id tag"
_Why = tuple[Verdict, str]


class _Found(NamedTuple):
    """A row of the statement; `running` is where the key charges already, `price_currency` what the price asks in."""

    ordinal: int
    key_id: int
    state: str
    expires_at: datetime | None
    parent: str
    allows_concurrent: bool
    is_blocked: bool | None
    is_archived: bool
    is_elsewhere: bool
    running: str | None
    method: str | None
    is_active: bool | None
    kind: str | None
    currency: str | None
    credit_limit: Decimal | None
    balance: Decimal | None
    price_currency: str | None
    for_tests: bool
    is_in_service: bool
    is_commissioned: bool


def keys_authorise(*, questions: Sequence[KeyQuestion], now: datetime, money: bool = True) -> list[KeyAnswer]:
    """The verdict on each question, in order. Tags are compared without regard to case (OCPP 1.6 CiString).

    Only keys of the charger's own organisation count; an unknown tag is Invalid (CSMS.md 2.1, Authorize). A question
    with a connector is a start: only that can be ConcurrentTx, also when the key starts twice in one batch. Without
    `money` it is left out whether the key can pay: for answers that a charger keeps.
    """
    answers = [KeyAnswer(Verdict.INVALID, reason=NOBODYS)] * len(questions)
    begun: set[int] = set()
    for found in _found(questions, now):
        question = questions[found.ordinal - 1]
        verdict, reason = _verdict(found, question, now, money=money)
        if question.connector is not None and verdict == Verdict.ACCEPTED:
            if found.key_id in begun and not found.allows_concurrent:
                verdict, reason = Verdict.CONCURRENT, "the key has just begun to charge elsewhere"
            begun.add(found.key_id)
        answers[found.ordinal - 1] = KeyAnswer(verdict, found.expires_at, found.parent, found.key_id, reason)
    return answers


def _found(questions: Sequence[KeyQuestion], now: datetime) -> list[_Found]:
    """The keys that are known, in the order of the questions."""
    rows = sql.rows(
        _KEYS,
        [question.charge_point_id for question in questions],
        [question.id_tag for question in questions],
        [question.connector for question in questions],
        [question.payment_method for question in questions],
        [question.price_group for question in questions],
        [question.is_order for question in questions],
        now - MADE_WITHIN,
        now - EFFECT_WINDOW,
        now,
        now,
    )
    return sorted(map(_Found._make, rows))


def _verdict(found: _Found, question: KeyQuestion, now: datetime, *, money: bool) -> _Why:
    is_start = question.connector is not None
    if reason := _blocked(found) or _out_of_service(found):
        return Verdict.BLOCKED, reason
    if found.expires_at is not None and found.expires_at <= now:
        return Verdict.EXPIRED, f"the key expired on {found.expires_at:%Y-%m-%d}"
    if found.is_elsewhere:
        return Verdict.BLOCKED, "the key works elsewhere only"
    if is_start and found.running and not found.allows_concurrent:
        return Verdict.CONCURRENT, f"the key already charges at {found.running}"
    # Whoever charges may identify themselves to end it: what is held for that charge is missing in the wallet.
    if money and (is_start or not found.running) and (reason := _unpayable(found)):
        return Verdict.BLOCKED, reason
    return Verdict.ACCEPTED, ""


def _blocked(found: _Found) -> str:
    if found.state == KeyState.BLOCKED:
        return "the key is blocked"
    if found.is_archived:
        return "the driver is archived"
    return "the driver is blocked" if found.is_blocked else ""


def _out_of_service(found: _Found) -> str:
    """Before a charge point is in service only tests charge there, and tests charge nowhere else."""
    if found.for_tests:
        return "" if found.is_commissioned else "keys for tests work only where an installer job is open"
    return "" if found.is_in_service else "the charge point is not in service yet"


def _unpayable(found: _Found) -> str:
    """Why the payment method cannot pay; empty when it can, when there is none, and when the price asks for nothing."""
    if found.method is None or found.price_currency is None or found.kind == "free":
        return ""
    if not found.is_active:
        return f"the payment method {found.method} is switched off"
    if found.kind not in _WALLETS:
        return ""
    if found.currency != found.price_currency:
        return f"the wallet is in {found.currency}, the price in {found.price_currency}"
    if (found.balance or Decimal(0)) + (found.credit_limit or Decimal(0)) <= 0:
        return "the wallet is empty"
    return ""


def methods_unpayable(*, questions: Sequence[KeyQuestion], now: datetime) -> list[str]:
    """Why each question's payment method could not pay there, in words; empty when it could, or nothing is asked."""
    reasons = [""] * len(questions)
    for found in _found(questions, now):
        reasons[found.ordinal - 1] = _unpayable(found)
    return reasons


def start_key_bind(*, command: Command) -> None:
    """Refuse a remote start whose key the charger would be told to refuse. Raises ActionRefused with the reason.

    A tag that no key has is left to the charger: it may know it by itself. What was chosen must have been checked.
    """
    given = command.parameters
    tag, connector = given.get("id_tag"), given.get("connector")
    if not isinstance(tag, str):
        return
    number = connector if isinstance(connector, int) else 0
    method, group = given.get("payment_method"), given.get("price_group")
    question = KeyQuestion(
        command.charge_point_id,
        tag,
        number,
        method if isinstance(method, int) else None,
        group if isinstance(group, int) else None,
        is_order=True,
    )
    answer = keys_authorise(questions=[question], now=timezone.now())[0]
    if answer.charge_key_id is not None and answer.verdict != Verdict.ACCEPTED:
        raise ActionRefused(f"The key would be refused ({answer.why}). Choose another one, or mend that first.")
