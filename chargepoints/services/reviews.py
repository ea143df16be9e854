"""What people decide about bills: release, try again, cancel, refund. Each is on record with its reason."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import BillState, PaymentState
from chargepoints.exceptions import PaymentRefused
from chargepoints.models import Bill, Payment, PaymentMethod
from chargepoints.services.bills import bill_compute, bill_locked
from chargepoints.services.changes import changed
from chargepoints.services.payments import payment_refund, payment_release
from hub.audit.records import Actor, audit_record, facts_of

_FACTS = ("state", "energy_wh", "total", "currency", "payment_method")


@transaction.atomic
def bill_release(*, bill: Bill, energy_wh: int, actor: Actor, note: str) -> Bill:
    """Bill a held charge with the energy (Wh) that a person has decided on, and take the money.

    Raises PaymentRefused when the bill is not held, the energy is negative, or a price is still missing.
    """
    bill = bill_locked(bill.pk)
    if bill.state != BillState.HELD:
        raise PaymentRefused("This bill is not held any more.")
    if energy_wh < 0:
        raise PaymentRefused("Energy is never negative.")
    before = facts_of(bill, *_FACTS)
    bill.reviewed_at, bill.reviewed_by_name, bill.review_note = timezone.now(), actor.name[:160], note[:200]
    bill_compute(bill=bill, energy_wh=energy_wh, actor=actor)
    if bill.state == BillState.HELD:
        raise PaymentRefused(str(bill.holds[0]["text"]))
    bill.save(update_fields=["reviewed_at", "reviewed_by_name", "review_note"])
    _recorded(bill, "released", before, actor, note)
    return bill


@transaction.atomic
def bill_retry(*, bill: Bill, actor: Actor, method: PaymentMethod | None = None) -> Bill:
    """Try to get the money of an unpaid bill once more, from another payment method if one is given.

    Raises PaymentRefused when the bill is not unpaid; one that stays unpaid says why in its holds.
    """
    bill = bill_locked(bill.pk)
    if bill.state != BillState.UNPAID:
        raise PaymentRefused("This bill is not waiting for its payment.")
    before = facts_of(bill, *_FACTS)
    if method is not None and method.pk != bill.payment_method_id:
        payment_release(bill=bill, actor=actor)
        bill.payment_method = method
        bill.save(update_fields=["payment_method"])
    bill_compute(bill=bill, energy_wh=bill.energy_wh, actor=actor)
    _recorded(bill, "retried", before, actor, "")
    return bill


@transaction.atomic
def bill_cancel(*, bill: Bill, actor: Actor, reason: str) -> Bill:
    """Ask no money for this charge. Raises PaymentRefused without a reason, and when money was taken: refund that."""
    bill = bill_locked(bill.pk)
    if not reason.strip():
        raise PaymentRefused("Say why.")
    if bill.state not in {BillState.HELD, BillState.UNPAID}:
        raise PaymentRefused("Only a bill that is held or not paid can be cancelled.")
    before = facts_of(bill, *_FACTS)
    payment_release(bill=bill, actor=actor, reason=reason)
    bill.state, bill.settled_at = BillState.CANCELLED, timezone.now()
    bill.reviewed_at, bill.reviewed_by_name, bill.review_note = timezone.now(), actor.name[:160], reason[:200]
    bill.save(update_fields=["state", "settled_at", "reviewed_at", "reviewed_by_name", "review_note"])
    _recorded(bill, "cancelled", before, actor, reason)
    return bill


@transaction.atomic
def bill_keep(*, bill: Bill, actor: Actor, note: str) -> Bill:
    """Leave a bill as it was decided, though another energy is proposed. Raises PaymentRefused when none is."""
    bill = bill_locked(bill.pk)
    if bill.state in {BillState.OPEN, BillState.HELD} or bill.proposed_wh is None:
        raise PaymentRefused("Nothing is proposed for this bill any more.")
    before = {"proposed_wh": bill.proposed_wh}
    bill.proposed_wh, bill.proposed_why, bill.holds = None, "", []
    bill.reviewed_at, bill.reviewed_by_name, bill.review_note = timezone.now(), actor.name[:160], note[:200]
    bill.save(update_fields=["proposed_wh", "proposed_why", "holds", "reviewed_at", "reviewed_by_name", "review_note"])
    after = {"proposed_wh": None}
    audit_record(actor=actor, act="kept", obj=bill, place=bill.place, before=before, after=after, reason=note)
    changed([bill.charge.charge_point_id], "connectors")
    return bill


@transaction.atomic
def bill_refund(*, bill: Bill, amount: Decimal, key: str, actor: Actor, reason: str) -> Bill:
    """Give back `amount` in the bill's currency. The same `key` twice refunds once. Raises PaymentRefused."""
    bill = bill_locked(bill.pk)
    if not reason.strip():
        raise PaymentRefused("Say why.")
    payment = Payment.objects.filter(bill=bill, state__in=[PaymentState.CAPTURED, PaymentState.REFUNDED]).first()
    if payment is None:
        raise PaymentRefused("No money was taken for this charge.")
    before = {"refunded": payment.refunded, "state": bill.state}
    payment = payment_refund(payment=payment, amount=amount, key=key, actor=actor, reason=reason)
    bill.state = BillState.REFUNDED if payment.state == PaymentState.REFUNDED else bill.state
    bill.proposed_wh, bill.proposed_why = None, ""
    bill.save(update_fields=["state", "proposed_wh", "proposed_why"])
    after = {"refunded": payment.refunded, "state": bill.state}
    audit_record(actor=actor, act="refunded", obj=bill, place=bill.place, before=before, after=after, reason=reason)
    changed([bill.charge.charge_point_id], "connectors")
    return bill


def _recorded(bill: Bill, act: str, before: dict[str, object], actor: Actor, reason: str) -> None:
    after = facts_of(bill, *_FACTS)
    audit_record(actor=actor, act=act, obj=bill, place=bill.place, before=before, after=after, reason=reason)
    changed([bill.charge.charge_point_id], "connectors")
