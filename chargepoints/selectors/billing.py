"""What a bill is computed from: the meter of a charge, its phases, the price at its start."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q

from chargepoints.choices import OPEN_CHARGE_STATES, Hold
from chargepoints.metering import Held, Metered, Point
from chargepoints.models import Bill, Charge, MeterSample, Price, PriceGroup, SpotPrice, StatusChange
from chargepoints.phases import Doing, Phase, lasted, phases_of
from chargepoints.pricing import Spot, Tariff, Window

REGISTER, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
_HERE = ("", "Outlet", "EV")
# A relay that closes for a moment is no charging.
_CHARGED_SECONDS = 60


def meter_points(charge: Charge) -> list[Point]:
    """Registers and power of a charge in their order; phases are summed where no whole was told."""
    samples = (
        MeterSample.objects.filter(charge_id=charge.pk, charge_point=charge.charge_point_id)
        .filter(measurand__in=[REGISTER, POWER], location__in=_HERE, value__isnull=False)
        .order_by("at")
        .values_list("at", "measurand", "phase", "context", "value")
    )
    moments: dict[tuple[datetime, str], list[tuple[str, str, Decimal]]] = defaultdict(list)
    for at, measurand, phase, context, value in samples.iterator():
        moments[at, context].append((measurand, phase, value or Decimal(0)))
    return [
        Point(at, _whole(values, REGISTER), _whole(values, POWER), context) for (at, context), values in moments.items()
    ]


def _whole(values: Iterable[tuple[str, str, Decimal]], measurand: str) -> int | None:
    found = [(phase, value) for told, phase, value in values if told == measurand]
    whole = next((value for phase, value in found if not phase), None)
    if whole is None and found:
        whole = sum((value for _, value in found), Decimal(0))
    return None if whole is None else int(whole)


def charge_phases(charge: Charge, end: datetime) -> list[Phase]:
    """What the charge was doing until `end`; by the time of arrival, as chargers' clocks are not to be trusted."""
    if charge.connector is None:
        return []
    begin = charge.start_received_at or charge.started_at
    told = StatusChange.objects.filter(
        charge_point=charge.charge_point_id, connector_number=charge.connector.number, received_at__lte=end
    )
    before = told.filter(received_at__lt=begin).order_by("-received_at", "-pk").values_list("received_at", "status")[:1]
    during = told.filter(received_at__gte=begin).order_by("received_at", "pk").values_list("received_at", "status")
    return phases_of([*before, *during], begin, max(end, begin))


def metered_of(charge: Charge) -> Metered:
    """The charge as far as its meter is concerned, with its neighbours on the connector."""
    end = charge.ended_at or charge.started_at
    phases = charge_phases(charge, charge.stop_received_at or end)
    return Metered(
        started_at=charge.started_at,
        ended_at=end,
        meter_start_wh=charge.meter_start_wh,
        meter_stop_wh=charge.meter_stop_wh,
        points=meter_points(charge),
        max_power_w=charge.connector.max_power_w if charge.connector else None,
        before=_before(charge),
        after=_after(charge),
        was_charging=lasted(phases, Doing.CHARGING) > _CHARGED_SECONDS,
        has_start=charge.start_received_at is not None,
        has_stop=charge.stop_received_at is not None,
    )


def _before(charge: Charge) -> tuple[datetime, int | None] | None:
    earlier = (
        Charge.objects.filter(connector=charge.connector_id, started_at__lt=charge.started_at, ended_at__isnull=False)
        .exclude(pk=charge.pk)
        .order_by("-started_at", "-pk")
        .values_list("ended_at", "meter_stop_wh")
    )
    found = earlier.first() if charge.connector_id else None
    return (found[0], found[1]) if found and found[0] else None


def _after(charge: Charge) -> tuple[datetime, int | None] | None:
    later = (
        Charge.objects.filter(Q(connector=charge.connector_id), started_at__gt=charge.started_at)
        .order_by("started_at", "pk")
        .values_list("started_at", "meter_start_wh")
    )
    return later.first() if charge.connector_id else None


def held_besides(charge: Charge) -> list[Held]:
    """Reasons to hold a bill that the meter does not know."""
    if charge.stop_fingerprint:
        return [Held(Hold.MATCHED_STOP, charge.needs_review or "Its stop came under another id.")]
    return []


def price_at(group: PriceGroup | None, at: datetime) -> Price | None:
    """What a price group says at a moment."""
    if group is None:
        return None
    valid = Price.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=at), price_group=group, valid_from__lte=at)
    return valid.order_by("-valid_from").first()


def tariff_of(price: Price, begin: datetime, end: datetime) -> Tariff:
    """A price as the pricing function takes it, with the hourly prices between two moments."""
    return Tariff(
        currency=price.price_group.currency,
        vat_percent=price.vat_percent,
        includes_vat=price.includes_vat,
        start_fee=price.start_fee,
        per_kwh=price.per_kwh,
        per_minute=price.per_minute,
        free_minutes=price.free_minutes,
        idle_per_minute=price.idle_per_minute,
        idle_grace_minutes=price.idle_grace_minutes,
        idle_maximum=price.idle_maximum,
        minimum=price.minimum,
        windows=[window_of(told) for told in price.windows],
        spot=_spot(price, begin, end),
    )


def window_of(told: dict[str, object]) -> Window:
    """A stored time of day: weekdays (0 Monday), from_minute, to_minute, per_kwh, per_minute, label."""
    weekdays = told.get("weekdays")
    return Window(
        from_minute=int(str(told["from_minute"])),
        to_minute=int(str(told["to_minute"])),
        weekdays=frozenset(weekdays) if isinstance(weekdays, list) else frozenset(range(7)),
        per_kwh=_decimal(told.get("per_kwh")),
        per_minute=_decimal(told.get("per_minute")),
        label=str(told.get("label") or ""),
    )


def _decimal(value: object) -> Decimal | None:
    return None if value is None or value == "" else Decimal(str(value))


def _spot(price: Price, begin: datetime, end: datetime) -> Spot | None:
    if price.spot_source_id is None:
        return None
    hours = SpotPrice.objects.filter(
        source=price.spot_source_id, starts_at__gt=begin - timedelta(hours=1), starts_at__lte=end
    )
    return Spot(
        hours=dict(hours.values_list("starts_at", "per_kwh")),
        factor=price.spot_factor,
        fallback=price.spot_fallback,
        minimum=price.spot_minimum,
        maximum=price.spot_maximum,
    )


def zone_of(bill: Bill) -> ZoneInfo:
    """The time zone by whose clock the bill's prices hold."""
    return ZoneInfo(bill.site.time_zone)


def is_running(charge: Charge) -> bool:
    """Whether the charge has not ended."""
    return charge.state in OPEN_CHARGE_STATES
