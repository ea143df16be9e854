"""A charge that is started from the desk: what was chosen counts for the key's verdict and for the bill."""

from datetime import timedelta
from typing import Any

import pytest

from chargepoints.choices import BillState, CommandStatus, Effect, PaymentKind
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Bill, Charge, ChargeKey, ChargePoint, Command, PaymentMethod, Price, PriceGroup
from chargepoints.selectors.attention import attention
from chargepoints.services.bills import bills_due
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from hub.teams.models import User
from tests.gateway.bill_tools import BEGUN, check, d, iso, payer
from tests.gateway.orders import done, now
from tests.gateway.tools import db, ended, log, order, station
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def poor(charge_point: ChargePoint, priced: Price) -> ChargeKey:
    """TAG-A, whose wallet is empty."""
    key = payer(charge_point, PaymentKind.WALLET, "TAG-A")
    wallet_top_up(method=PaymentMethod.objects.get(driver=key.driver), amount=d("-500"), key="out", actor=HUB)
    return key


def invoice_of(key: ChargeKey) -> PaymentMethod:
    """One more way for the key's driver to pay."""
    return PaymentMethod.objects.create(
        organisation=key.organisation, kind=PaymentKind.INVOICE, name="Invoice", driver=key.driver, currency="NOK"
    )


async def charged(charger: Station, tag: str) -> dict[str, Any]:
    """An hour with 20 kWh on connector 1, and its bill; what the start was answered."""
    answer = await charger.start(1, tag, 1_000, iso(0))
    body = {"transactionId": answer["transactionId"], "meterStop": 21_000, "timestamp": iso(60)}
    await charger.call("StopTransaction", body)
    await db(bills_due)
    return answer


async def test_an_invoice_instead_of_an_empty_wallet(
    gateway: Server, charge_point: ChargePoint, poor: ChargeKey
) -> None:
    """Without the choice it is refused; with it the key is good, for Authorize and start, and the invoice has it."""
    await charge_point.connectors.aupdate(max_power_w=150_000)
    invoice = await db(lambda: invoice_of(poor))
    async with station(gateway) as charger:
        with pytest.raises(ActionRefused, match="the wallet is empty"):
            await order(charge_point, "start", connector=1, id_tag="TAG-A")
        sent = {"connector": 1, "id_tag": "tag-a", "payment_method": invoice.pk}
        asked, command = await done(charger, charge_point, "start", "Accepted", **sent)
        assert asked == {"connectorId": 1, "idTag": "tag-a"}
        assert (await charger.authorize("TAG-A"))["idTagInfo"]["status"] == "Accepted"
        assert (await charged(charger, "TAG-A"))["idTagInfo"]["status"] == "Accepted"
        # The choice was for that charge.
        assert (await charger.authorize("TAG-A"))["idTagInfo"]["status"] == "Blocked"
    bill = await Bill.objects.select_related("payment_method", "charge").aget()
    assert (bill.payment_method, bill.state, bill.total) == (invoice, BillState.INVOICED, d("90.00"))
    assert bill.charge.start_command_id == command.pk
    assert "right:" in await db(check)


async def test_it_counts_on_its_connector_only(gateway: Server, charge_point: ChargePoint, poor: ChargeKey) -> None:
    """The same card elsewhere, before the car is plugged in where it was ordered, is judged as it always is."""
    invoice = await db(lambda: invoice_of(poor))
    async with station(gateway) as charger:
        sent = {"connector": 1, "id_tag": "TAG-A", "payment_method": invoice.pk}
        await done(charger, charge_point, "start", "Accepted", **sent)
        answer = await charger.start(2, "TAG-A", 0)
        assert answer["idTagInfo"]["status"] == "Blocked"
        await charger.stop(answer["transactionId"], 0, "DeAuthorized")
        assert (await charger.start(1, "TAG-A", 0))["idTagInfo"]["status"] == "Accepted"
    [first, second] = await db(lambda: log(charge_point, action="StartTransaction"))
    assert ("the wallet is empty" in first.text, "wallet" in second.text) == (True, False)


async def test_refused_by_the_charger(gateway: Server, charge_point: ChargePoint, poor: ChargeKey) -> None:
    """What was chosen for a start that the charger refuses is of no use for a card that is shown later."""
    invoice = await db(lambda: invoice_of(poor))
    async with station(gateway) as charger:
        sent = {"connector": 1, "id_tag": "TAG-A", "payment_method": invoice.pk}
        _, command = await done(charger, charge_point, "start", "Rejected", **sent)
        assert (command.status, command.effect) == (CommandStatus.REJECTED, Effect.NONE)
        assert (await charger.start(1, "TAG-A", 0))["idTagInfo"]["status"] == "Blocked"
    assert (await Charge.objects.aget()).start_command_id is None


async def test_somebody_else_was_quicker(gateway: Server, charge_point: ChargePoint, priced: Price) -> None:
    """A card starts meanwhile on the connector: its own wallet pays, and the order waits on."""
    await charge_point.connectors.aupdate(max_power_w=150_000)
    ola = await db(lambda: payer(charge_point, PaymentKind.WALLET, "TAG-O"))
    kari = await db(lambda: payer(charge_point, PaymentKind.INVOICE, "TAG-A"))
    invoice = await PaymentMethod.objects.aget(driver=kari.driver)
    async with station(gateway) as charger:
        sent = {"connector": 1, "id_tag": "TAG-A", "payment_method": invoice.pk, "limit_wh": 1}
        _, command = await done(charger, charge_point, "start", "Accepted", **sent)
        await charged(charger, "TAG-O")
    bill = await Bill.objects.select_related("payment_method__driver", "charge").aget()
    assert bill.payment_method is not None
    assert (bill.payment_method.driver_id, bill.state) == (ola.driver_id, BillState.PAID)
    assert bill.charge.start_command_id is None
    assert (await now(command)).effect == Effect.AWAITED


async def test_another_price(gateway: Server, charge_point: ChargePoint, priced: Price) -> None:
    """20 kWh at 1.50 without a start fee, whatever the charger's own price is."""
    await charge_point.connectors.aupdate(max_power_w=150_000)
    await db(lambda: payer(charge_point, PaymentKind.INVOICE, "TAG-A"))
    organisation = charge_point.site.team.organisation
    staff = await PriceGroup.objects.acreate(organisation=organisation, name="Staff", currency="NOK")
    await Price.objects.acreate(price_group=staff, valid_from=BEGUN - timedelta(days=1), per_kwh=d("1.50"))
    async with station(gateway) as charger:
        sent = {"connector": 1, "id_tag": "TAG-A", "price_group": staff.pk}
        await done(charger, charge_point, "start", "Accepted", **sent)
        await charged(charger, "TAG-A")
    bill = await Bill.objects.select_related("price_group").aget()
    assert (bill.price_group, bill.total, bill.state) == (staff, d("30.00"), BillState.INVOICED)
    assert [line["label"] for line in bill.lines] == ["Energy"]


async def test_the_sweep_comes_after_the_begin(gateway: Server, charge_point: ChargePoint, poor: ChargeKey) -> None:
    """The bill that is opened while the charge runs has the choice already: both are bound in one transaction."""
    invoice = await db(lambda: invoice_of(poor))
    async with station(gateway) as charger:
        sent = {"connector": 1, "id_tag": "TAG-A", "payment_method": invoice.pk}
        await done(charger, charge_point, "start", "Accepted", **sent)
        await charger.start(1, "TAG-A", 0)
        await db(bills_due)
    bill = await Bill.objects.aget()
    assert (bill.payment_method_id, bill.state, bill.holds) == (invoice.pk, BillState.OPEN, [])


async def test_it_never_begins(desk: Server, charge_point: ChargePoint, alice: User) -> None:
    """Accepted, and nobody plugs in: missing, and somebody is told."""
    async with station(desk) as charger:
        command = await order(charge_point, "start", connector=1, id_tag="CARD-1")
        await charger.answer(await charger.expect("RemoteStartTransaction"), {"status": "Accepted"})
        await ended(command, Effect.MISSING)
        entries = await db(lambda: attention(alice))
    assert [(entry.why, entry.detail) for entry in entries] == [
        ("Start charge accepted, but without effect.", "Sent by Hub. Not seen: charge started.")
    ]
    assert await Command.objects.acount() == 1
