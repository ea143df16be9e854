"""Every verdict on a key with its reason, asked by a station; the reason stands in the charger's log."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chargepoints.choices import KeyState, PaymentKind, Verdict
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargeKey, ChargePoint, KeyLimit, PaymentMethod, Price, PriceGroup
from chargepoints.reports import KeyQuestion
from chargepoints.services.keys import keys_authorise
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.tools import db, log, order, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)
Prepare = Callable[[ChargeKey, ChargePoint], object]


@pytest.fixture
def priced(nordlys: Organisation) -> PriceGroup:
    """Charging costs 4 NOK per kWh everywhere."""
    group = PriceGroup.objects.create(organisation=nordlys, name="Public", currency="NOK", is_default=True)
    Price.objects.create(price_group=group, valid_from=factories.now() - timedelta(days=1), per_kwh=Decimal(4))
    return group


@pytest.fixture
def card(nordlys: Organisation) -> ChargeKey:
    """CARD-1 of Kari, who has no payment method."""
    return factories.charge_key(nordlys, "CARD-1", holder=factories.driver(nordlys))


def method(key: ChargeKey, kind: PaymentKind = PaymentKind.WALLET, **fields: Any) -> PaymentMethod:
    """A payment method of the key's driver."""
    told = {"name": kind.label, "currency": "NOK", **fields}
    return PaymentMethod.objects.create(organisation=key.organisation, driver=key.driver, kind=kind, **told)


def driver_set(key: ChargeKey, **fields: object) -> None:
    assert key.driver is not None
    type(key.driver).objects.filter(pk=key.driver.pk).update(**fields)


def key_set(key: ChargeKey, **fields: object) -> None:
    ChargeKey.objects.filter(pk=key.pk).update(**fields)


def limit_far(key: ChargeKey, charge_point: ChargePoint) -> None:
    elsewhere = factories.site(factories.team(key.organisation, "Another"), "Elsewhere")
    KeyLimit.objects.create(charge_key=key, site=elsewhere)


def limit_far_and_here(key: ChargeKey, charge_point: ChargePoint) -> None:
    limit_far(key, charge_point)
    KeyLimit.objects.create(charge_key=key, charge_point=charge_point)


def topped(key: ChargeKey, amount: int, **fields: Any) -> PaymentMethod:
    made = method(key, **fields)
    wallet_top_up(method=made, amount=Decimal(amount), key="first", actor=HUB)
    return made


def team_wallet(key: ChargeKey, charge_point: ChargePoint) -> None:
    made = PaymentMethod.objects.create(
        organisation=key.organisation,
        team=charge_point.site.team,
        kind=PaymentKind.TEAM_WALLET,
        name="Fleet",
        currency="NOK",
    )
    key_set(key, payment_method=made)


REFUSED: list[tuple[str, Prepare, str]] = [
    ("tc_023_2", lambda k, _: key_set(k, expires_at=factories.now() - timedelta(days=400)), "Expired: the key expired"),
    ("tc_023_3", lambda k, _: key_set(k, state=KeyState.BLOCKED), "Blocked: the key is blocked"),
    ("driver_blocked", lambda k, _: driver_set(k, is_blocked=True), "Blocked: the driver is blocked"),
    ("driver_archived", lambda k, _: driver_set(k, archived_at=factories.now()), "Blocked: the driver is archived"),
    ("elsewhere", limit_far, "Blocked: the key works elsewhere only"),
    ("empty_wallet", lambda k, _: method(k), "Blocked: the wallet is empty"),
    ("empty_team_wallet", team_wallet, "Blocked: the wallet is empty"),
    ("other_currency", lambda k, _: topped(k, 5, currency="EUR"), "Blocked: the wallet is in EUR, the price in NOK"),
    (
        "switched_off",
        lambda k, _: method(k, PaymentKind.CARD, is_active=False, name="Visa"),
        "Blocked: the payment method Visa is switched off",
    ),
]
ACCEPTED: list[tuple[str, Prepare]] = [
    ("no_method", lambda k, _: None),
    ("money", lambda k, _: topped(k, 5)),
    ("credit", lambda k, _: method(k, credit_limit=Decimal(50))),
    ("card", lambda k, _: method(k, PaymentKind.CARD)),
    ("free", lambda k, _: method(k, PaymentKind.FREE)),
    ("another_works", lambda k, _: (method(k, is_active=False), method(k, PaymentKind.INVOICE))),
    ("here_too", limit_far_and_here),
    ("team", lambda k, p: KeyLimit.objects.create(charge_key=k, team=p.site.team)),
    ("price_of_nothing", lambda k, _: (method(k), Price.objects.update(per_kwh=0))),
]


@pytest.mark.parametrize(("case", "prepare", "said"), REFUSED, ids=[row[0] for row in REFUSED])
async def test_refused(
    gateway: Server,
    charge_point: ChargePoint,
    priced: PriceGroup,
    card: ChargeKey,
    case: str,
    prepare: Prepare,
    said: str,
) -> None:
    """Authorize and StartTransaction say the same, in the log in words; the charge is kept."""
    await db(lambda: prepare(card, charge_point))
    verdict = said.partition(":")[0]
    async with station(gateway) as charger:
        assert (await charger.authorize("card-1"))["idTagInfo"]["status"] == verdict
        started = await charger.start(1, "CARD-1", 0)
        assert started["idTagInfo"]["status"] == verdict
        assert started["transactionId"] > 0
        with pytest.raises(ActionRefused, match=said.partition(" (")[0]):
            await order(charge_point, "start", connector=2, id_tag="CARD-1")
    asked = (await db(lambda: log(charge_point, action="Authorize")))[0]
    assert (asked.is_error, asked.fact) == (True, f"card-1 → {verdict}")
    assert asked.text.startswith(said)
    begun = (await db(lambda: log(charge_point, action="StartTransaction")))[0]
    assert said in begun.text
    assert await db(lambda: Charge.objects.get().verdict) == verdict


@pytest.mark.parametrize(("case", "prepare"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
async def test_accepted(
    gateway: Server, charge_point: ChargePoint, priced: PriceGroup, card: ChargeKey, case: str, prepare: Prepare
) -> None:
    await db(lambda: prepare(card, charge_point))
    async with station(gateway) as charger:
        assert (await charger.authorize("CARD-1"))["idTagInfo"] == {"status": "Accepted"}
        assert (await charger.start(1, "CARD-1", 0))["idTagInfo"] == {"status": "Accepted"}
    assert [line.text for line in await db(lambda: log(charge_point, action="Authorize"))] == [""]


async def test_tc_023_1_unknown(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_023_1, TC_037_3: Invalid; a start gets a transaction id all the same."""
    async with station(gateway) as charger:
        assert (await charger.authorize("NOBODY"))["idTagInfo"] == {"status": "Invalid"}
        started = await charger.start(1, "NOBODY", 0)
        assert (started["idTagInfo"], started["transactionId"] > 0) == ({"status": "Invalid"}, True)
    line = (await db(lambda: log(charge_point, action="Authorize")))[0]
    assert (line.fact, line.text) == ("NOBODY → Invalid", "Invalid: no key has this id tag")


async def test_concurrent(gateway: Server, charge_point: ChargePoint, card: ChargeKey) -> None:
    """Only a start is ConcurrentTx; a lost stop on the same connector, or leave to, is no hindrance."""
    async with station(gateway) as charger:
        assert (await charger.start(1, "CARD-1", 0))["idTagInfo"]["status"] == "Accepted"
        assert (await charger.authorize("CARD-1"))["idTagInfo"]["status"] == "Accepted"
        second = await charger.start(2, "CARD-1", 0)
        assert second["idTagInfo"]["status"] == "ConcurrentTx"
        with pytest.raises(ActionRefused, match="already charges at NORD-1, connector 1"):
            await order(charge_point, "start", connector=2, id_tag="CARD-1")
        await charger.stop(second["transactionId"], 0, "DeAuthorized")
        assert (await charger.start(1, "CARD-1", 50))["idTagInfo"]["status"] == "Accepted"
        await db(lambda: key_set(card, allows_concurrent=True))
        assert (await charger.start(2, "CARD-1", 0))["idTagInfo"]["status"] == "Accepted"
    texts = [line.text for line in await db(lambda: log(charge_point, action="StartTransaction"))]
    assert "ConcurrentTx: the key already charges at NORD-1, connector 1" in texts[1]


async def test_who_charges_may_end_it(
    gateway: Server, charge_point: ChargePoint, priced: PriceGroup, card: ChargeKey
) -> None:
    """What is held for the running charge has emptied the wallet; the card is still good to stop it, not to begin."""
    wallet = await db(lambda: topped(card, 100))
    await db(lambda: key_set(card, allows_concurrent=True))
    async with station(gateway) as charger:
        await charger.start(1, "CARD-1", 0)
        await db(lambda: wallet_top_up(method=wallet, amount=Decimal(-100), key="held", actor=HUB))
        assert (await charger.authorize("CARD-1"))["idTagInfo"]["status"] == "Accepted"
        assert (await charger.start(2, "CARD-1", 0))["idTagInfo"]["status"] == "Blocked"


def test_two_starts_in_one_batch(charge_point: ChargePoint, far_charge_point: ChargePoint, card: ChargeKey) -> None:
    """As one after the other."""
    questions = [KeyQuestion(point.pk, "CARD-1", 1) for point in (charge_point, far_charge_point)]
    answers = keys_authorise(questions=questions, now=factories.now())
    assert [answer.verdict for answer in answers] == [Verdict.ACCEPTED, Verdict.CONCURRENT]
