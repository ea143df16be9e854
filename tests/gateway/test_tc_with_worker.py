"""What goes on by itself: pieces of a long work, and reservations that the clock ends."""

from datetime import timedelta

import pytest

from chargepoints.choices import CommandStatus, Effect, ReservationState
from chargepoints.models import ChargePoint, Command, ConfigurationItem, LocalList, Reservation
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.tools import db, derived, ended, order, soon, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


async def test_pieces_follow_one_another(desk: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """One click, three calls: each is sent when the one before was accepted."""
    tags = [f"CARD-{number}" for number in range(3)]
    for tag in tags:
        await db(lambda tag=tag: factories.charge_key(nordlys, tag))  # type: ignore[misc]
    await ConfigurationItem.objects.acreate(
        charge_point=charge_point, key="SendLocalListMaxLength", value="1", reported_at=factories.now()
    )
    async with station(desk) as charger:
        await order(charge_point, "local_list", update="Full", keys=tags)
        for tag in tags:
            call = await charger.expect("SendLocalList")
            assert [entry["idTag"] for entry in call.payload["localAuthorizationList"]] == [tag]
            assert charger.unread == []
            await charger.answer(call, {"status": "Accepted"})
        await soon(LocalList.objects.filter(version=3, in_doubt=False).exists, "the whole list")
    assert await Command.objects.filter(status=CommandStatus.ACCEPTED, author_name="Hub").acount() == 3


async def test_tc_047_ended_by_the_clock(desk: Server, charge_point: ChargePoint) -> None:
    """The reservation ends at its time with nobody's help, and the charge point is free again."""
    async with station(desk) as charger:
        await charger.status(1, "Available")
        until = factories.now() + timedelta(seconds=2)
        command = await order(charge_point, "reserve", connector=1, id_tag="CARD-1", expires_at=until.isoformat())
        await charger.answer(await charger.expect("ReserveNow"), {"status": "Accepted"})
        await ended(command, Effect.SEEN)
        assert (await db(lambda: derived(charge_point)))[1] == "busy-reserved"
        await soon(Reservation.objects.filter(state=ReservationState.EXPIRED).exists, "the end of the reservation")
        assert (await db(lambda: derived(charge_point)))[1] == "available"


async def test_availability_that_never_shows(desk: Server, charge_point: ChargePoint) -> None:
    """Accepted and no status: without effect; the status that comes late all the same is the truth."""
    async with station(desk) as charger:
        await charger.status(1, "Available")
        command = await order(charge_point, "availability", connector=1, type="Inoperative")
        await charger.answer(await charger.expect("ChangeAvailability"), {"status": "Accepted"})
        await ended(command, Effect.MISSING)
        await charger.status(1, "Unavailable")
        await ended(command, Effect.SEEN)


async def test_a_charger_that_does_not_know_a_message(desk: Server, charge_point: ChargePoint) -> None:
    """QUIRKS 7.5: a CALLERROR instead of a status."""
    async with station(desk) as charger:
        command = await order(charge_point, "clear_profile")
        await charger.answer_error(await charger.expect("ClearChargingProfile"), "NotImplemented")
        failed = await ended(command)
    assert (failed.status, failed.answer) == (CommandStatus.FAILED, "Not supported by this charger")
