"""One row of everything that has to do with money, for the tests of the administration and the matrix."""

from decimal import Decimal

from chargepoints.choices import PaymentKind
from chargepoints.models import (
    Bill,
    Charge,
    ChargeKey,
    ChargePoint,
    HomeCharger,
    KeyLimit,
    PaymentMethod,
    Price,
    PriceGroup,
    SpotPrice,
    SpotSource,
)
from chargepoints.services.ledger import wallet_top_up
from chargepoints.services.payments import payment_capture
from hub.audit.records import HUB
from tests import factories


def money_of(charge_point: ChargePoint, key: ChargeKey) -> None:
    """A paid bill of the charge point's newest charge, with all that belongs to it."""
    now, organisation = factories.now(), charge_point.site.team.organisation
    mark, driver = f"MARK-{charge_point.identity}", key.driver
    assert driver is not None
    source = SpotSource.objects.create(organisation=organisation, name=mark, currency="NOK")
    SpotPrice.objects.create(source=source, starts_at=now, per_kwh=Decimal("0.5"))
    group = PriceGroup.objects.create(organisation=organisation, name=mark, currency="NOK")
    price = Price.objects.create(price_group=group, valid_from=now, per_kwh=Decimal(4), spot_source=source)
    method = PaymentMethod.objects.create(
        organisation=organisation, kind=PaymentKind.WALLET, name=mark, driver=driver, currency="NOK", is_default=True
    )
    wallet_top_up(method=method, amount=Decimal(100), key="first", actor=HUB)
    bill = Bill.objects.create(
        charge=Charge.objects.filter(charge_point=charge_point).latest("pk"),
        organisation=organisation,
        site=charge_point.site,
        driver=driver,
        price_group=group,
        price=price,
        payment_method=method,
        state="paid",
        currency="NOK",
        energy_wh=1234,
        net=Decimal("4.94"),
        total=Decimal("4.94"),
        started_at=now,
        ended_at=now,
    )
    payment_capture(bill=bill)
    HomeCharger.objects.create(charge_point=charge_point, driver=driver, per_kwh=Decimal(2), currency="NOK")
    KeyLimit.objects.create(charge_key=key, site=charge_point.site)
