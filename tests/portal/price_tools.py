"""Prices for the tests of the pages about them."""

from datetime import timedelta
from decimal import Decimal

from django.urls import reverse

from chargepoints.models import Bill, Charge, ChargePoint, Price, PriceGroup
from hub.teams.models import Organisation
from tests.factories import now

PRICE = {"when": "now", "per_kwh": "5", "vat_percent": "25", "includes_vat": "True"}


def url(name: str, row: object = None) -> str:
    return reverse(name, args=[row.pk] if hasattr(row, "pk") else [])


def window(index: int = 0, **fields: object) -> dict[str, object]:
    """A time of day as the form sends it."""
    told = {"label": "Night", "weekdays": ["0", "1"], "from_time": "22:00", "to_time": "06:00", "per_kwh": "1"}
    return {f"windows-{index}-{name}": value for name, value in {**told, **fields}.items()}


def group_made(of: Organisation, name: str = "Public", currency: str = "NOK", **fields: object) -> PriceGroup:
    """4.50 per kWh and 10 to start since yesterday, idle 2 a minute after 10; VAT of 25 % within."""
    group = PriceGroup.objects.create(organisation=of, name=name, currency=currency, **fields)
    Price.objects.create(
        price_group=group,
        valid_from=now() - timedelta(days=1),
        vat_percent=Decimal(25),
        start_fee=Decimal(10),
        per_kwh=Decimal("4.50"),
        idle_per_minute=Decimal(2),
        idle_grace_minutes=10,
    )
    return group


def billed(charge_point: ChargePoint, price: Price) -> Bill:
    """A bill under a price."""
    at = now()
    charge = Charge.objects.create(charge_point=charge_point, transaction_id=f"T-{price.pk}-{at}", started_at=at)
    return Bill.objects.create(
        charge=charge,
        organisation=price.price_group.organisation,
        site=charge_point.site,
        price_group=price.price_group,
        price=price,
        currency=price.price_group.currency,
        started_at=at,
    )
