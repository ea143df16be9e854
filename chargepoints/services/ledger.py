"""The books: every movement of money, its lines summing up to zero; rows are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from chargepoints.choices import WALLETS, LedgerAccountKind, MovementKind
from chargepoints.exceptions import PaymentRefused
from chargepoints.models import LedgerAccount, LedgerLine, LedgerMovement, Payment, PaymentMethod
from chargepoints.pricing import rounded
from hub.audit.records import Actor, audit_record

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount on an account: plus is credit, minus is debit. Wallets and holds belong to a payment method."""

    kind: LedgerAccountKind
    amount: Decimal
    method: PaymentMethod | None = None


@transaction.atomic
def ledger_move(
    *,
    organisation_id: int,
    kind: MovementKind,
    key: str,
    currency: str,
    entries: Sequence[Entry],
    actor: Actor,
    payment: Payment | None = None,
    reason: str = "",
) -> LedgerMovement:
    """Book one movement. The same `key` again books nothing and returns what was booked first.

    Raises ValueError when the entries do not sum up to zero; the database would refuse them at the commit.
    """
    if sum((entry.amount for entry in entries), ZERO) != 0:
        raise ValueError(f"{key}: the entries of a movement sum up to zero.")
    found = LedgerMovement.objects.filter(key=key).first()
    if found is not None:
        return found
    accounts = [_account(organisation_id, currency, entry) for entry in entries]
    # In one order, so that two movements between the same accounts cannot dead-lock.
    list(LedgerAccount.objects.select_for_update().filter(pk__in=[a.pk for a in accounts]).order_by("pk"))
    movement = LedgerMovement.objects.create(
        organisation_id=organisation_id,
        at=timezone.now(),
        kind=kind,
        key=key,
        payment=payment,
        actor_name=actor.name[:160],
        reason=reason[:200],
    )
    LedgerLine.objects.bulk_create(
        LedgerLine(movement=movement, account=account, amount=entry.amount)
        for account, entry in zip(accounts, entries, strict=True)
        if entry.amount
    )
    return movement


def _account(organisation_id: int, currency: str, entry: Entry) -> LedgerAccount:
    wanted: dict[str, Any] = {
        "organisation_id": organisation_id,
        "kind": entry.kind,
        "payment_method": entry.method,
        "currency": currency,
    }
    try:
        with transaction.atomic():
            return LedgerAccount.objects.get_or_create(**wanted)[0]
    except IntegrityError:
        return LedgerAccount.objects.get(**wanted)


@transaction.atomic
def wallet_top_up(*, method: PaymentMethod, amount: Decimal, key: str, actor: Actor, reason: str = "") -> bool:
    """Put money into a wallet that was received elsewhere; a negative amount pays it out. False: it was booked before.

    The same `key` again is the same act. Raises PaymentRefused for other methods, for nothing, for parts of the
    smallest coin, and for more than the wallet holds.
    """
    if method.kind not in WALLETS:
        raise PaymentRefused("Only wallets hold money.")
    if not amount:
        raise PaymentRefused("Give an amount.")
    if amount != rounded(amount, method.currency):
        raise PaymentRefused(f"{method.currency} has no coin that small.")
    account = _account(method.organisation_id, method.currency, Entry(LedgerAccountKind.WALLET, ZERO, method))
    account = LedgerAccount.objects.select_for_update().get(pk=account.pk)
    if LedgerMovement.objects.filter(key=f"top-up:{method.pk}:{key}").exists():
        return False
    if amount < 0 and account.balance + amount < 0:
        raise PaymentRefused(f"The wallet holds {account.balance} {method.currency} only.")
    ledger_move(
        organisation_id=method.organisation_id,
        kind=MovementKind.TOP_UP if amount > 0 else MovementKind.PAY_OUT,
        key=f"top-up:{method.pk}:{key}",
        currency=method.currency,
        entries=[Entry(LedgerAccountKind.WALLET, amount, method), Entry(LedgerAccountKind.BANK, -amount)],
        actor=actor,
        reason=reason,
    )
    act = "topped_up" if amount > 0 else "paid_out"
    facts = {"amount": amount, "currency": method.currency}
    audit_record(actor=actor, act=act, obj=method, place=method.place, after=facts, reason=reason)
    return True
