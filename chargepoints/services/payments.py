"""Money for one bill: held, taken, let go, given back. Each kind of payment method books its own accounts."""

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import WALLETS, LedgerAccountKind, MovementKind, PaymentKind, PaymentState
from chargepoints.exceptions import PaymentRefused
from chargepoints.models import Bill, LedgerAccount, Payment, PaymentMethod
from chargepoints.pricing import rounded
from chargepoints.providers import Outcome, Provider, provider_of
from chargepoints.services.ledger import ZERO, Entry, ledger_move
from hub.audit.records import HUB, Actor

_LIVE = (PaymentState.AUTHORISED, PaymentState.CAPTURED)


def payment_of(bill: Bill) -> Payment | None:
    """The payment that holds or has taken the money of a bill."""
    return Payment.objects.filter(bill=bill, state__in=_LIVE).select_related("payment_method").first()


@transaction.atomic
def payment_authorise(*, bill: Bill, amount: Decimal, actor: Actor = HUB) -> Payment | None:
    """Hold `amount` for a running charge. None when the method holds nothing; raises PaymentRefused when it cannot."""
    method = bill.payment_method
    if method is None or amount <= 0 or method.kind not in (*WALLETS, PaymentKind.CARD):
        return None
    _usable(method, bill.currency)
    payment = payment_of(bill)
    if payment is not None:
        return payment
    reference = ""
    if method.kind in WALLETS:
        _cover(method, amount)
    else:
        said = _ask(
            method,
            lambda provider, key: provider.authorise(
                card=method.reference, amount=amount, currency=bill.currency, key=key
            ),
            f"authorise-{bill.pk}",
        )
        reference = said.reference
    payment = Payment.objects.create(
        bill=bill,
        payment_method=method,
        state=PaymentState.AUTHORISED,
        currency=bill.currency,
        authorised=amount,
        provider_reference=reference,
    )
    if method.kind in WALLETS:
        entries = [Entry(LedgerAccountKind.WALLET, -amount, method), Entry(LedgerAccountKind.HELD, amount, method)]
        _book(payment, MovementKind.AUTHORISE, "authorise", entries, actor)
    return payment


@transaction.atomic
def payment_capture(*, bill: Bill, actor: Actor = HUB) -> Payment | None:
    """Take the bill's total. None for nothing to take; raises PaymentRefused when the money cannot be had.

    What a wallet lacks it owes: the energy was delivered. Its key is refused until the debt is settled.
    """
    method, total = bill.payment_method, bill.total
    payment = payment_of(bill)
    if payment is not None and payment.state == PaymentState.CAPTURED:
        return payment
    if total <= 0:
        payment_release(bill=bill, actor=actor)
        return None
    if method is None:
        raise PaymentRefused("Nobody is there to pay: the key has no payment method.")
    _usable(method, bill.currency)
    held = payment.authorised if payment else ZERO
    entries = [Entry(LedgerAccountKind.REVENUE, bill.net), Entry(LedgerAccountKind.VAT, bill.vat)]
    reference = payment.provider_reference if payment else ""
    if method.kind in WALLETS:
        entries += [
            Entry(LedgerAccountKind.HELD, -held, method),
            Entry(LedgerAccountKind.WALLET, held - total, method),
        ]
    elif method.kind == PaymentKind.CARD:
        said = _ask(
            method,
            lambda provider, key: provider.capture(
                authorisation=reference, card=method.reference, amount=total, currency=bill.currency, key=key
            ),
            f"capture-{bill.pk}",
        )
        reference = said.reference
        entries.append(Entry(LedgerAccountKind.CARD, -total))
    else:
        entries.append(Entry(LedgerAccountKind.RECEIVABLE, -total))
    if payment is None:
        payment = Payment(bill=bill, payment_method=method, currency=bill.currency)
    payment.state, payment.captured, payment.provider_reference = PaymentState.CAPTURED, total, reference
    payment.changed_at = timezone.now()
    payment.save()
    _book(payment, MovementKind.CAPTURE, "capture", entries, actor)
    return payment


@transaction.atomic
def payment_release(*, bill: Bill, actor: Actor = HUB, reason: str = "") -> None:
    """Let go of what is held for a bill, if anything is."""
    payment = payment_of(bill)
    if payment is None or payment.state != PaymentState.AUTHORISED:
        return
    method, amount = payment.payment_method, payment.authorised
    if method.kind == PaymentKind.CARD:
        reference = payment.provider_reference
        _ask(method, lambda provider, key: provider.cancel(authorisation=reference, key=key), f"cancel-{payment.pk}")
    payment.state, payment.changed_at = PaymentState.CANCELLED, timezone.now()
    payment.save(update_fields=["state", "changed_at"])
    if method.kind in WALLETS:
        entries = [Entry(LedgerAccountKind.HELD, -amount, method), Entry(LedgerAccountKind.WALLET, amount, method)]
        _book(payment, MovementKind.RELEASE, "release", entries, actor, reason)


@transaction.atomic
def payment_refund(*, payment: Payment, amount: Decimal, key: str, actor: Actor, reason: str) -> Payment:
    """Give back `amount` of what was taken; the VAT of it in proportion. Raises PaymentRefused for more than that.

    `key` makes the same refund of a doubled request; another key is another refund.
    """
    payment = Payment.objects.select_for_update().select_related("bill", "payment_method").get(pk=payment.pk)
    if payment.movements.filter(key=f"payment:{payment.pk}:refund:{key}").exists():
        return payment
    bill, method = payment.bill, payment.payment_method
    left = payment.captured - payment.refunded
    if amount <= 0 or amount > left or amount != rounded(amount, payment.currency):
        raise PaymentRefused(f"Between the smallest coin and {left} {payment.currency} can be refunded.")
    if method.kind == PaymentKind.CARD:
        reference = payment.provider_reference
        _ask(
            method,
            lambda provider, k: provider.refund(capture=reference, amount=amount, currency=payment.currency, key=k),
            f"refund-{payment.pk}-{key}",
        )
    is_all = amount == left
    vat_before = rounded(bill.vat * payment.refunded / payment.captured, payment.currency)
    vat_after = (
        bill.vat if is_all else rounded(bill.vat * (payment.refunded + amount) / payment.captured, payment.currency)
    )
    vat = vat_after - vat_before
    back = {PaymentKind.CARD: LedgerAccountKind.CARD, PaymentKind.INVOICE: LedgerAccountKind.RECEIVABLE}
    account = back.get(PaymentKind(method.kind), LedgerAccountKind.WALLET)
    holder = method if account == LedgerAccountKind.WALLET else None
    entries = [
        Entry(LedgerAccountKind.REVENUE, vat - amount),
        Entry(LedgerAccountKind.VAT, -vat),
        Entry(account, amount, holder),
    ]
    payment.refunded += amount
    payment.state = PaymentState.REFUNDED if is_all else PaymentState.CAPTURED
    payment.changed_at = timezone.now()
    payment.save(update_fields=["refunded", "state", "changed_at"])
    _book(payment, MovementKind.REFUND, f"refund:{key}", entries, actor, reason)
    return payment


def _usable(method: PaymentMethod, currency: str) -> None:
    if not method.is_active:
        raise PaymentRefused(f"The payment method {method} is switched off.")
    if method.currency != currency and method.kind in WALLETS:
        raise PaymentRefused(f"The wallet {method} is in {method.currency}, the price in {currency}.")


def _cover(method: PaymentMethod, amount: Decimal) -> None:
    """Raises PaymentRefused when a wallet has too little; its account stays locked until the commit."""
    account = (
        LedgerAccount.objects.select_for_update()
        .filter(payment_method=method, kind=LedgerAccountKind.WALLET, currency=method.currency)
        .first()
    )
    balance = account.balance if account else ZERO
    if balance + method.credit_limit < amount:
        raise PaymentRefused(f"The wallet {method} holds {balance} {method.currency}; {amount} are needed.")


def _ask(method: PaymentMethod, act: Callable[[Provider, str], Outcome], key: str) -> Outcome:
    provider = provider_of(method.provider)
    if provider is None:
        raise PaymentRefused(f"There is no payment provider called {method.provider}.")
    try:
        said = act(provider, key)
    except OSError as error:
        raise PaymentRefused(f"{provider.label} could not be reached.") from error
    if not said.ok:
        raise PaymentRefused(said.refusal)
    return said


def _book(payment: Payment, kind: MovementKind, act: str, entries: list[Entry], actor: Actor, reason: str = "") -> None:
    ledger_move(
        organisation_id=payment.payment_method.organisation_id,
        kind=kind,
        key=f"payment:{payment.pk}:{act}",
        currency=payment.currency,
        entries=entries,
        actor=actor,
        payment=payment,
        reason=reason,
    )
