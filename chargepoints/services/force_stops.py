"""Force stop: a charge is closed at once, whatever the charger says, and nobody pays for it (SPEC section 4)."""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, BillState, Category, ChargeState, Direction
from chargepoints.exceptions import ActionRefused, PaymentRefused
from chargepoints.models import Bill, Charge
from chargepoints.pricing import Usage, cost_of
from chargepoints.reports import NewLine
from chargepoints.selectors.billing import tariff_of, zone_of
from chargepoints.services.bills import bill_follow, bill_locked
from chargepoints.services.changes import changed
from chargepoints.services.commands import command_create
from chargepoints.services.log_lines import log_lines_append
from chargepoints.services.payments import payment_release
from chargepoints.services.states import states_refresh
from hub.audit.records import Actor, audit_record
from hub.teams.models import User

REASON = "ForceStop"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a force stop gives up: energy so far in Wh, and what it would have cost."""

    energy_wh: int
    amount: Decimal
    currency: str


def charge_loss(charge: Charge) -> Loss:
    """What would be lost now; the amount is 0 where the charge has no price."""
    bill = Bill.objects.select_related("price__price_group", "site").filter(charge=charge).first()
    if bill is None or bill.price is None:
        return Loss(charge.energy_wh, Decimal(0), bill.currency if bill else "")
    now = timezone.now()
    curve = [(charge.started_at, 0), (max(now, charge.started_at), charge.energy_wh)]
    cost = cost_of(tariff_of(bill.price, charge.started_at, now), Usage(curve[0][0], curve[1][0], curve), zone_of(bill))
    return Loss(charge.energy_wh, cost.total, bill.currency)


@transaction.atomic
def charge_force_stop(*, charge: Charge, actor: Actor, author: User | None, reason: str) -> Charge:
    """Close a running charge at once and remove its payment; the charger is told as well, if it can be reached.

    A stop that it sends later is kept as energy without payment. Raises ActionRefused without a reason, or when the
    charge has ended already.
    """
    if not reason.strip():
        raise ActionRefused("Say why: the payment is removed for good.")
    # The command asks for a running charge, so it goes first; who is offline is not told, and that is no obstacle.
    with suppress(ActionRefused), transaction.atomic():
        command_create(
            charge_point=charge.charge_point,
            kind="stop",
            parameters={"charge": charge.pk},
            author=author,
            author_address=actor.address,
            author_name=actor.name,
            reason=reason,
        )
    charge = Charge.objects.select_for_update(of=("self",)).select_related("charge_point").get(pk=charge.pk)
    if charge.state not in OPEN_CHARGE_STATES:
        raise ActionRefused("This charge has already ended.")
    bill_follow(charge_id=charge.pk)
    now = timezone.now()
    charge.state, charge.stop_reason, charge.forced_at = ChargeState.COMPLETED, REASON, now
    charge.ended_at, charge.power_w = max(now, charge.started_at), None
    charge.save(update_fields=["state", "stop_reason", "forced_at", "ended_at", "power_w"])
    bill = bill_locked(Bill.objects.values_list("pk", flat=True).get(charge=charge))
    _remove_payment(bill, charge, actor, reason)
    log_lines_append(lines=[_line(charge, actor, reason)])
    states_refresh(charge_point_ids=[charge.charge_point_id])
    changed([charge.charge_point_id], "connectors", "actions", "row", "power")
    return charge


def _remove_payment(bill: Bill, charge: Charge, actor: Actor, reason: str) -> None:
    if bill.state != BillState.OPEN:
        raise PaymentRefused("The bill of this charge is settled already.")
    payment_release(bill=bill, actor=actor, reason=reason)
    bill.state, bill.settled_at = BillState.REMOVED, timezone.now()
    bill.energy_wh, bill.ended_at = charge.energy_wh, charge.ended_at
    bill.reviewed_by_name, bill.review_note = actor.name[:160], reason[:200]
    bill.save()
    facts = {"energy_wh": charge.energy_wh, "transaction_id": charge.transaction_id, "payment": "removed"}
    audit_record(actor=actor, act="force_stopped", obj=charge, place=bill.place, after=facts, reason=reason)


def _line(charge: Charge, actor: Actor, reason: str) -> NewLine:
    return NewLine(
        charge_point_id=charge.charge_point_id,
        at=timezone.now(),
        direction=Direction.NONE,
        category=Category.TRANSACTION,
        action="Force stop",
        fact=charge.transaction_id,
        text=f"closed by {actor.name}, payment removed: {reason}"[:1024],
        transaction_id=charge.transaction_id,
        connector_number=charge.connector.number if charge.connector else None,
    )
