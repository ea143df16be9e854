"""Reservations, by certification case."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chargepoints.choices import CommandStatus, Effect, ReservationState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Reservation
from chargepoints.services.reservations import reservations_expire
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.orders import done
from tests.gateway.tools import db, derived, order, station
from tests.stage import Server
from tests.station import Payload, Station

pytestmark = pytest.mark.django_db(transaction=True)


def later(**span: float) -> str:
    """A time from now on, as an operator's form writes it."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def reserved(
    charger: Station, charge_point: ChargePoint, connector: int, tag: str, **more: Any
) -> tuple[Payload, Reservation]:
    """An accepted reservation: what was sent, and the row."""
    more = {"expires_at": later(hours=1)} | more
    asked, command = await done(charger, charge_point, "reserve", "Accepted", connector=connector, id_tag=tag, **more)
    assert (command.status, command.effect) == (CommandStatus.ACCEPTED, Effect.SEEN)
    return asked, await Reservation.objects.aget(reservation_id=asked["reservationId"])


async def state_of(reservation: Reservation) -> str:
    """The reservation's state now."""
    return (await Reservation.objects.aget(pk=reservation.pk)).state


async def test_tc_046_reserved_connector_is_used(
    gateway: Server, charge_point: ChargePoint, nordlys: Organisation
) -> None:
    """The start that names the reservation ends it; the charge point is reserved until then."""
    await db(lambda: factories.charge_key(nordlys, "CARD-1"))
    async with station(gateway) as charger:
        await charger.status(1, "Available")
        asked, reservation = await reserved(charger, charge_point, 1, "CARD-1")
        assert set(asked) == {"connectorId", "expiryDate", "idTag", "reservationId"}
        assert (asked["connectorId"], asked["idTag"]) == (1, "CARD-1")
        assert asked["expiryDate"].endswith("Z")
        assert 0 < asked["reservationId"] < 2**31
        assert (await db(lambda: derived(charge_point)))[1] == "busy-reserved"
        await charger.status(1, "Reserved")
        assert (await charger.authorize("CARD-1"))["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Preparing")
        started = await charger.start(1, "CARD-1", 0, reservationId=asked["reservationId"])
        assert started["idTagInfo"]["status"] == "Accepted"
        await charger.status(1, "Charging")
        assert (await db(lambda: derived(charge_point)))[1] == "busy-charging"
    used = await Reservation.objects.aget(pk=reservation.pk)
    assert used.state == ReservationState.USED
    assert used.ended_at is not None


async def test_tc_047_reservation_expires(gateway: Server, charge_point: ChargePoint) -> None:
    """It ends at its time, also when the charger says nothing."""
    async with station(gateway) as charger:
        await charger.status(1, "Available")
        _, reservation = await reserved(charger, charge_point, 1, "CARD-1", expires_at=later(minutes=10))
        await db(reservations_expire)
        assert await state_of(reservation) == ReservationState.ACTIVE
        past = datetime.now(UTC) - timedelta(seconds=1)
        await Reservation.objects.filter(pk=reservation.pk).aupdate(expires_at=past)
        await db(reservations_expire)
        expired = await Reservation.objects.aget(pk=reservation.pk)
        assert (expired.state, expired.ended_at) == (ReservationState.EXPIRED, past)
        assert (await db(lambda: derived(charge_point)))[1] == "available"


async def test_tc_048_not_reserved(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_048_1 to TC_048_4: the charger's word is kept, and nothing is reserved; 048_3 with an unavailable one."""
    async with station(gateway) as charger:
        await charger.status(1, "Available")
        await done(charger, charge_point, "availability", "Accepted", connector=1, type="Inoperative")
        await charger.status(1, "Unavailable")
        for word in ("Faulted", "Occupied", "Unavailable", "Rejected"):
            asked, command = await done(
                charger, charge_point, "reserve", word, connector=1, id_tag="CARD-1", expires_at=later(hours=1)
            )
            assert (asked["connectorId"], asked["idTag"]) == (1, "CARD-1")
            assert (command.status, command.answer, command.effect) == (CommandStatus.REJECTED, word, Effect.NONE)
    assert not await Reservation.objects.aexists()


async def test_tc_049_whole_charger(gateway: Server, charge_point: ChargePoint) -> None:
    """Connector 0: a charge on any connector uses it, by key where the charger names no reservation."""
    async with station(gateway) as charger:
        asked, reservation = await reserved(charger, charge_point, 0, "CARD-1")
        assert asked["connectorId"] == 0
        await charger.status(2, "Reserved")
        await charger.start(1, "OTHER", 0)
        assert await state_of(reservation) == ReservationState.ACTIVE
        await charger.start(2, "card-1", 0, reservationId=0)
    assert await state_of(reservation) == ReservationState.USED


async def test_tc_051_cancelled(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        made, reservation = await reserved(charger, charge_point, 1, "CARD-1")
        await charger.status(1, "Reserved")
        asked, command = await done(charger, charge_point, "cancel_reservation", "Accepted", reservation=reservation.pk)
        assert asked == {"reservationId": made["reservationId"]}
        assert (command.status, command.connector_number) == (CommandStatus.ACCEPTED, 1)
        await charger.status(1, "Available")
        assert (await db(lambda: derived(charge_point)))[1] == "available"
        with pytest.raises(ActionRefused, match="already ended"):
            await order(charge_point, "cancel_reservation", reservation=reservation.pk)
    assert await state_of(reservation) == ReservationState.CANCELLED


async def test_tc_052_not_cancelled(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        _, reservation = await reserved(charger, charge_point, 1, "CARD-1")
        _, command = await done(charger, charge_point, "cancel_reservation", "Rejected", reservation=reservation.pk)
    assert command.status == CommandStatus.REJECTED
    assert await state_of(reservation) == ReservationState.ACTIVE


async def test_tc_053_group(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """The group goes along by itself, and another key of it uses the reservation; not on another connector."""
    for tag in ("CARD-1", "CARD-2"):
        await db(lambda tag=tag: factories.charge_key(nordlys, tag, parent_id_tag="FLEET"))  # type: ignore[misc]
    async with station(gateway) as charger:
        asked, reservation = await reserved(charger, charge_point, 1, "card-1")
        assert asked["parentIdTag"] == "FLEET"
        await charger.status(1, "Reserved")
        assert (await charger.authorize("CARD-2"))["idTagInfo"] == {"status": "Accepted", "parentIdTag": "FLEET"}
        await charger.start(2, "CARD-2", 0)
        assert await state_of(reservation) == ReservationState.ACTIVE
        await charger.start(1, "CARD-2", 0)
    assert await state_of(reservation) == ReservationState.USED
