"""Short transaction ids, for chargers that cut or refuse larger ones (D12)."""

import pytest
from django.db import transaction

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint
from chargepoints.reports import Start
from chargepoints.services.starts import charges_start
from chargepoints.services.transaction_ids import small_id_scramble
from tests.factories import now
from tests.gateway.orders import done
from tests.gateway.tools import db, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)
SHORT = range(1, 2**16)


@pytest.fixture
def short(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, which gets short ids."""
    charge_point.small_transaction_ids = True
    charge_point.save()
    return charge_point


def start(charge_point: ChargePoint, number: int, connector: int = 1) -> Start:
    """The `number`-th start of a charge point."""
    at = now()
    return Start(charge_point.pk, connector, "X", at, at, f"{charge_point.pk}-{number}")


async def test_d12_short_ids(gateway: Server, short: ChargePoint, far_charge_point: ChargePoint) -> None:
    """Each start gets another one, a repeat the same; values, stops and remote stops find the charge by it."""
    async with station(gateway) as one, station(gateway, "NORD-2") as other:
        at = now().isoformat()
        first = (await one.start(1, "X", 0, at))["transactionId"]
        assert (await one.start(1, "X", 0, at))["transactionId"] == first
        second = (await one.start(2, "Y", 0))["transactionId"]
        assert first != second
        assert {first, second} <= set(SHORT)
        assert (await other.start(1, "X", 0))["transactionId"] not in SHORT
        await one.meter(1, 500, first)
        charge = await Charge.objects.aget(charge_point=short, transaction_id=str(first))
        assert charge.energy_wh == 500
        asked, _ = await done(one, short, "stop", "Accepted", charge=charge.pk)
        assert asked == {"transactionId": first}
        assert await one.stop(first, 900) == {}
        await charge.arefresh_from_db()
        assert (charge.state, charge.energy_wh, charge.needs_review) == (ChargeState.STOPPED, 900, "")
        await one.stop(second, 1)


async def test_d12_the_short_id_of_another_station(
    gateway: Server, short: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """The same number on two stations is two charges: neither ends the other (SECURITY A6)."""
    async with station(gateway) as one, station(gateway, "NORD-2") as other:
        mine = (await one.start(1, "X", 0))["transactionId"]
        theirs = (await other.start(1, "X", 0))["transactionId"]
        await Charge.objects.filter(transaction_id=str(theirs)).aupdate(transaction_id=str(mine))
        await other.stop(mine, 700)
        charges = Charge.objects.filter(transaction_id=str(mine)).order_by("charge_point")
        states = [state async for state in charges.values_list("state", flat=True)]
        assert states == [ChargeState.STARTING, ChargeState.STOPPED]
        await one.stop(mine, 1)


async def test_d12_ids_that_are_taken_or_used_up(short: ChargePoint, far_charge_point: ChargePoint) -> None:
    """An older charge keeps its number; after 65,535 charges ids are long again; those given at once differ."""

    def begin(*numbers: int) -> list[int]:
        return [int(told.transaction_id) for told in charges_start(starts=[start(short, n) for n in numbers])]

    @transaction.atomic
    def look() -> None:
        first, second, third, fourth = (small_id_scramble(short.pk, number) for number in range(1, 5))
        Charge.objects.create(charge_point=short, transaction_id=str(first), state="completed", started_at=now())
        Charge.objects.create(charge_point=short, transaction_id=str(third), state="completed", started_at=now())
        assert begin(1) == [second]
        assert begin(2) == [fourth]
        both = charges_start(starts=[start(short, 3, 1), start(far_charge_point, 1), start(short, 4, 2)])
        ids = [int(told.transaction_id) for told in both]
        assert [number in SHORT for number in ids] == [True, False, True]
        assert ids[0] != ids[2]
        ChargePoint.objects.filter(pk=short.pk).update(small_ids_given=2**16 - 2)
        assert begin(5)[0] in SHORT
        assert begin(6)[0] not in SHORT

    await db(look)
