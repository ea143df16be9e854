"""One charge: its readings, what it was doing, its log lines, commands, money and acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from chargepoints.choices import Category
from chargepoints.models import Bill, Charge, Command, LedgerMovement, LogLine, MeterSample, Payment, PaymentMethod
from chargepoints.permissions import Person, audit_for, bills_for, charges_for, payment_methods_for, rights_on
from chargepoints.phases import Phase
from chargepoints.selectors.billing import charge_phases, meter_points
from chargepoints.selectors.charges import is_running
from hub.audit.models import AuditEntry
from hub.teams.choices import Right

LINES_SHOWN, ENTRIES_SHOWN, METHODS_SHOWN = 40, 20, 200
# The key was shown before the start, and some stops are told late.
_BEFORE, _AFTER, _LONGEST = timedelta(minutes=5), timedelta(minutes=30), timedelta(days=40)
# A signature is longer than any number.
_SIGNED_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter said at one moment: the register in Wh, power in W (phases summed), battery in percent."""

    at: datetime
    register_wh: int | None = None
    power_w: int | None = None
    soc: int | None = None


def charges_detailed(person: Person, right: Right = Right.VIEW) -> QuerySet[Charge]:
    """The charges that `person` may see, with all that their page shows of them."""
    related = ("charge_point__site__team", "charge_point__connection", "connector", "charge_key__driver")
    return charges_for(person, right).select_related(*related, "start_command")


def bill_detailed(charge: Charge) -> Bill | None:
    """The bill with who pays and at which price; None when none was made yet."""
    related = ("site__team", "driver", "price__price_group", "price_group", "payment_method")
    return Bill.objects.filter(charge=charge).select_related(*related).first()


def money_seen(person: Person, charge: Charge, bill: Bill | None) -> bool:
    """Whether `person` sees the money of this charge: at the site of its bill, or of its charger while it has none."""
    if bill is not None:
        return bills_for(person).filter(pk=bill.pk).exists()
    return Right.MONEY in rights_on(person, charge.charge_point)


def charge_readings(charge: Charge) -> list[Reading]:
    """All readings in their order. Two queries."""
    socs = {
        at: int(value)
        for at, value in _samples(charge).filter(measurand="SoC", value__isnull=False).values_list("at", "value")
        if value is not None
    }
    told = {(point.at, point.context): point for point in meter_points(charge)}
    readings = [
        Reading(point.at, point.register_wh, point.power_w, socs.pop(point.at, None)) for point in told.values()
    ]
    readings += [Reading(at, soc=soc) for at, soc in socs.items()]
    return sorted(readings, key=lambda reading: reading.at)


def charge_end(charge: Charge, now: datetime | None = None) -> datetime:
    """When it ended, by the charger's time, or now."""
    end = charge.ended_at if not is_running(charge) else None
    return max(end or now or timezone.now(), charge.started_at)


def charge_doing(charge: Charge, now: datetime | None = None) -> list[Phase]:
    """What it was doing, until its stop arrived or until now."""
    if is_running(charge):
        end = now or timezone.now()
    else:
        end = charge.forced_at or charge.stop_received_at or charge.ended_at or charge.started_at
    return charge_phases(charge, end)


def charge_samples(charge: Charge) -> QuerySet[MeterSample]:
    """Every value as it came, in its order."""
    return _samples(charge).order_by("at", "pk")


def charge_signed(charge: Charge) -> list[MeterSample]:
    """Values that are no numbers but long texts: signed ones (OCPP 1.6 SignedData)."""
    texts = _samples(charge).filter(value__isnull=True).annotate(size=Length("raw")).filter(size__gte=_SIGNED_LENGTH)
    return list(texts.order_by("at", "pk")[:LINES_SHOWN])


def _samples(charge: Charge) -> QuerySet[MeterSample]:
    return MeterSample.objects.filter(charge_id=charge.pk, charge_point=charge.charge_point_id)


def charge_lines(charge: Charge) -> list[LogLine]:
    """The charger's log lines of this charge but its readings, oldest first."""
    begin = (charge.start_received_at or charge.started_at) - _BEFORE
    end = (charge.stop_received_at or charge.forced_at or timezone.now()) + _AFTER
    lines = LogLine.objects.filter(
        charge_point=charge.charge_point_id,
        transaction_id=charge.transaction_id,
        seq__gte=_micros(begin),
        seq__lte=_micros(min(end, begin + _LONGEST)),
    )
    return list(lines.exclude(category=Category.METER).defer("request", "answer").order_by("seq")[:LINES_SHOWN])


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def charge_commands(charge: Charge) -> list[Command]:
    """The command that started it, and those that were about it."""
    about = Q(charge=charge) | Q(pk=charge.start_command_id)
    return list(Command.objects.filter(about).select_related("author").order_by("created_at"))


def bill_payments(bill: Bill) -> Sequence[Payment]:
    """Its payments, newest first, each with its movements."""
    movements = Prefetch("movements", LedgerMovement.objects.order_by("at", "pk"))
    return list(bill.payments.select_related("payment_method").prefetch_related(movements).order_by("-created_at"))


def charge_entries(person: Person, charge: Charge, bill: Bill | None) -> list[AuditEntry]:
    """The acts on charge and bill that `person` may read of, newest first."""
    about = Q(noun="charge", object_id=str(charge.pk))
    if bill is not None:
        about |= Q(noun="bill", object_id=str(bill.pk))
    return list(audit_for(person).filter(about).order_by("-at", "-id")[:ENTRIES_SHOWN])


def methods_offered(person: Person, bill: Bill) -> QuerySet[PaymentMethod]:
    """The payment methods that a reviewer may choose for a bill: the driver's, and those they manage."""
    mine = Q(driver__isnull=False, driver=bill.driver_id) | Q(pk__in=payment_methods_for(person).values("pk"))
    methods = PaymentMethod.objects.filter(mine, organisation=bill.organisation_id, is_active=True)
    return methods.select_related("driver").order_by("name", "pk")
