"""From a charge to its bill: opened when it begins, computed when it ended, paid or held; never both.

Workers do this after the gateway has stored what happened: `Charge.bill_due` says that there is something to follow.
"""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import BillState, Hold, PaymentKind
from chargepoints.exceptions import PaymentRefused
from chargepoints.metering import Held, Judged, judge
from chargepoints.models import Bill, Charge, PaymentMethod, PriceGroup
from chargepoints.pricing import Cost, Line, Usage, cost_of
from chargepoints.selectors.billing import (
    held_besides,
    is_running,
    metered_of,
    price_at,
    tariff_of,
    zone_of,
)
from chargepoints.services.changes import changed
from chargepoints.services.ledger import ZERO
from chargepoints.services.payments import payment_authorise, payment_capture, payment_release
from hub.audit.records import HUB, Actor

ONCE = 200
_COMPUTED = (
    *("energy_wh", "seconds", "idle_seconds", "net", "vat", "total", "lines", "currency", "ended_at", "computed_at"),
    *("state", "settled_at", "holds", "proposed_wh", "proposed_why"),
)


def bills_due(*, most: int = ONCE) -> int:
    """Follow what happened to charges since the last time; how many there were. Several workers do no harm."""
    due = list(Charge.objects.filter(bill_due=True).order_by("pk").values_list("pk", flat=True)[:most])
    for charge_id in due:
        bill_follow(charge_id=charge_id)
    return len(due)


@transaction.atomic
def bill_follow(*, charge_id: int) -> Bill | None:
    """Bring the bill of one charge up to what is known of it. None when somebody else just does.

    The row of the charge is locked first and its bill after it, by whoever needs both.
    """
    charge = (
        Charge.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("connector", "charge_key__driver", "start_command", "charge_point__site__team")
        .filter(pk=charge_id, bill_due=True)
        .first()
    )
    if charge is None:
        return None
    Charge.objects.filter(pk=charge.pk).update(bill_due=False)
    bill = Bill.objects.select_related("price__price_group", "site", "payment_method").filter(charge=charge).first()
    if bill is None:
        bill = _open(charge)
    bill.charge = charge
    if not is_running(charge):
        _follow_end(bill)
    changed([charge.charge_point_id], "connectors")
    return bill


def _follow_end(bill: Bill) -> None:
    if bill.state in {BillState.OPEN, BillState.HELD} and bill.reviewed_at is None:
        bill_compute(bill=bill)
    elif bill.state == BillState.REMOVED:
        # Stopped by force; a stop that comes later tells the energy, and nobody pays for it.
        judged = judge(metered_of(bill.charge))
        bill.energy_wh, bill.ended_at = judged.energy_wh, bill.charge.ended_at
        bill.save(update_fields=["energy_wh", "ended_at"])
    elif bill.charge.stop_received_at and (bill.computed_at or bill.created_at) < bill.charge.stop_received_at:
        _late(bill)


def _late(bill: Bill) -> None:
    """A stop that arrived after somebody had decided: the money stays, the difference is proposed."""
    judged = judge(metered_of(bill.charge))
    if judged.energy_wh != bill.energy_wh:
        text = f"Its stop came later and says {judged.energy_wh} Wh; {bill.energy_wh} Wh were decided."
        bill.holds = [asdict(Held(Hold.LATE_STOP, text, f"{bill.energy_wh} Wh", f"{judged.energy_wh} Wh"))]
        bill.proposed_wh, bill.proposed_why = judged.energy_wh, "From its registers."
        bill.save(update_fields=["holds", "proposed_wh", "proposed_why"])


def _open(charge: Charge) -> Bill:
    site = charge.charge_point.site
    group = _price_group(charge)
    price = price_at(group, charge.started_at)
    method = _payment_method(charge)
    bill = Bill.objects.create(
        charge=charge,
        organisation_id=site.team.organisation_id,
        site=site,
        driver=charge.charge_key.driver if charge.charge_key else None,
        price_group=group,
        price=price,
        payment_method=method,
        currency=group.currency if group else method.currency if method else "EUR",
        started_at=charge.started_at,
    )
    if group is not None and is_running(charge):
        try:
            with transaction.atomic():
                payment_authorise(bill=bill, amount=group.authorise_amount)
        except PaymentRefused as refused:
            # The car is charging already; what it costs is asked for at the end.
            bill.holds = [asdict(Held(Hold.PAYMENT, str(refused)))]
            bill.save(update_fields=["holds"])
    return bill


def _price_group(charge: Charge) -> PriceGroup | None:
    """The start command's, else the charge point's, else the site's, else the organisation's default."""
    site = charge.charge_point.site
    organisation = site.team.organisation_id
    asked = _asked(charge, "price_group")
    if asked is not None:
        found = PriceGroup.objects.filter(pk=asked, organisation=organisation).first()
        if found is not None:
            return found
    chosen = charge.charge_point.price_group or site.price_group
    return chosen or PriceGroup.objects.filter(organisation=organisation, is_default=True).first()


def _payment_method(charge: Charge) -> PaymentMethod | None:
    """The start command's, else the key's, else the driver's default."""
    key = charge.charge_key
    asked = _asked(charge, "payment_method")
    if asked is not None:
        organisation = charge.charge_point.site.team.organisation_id
        found = PaymentMethod.objects.filter(pk=asked, organisation=organisation).first()
        if found is not None:
            return found
    if key is None:
        return None
    if key.payment_method is not None or key.driver is None:
        return key.payment_method
    return PaymentMethod.objects.filter(driver=key.driver, is_active=True).order_by("-is_default", "pk").first()


def _asked(charge: Charge, name: str) -> int | None:
    command = charge.start_command
    value = command.parameters.get(name) if command else None
    return int(str(value)) if value is not None and str(value).isdecimal() else None


def bill_compute(*, bill: Bill, energy_wh: int | None = None, actor: Actor = HUB) -> None:
    """Compute the bill of an ended charge and settle or hold it. `energy_wh` is what a reviewer has decided."""
    charge = bill.charge
    judged = judge(metered_of(charge))
    holds: Sequence[Held] = [*judged.holds, *held_besides(charge)]
    if energy_wh is not None:
        judged, holds = _decided(judged, energy_wh, charge), []
    cost = _cost(bill, judged)
    if cost.missing:
        holds = [*holds, Held(Hold.NO_PRICE, cost.missing)]
    _write(bill, judged, cost, holds)
    _settle(bill, held=bool(holds), actor=actor)
    bill.save(update_fields=_COMPUTED)


def _decided(judged: Judged, energy_wh: int, charge: Charge) -> Judged:
    """The judged charge with another energy: it came in the same proportions over time."""
    end = max(charge.ended_at or charge.started_at, charge.started_at)
    if judged.energy_wh:
        curve = [(at, wh * energy_wh // judged.energy_wh) for at, wh in judged.curve]
    else:
        curve = [(charge.started_at, 0), (end, energy_wh)]
    return Judged(energy_wh, curve, judged.idle_from, "decided")


def _cost(bill: Bill, judged: Judged) -> Cost:
    begin, end = bill.charge.started_at, bill.charge.ended_at or bill.charge.started_at
    if bill.price is None:
        return Cost((), ZERO, ZERO, ZERO, max(int((end - begin).total_seconds()), 0), 0)
    usage = Usage(begin, end, judged.curve, judged.idle_from)
    return cost_of(tariff_of(bill.price, begin, end), usage, zone_of(bill))


def _write(bill: Bill, judged: Judged, cost: Cost, holds: Sequence[Held]) -> None:
    lines = list(cost.lines)
    net, vat, total = cost.net, cost.vat, cost.total
    if bill.payment_method is not None and bill.payment_method.kind == PaymentKind.FREE and total:
        gross = sum((line.amount for line in lines), ZERO)
        lines.append(Line("free", "Free", Decimal(1), "", -gross, -gross))
        net = vat = total = ZERO
    bill.energy_wh, bill.seconds, bill.idle_seconds = judged.energy_wh, cost.seconds, cost.idle_seconds
    bill.net, bill.vat, bill.total = net, vat, total
    bill.lines = [{name: str(value) for name, value in asdict(line).items()} for line in lines]
    bill.holds = [asdict(held) for held in holds]
    bill.proposed_wh, bill.proposed_why = judged.proposed_wh, judged.proposed_why[:200]
    bill.ended_at, bill.computed_at = bill.charge.ended_at, timezone.now()


def _settle(bill: Bill, *, held: bool, actor: Actor) -> None:
    """Held, cancelled, free, paid, invoiced or unpaid: whichever it is, in this transaction with its money."""
    if held:
        bill.state = BillState.HELD
        return
    bill.settled_at = timezone.now()
    if not bill.total:
        bill.state = BillState.FREE if bill.energy_wh else BillState.CANCELLED
        payment_release(bill=bill, actor=actor)
        return
    try:
        with transaction.atomic():
            payment_capture(bill=bill, actor=actor)
    except PaymentRefused as refused:
        bill.state, bill.settled_at = BillState.UNPAID, None
        bill.holds = [asdict(Held(Hold.PAYMENT, str(refused)))]
    else:
        method = bill.payment_method
        is_invoice = method is not None and method.kind == PaymentKind.INVOICE
        bill.state = BillState.INVOICED if is_invoice else BillState.PAID


def bill_locked(bill_id: int) -> Bill:
    """The bill with its charge, both locked, in the order of `bill_follow`."""
    charge_id = Bill.objects.values_list("charge_id", flat=True).get(pk=bill_id)
    charge = (
        Charge.objects.select_for_update(of=("self",)).select_related("connector", "charge_point").get(pk=charge_id)
    )
    bill = (
        Bill.objects.select_for_update(of=("self",))
        .select_related("price__price_group", "site__team", "payment_method")
        .get(pk=bill_id)
    )
    bill.charge = charge
    return bill
