"""Charges that were started with a limit: stopped once, again when nothing happens, and not for ever."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from chargepoints.choices import ChargeState, CommandStatus, Effect, Integration, PaymentKind
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command, Price
from chargepoints.rendering.limits import limit_lines, limit_words
from chargepoints.selectors.attention import attention
from chargepoints.services.bills import bills_due
from chargepoints.services.commands import command_create
from chargepoints.services.limits import charge_limits_due
from hub.teams.models import User
from tests.factories import now
from tests.gateway.bill_tools import iso, payer
from tests.gateway.orders import done
from tests.gateway.tools import db, ended, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limited(charge_point: ChargePoint) -> Charge:
    """A charge of 4 kWh since ten minutes that was started with limits; a test says which."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(
        integration=Integration.CONNECTED, registration_told="Accepted"
    )
    begun = now() - timedelta(minutes=10)
    command = Command.objects.create(
        charge_point=charge_point, kind="start", author_name="Alice", created_at=begun, expires_at=begun
    )
    return Charge.objects.create(
        charge_point=charge_point,
        connector=charge_point.connectors.get(number=1),
        transaction_id="77",
        state=ChargeState.CHARGING,
        started_at=begun - timedelta(hours=5),
        start_received_at=begun,
        energy_wh=4_000,
        start_command=command,
    )


def limit(charge: Charge, **limits: object) -> Charge:
    """Give its start these limits."""
    Command.objects.filter(kind="start").update(parameters={"connector": 1, "id_tag": "X", **limits})
    return Charge.objects.select_related("start_command").get(pk=charge.pk)


def stops() -> list[Command]:
    return list(Command.objects.filter(kind="stop").order_by("created_at"))


def later(command: Command, **fields: object) -> None:
    """It came to this, a minute ago."""
    Command.objects.filter(pk=command.pk).update(created_at=F("created_at") - timedelta(minutes=1), **fields)


def test_nothing_is_reached(limited: Charge) -> None:
    for limits in ({}, {"limit_wh": 4_001}, {"limit_s": 660}, {"limit_amount": "1"}):
        limit(limited, **limits)
        assert charge_limits_due() == 0
    assert stops() == []


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"limit_wh": 4_000, "limit_s": 3600}, "Limit of 4 kWh reached"),
        ({"limit_wh": 9_000, "limit_s": 600}, "Limit of 10 min reached"),
        ({"limit_wh": 2_500}, "Limit of 2.5 kWh reached"),
    ],
)
def test_each_limit_stops_once(limited: Charge, limits: dict[str, int], reason: str) -> None:
    """The clock is ours, since the start arrived: the charger's own began five hours before."""
    limit(limited, **limits)
    assert [charge_limits_due(), charge_limits_due()] == [1, 0]
    [stop] = stops()
    assert (stop.reason, stop.author_name, stop.charge_id) == (reason, "Hub", limited.pk)
    assert stop.parameters["transaction_id"] == "77"


def test_cost(limited: Charge, priced: Price) -> None:
    """10 to start and 4 a kWh: 26 so far."""
    limit(limited, limit_amount="26.01")
    bills_due()
    assert charge_limits_due() == 0
    charge = limit(limited, limit_amount="26")
    assert [charge_limits_due(), charge_limits_due()] == [1, 0]
    assert stops()[0].reason == "Limit of its cost reached"
    assert [line.words for line in limit_lines(charge, cost=Decimal(13), currency="NOK")] == [
        "NOK\u00a013.00 of NOK\u00a026.00"
    ]
    assert limit_lines(charge) == []


def test_again_when_nothing_happened_and_not_for_ever(limited: Charge, alice: User) -> None:
    limit(limited, limit_wh=1_000)
    ends = (
        {"status": CommandStatus.REJECTED},
        {"status": CommandStatus.ACCEPTED, "effect": Effect.MISSING},
        {"status": CommandStatus.EXPIRED},
    )
    for end in ends:
        assert charge_limits_due() == 1
        newest = stops()[-1]
        Command.objects.filter(pk=newest.pk).update(sent_at=now(), **end)
        assert charge_limits_due() == 0
        later(newest)
    assert charge_limits_due() == 0
    assert [stop.effect for stop in stops()] == [Effect.MISSING] * 3
    told = [entry.why for entry in attention(alice)]
    assert told.count("Stop charge accepted, but without effect.") == 1
    assert told.count("Stop charge tried again and again, without effect.") == 2
    Charge.objects.update(state=ChargeState.COMPLETED, ended_at=now())
    assert [entry.why for entry in attention(alice)] == ["Stop charge accepted, but without effect."]


def test_a_stop_of_somebody_counts(limited: Charge) -> None:
    """While a person's stop is on its way or its effect is awaited, nothing is sent."""
    limit(limited, limit_wh=1_000)
    asked = command_create(
        charge_point=limited.charge_point, kind="stop", parameters={"charge": limited.pk}, author=None
    )
    later(asked)
    assert charge_limits_due() == 0
    later(asked, status=CommandStatus.ACCEPTED, effect=Effect.AWAITED)
    assert charge_limits_due() == 0
    later(asked, effect=Effect.MISSING)
    assert charge_limits_due() == 1


def test_offline_waits_for_the_charger(limited: Charge) -> None:
    limit(limited, limit_wh=1_000)
    ChargePoint.objects.update(integration=Integration.DISCONNECTED)
    assert charge_limits_due() == 0
    ChargePoint.objects.update(integration=Integration.CONNECTED)
    assert charge_limits_due() == 1


def test_in_words(limited: Charge) -> None:
    charge = limit(limited, limit_wh=10_000, limit_s=1200, limit_amount="50")
    assert limit_words(charge) == "Stops at 10 kWh (40 %) or 20 min (50 %) or a limit of its cost"
    assert [(line.name, line.words) for line in limit_lines(charge)] == [
        ("energy", "4.00 of 10 kWh"),
        ("time", "10 of 20 min"),
    ]
    assert limit_words(limit(limited)) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit_wh": 0},
        {"limit_wh": -1},
        {"limit_wh": True},
        {"limit_wh": "10"},
        {"limit_wh": 1_000_001},
        {"limit_s": 59},
        {"limit_s": 604_801},
        {"limit_amount": "NaN"},
        {"limit_amount": "-1"},
        {"limit_amount": "1.005"},
        {"limit_amount": ["1"]},
        {"payment_method": "1"},
        {"payment_method": [1]},
        {"price_group": 0},
        {"connector": 3},
    ],
)
def test_nonsense_is_refused(limited: Charge, priced: Price, wrong: dict[str, Any]) -> None:
    parameters = {"connector": 2, "id_tag": "X", **wrong}
    with pytest.raises(ActionRefused):
        command_create(charge_point=limited.charge_point, kind="start", parameters=parameters, author=None)


async def test_from_the_start_to_the_stop(desk: Server, charge_point: ChargePoint, priced: Price) -> None:
    """With a real worker and its clock: the meter passes the limit, the charger is told, and the charge ends."""
    await charge_point.connectors.aupdate(max_power_w=150_000)
    await db(lambda: payer(charge_point, PaymentKind.INVOICE, "TAG-A"))
    async with station(desk) as charger:
        sent = {"connector": 1, "id_tag": "TAG-A", "limit_wh": 10_000}
        _, start = await done(charger, charge_point, "start", "Accepted", **sent)
        transaction = (await charger.start(1, "TAG-A", 1_000, iso(0)))["transactionId"]
        await ended(start, Effect.SEEN)
        await charger.meter(1, 11_200, transaction, 22_000)
        call = await charger.expect("RemoteStopTransaction", 10)
        assert call.payload == {"transactionId": transaction}
        await charger.answer(call, {"status": "Accepted"})
        await charger.stop(transaction, 11_300, "Remote", timestamp=iso(60))
        stop = await Command.objects.aget(kind="stop")
        await ended(stop, Effect.SEEN)
    charge = await Charge.objects.aget()
    assert (charge.stop_reason, charge.energy_wh, stop.reason) == ("Remote", 10_300, "Limit of 10 kWh reached")
