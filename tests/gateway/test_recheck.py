"""Open sockets of charge points that were deactivated, archived or given another identity are closed with a reason."""

import asyncio
from collections.abc import Callable

import pytest
from django.db import connections

from chargepoints.models import ChargePoint
from chargepoints.reports import Opened
from chargepoints.selectors.admission import Admission
from chargepoints.services.archive import charge_point_archive
from chargepoints.services.charge_points import charge_point_edit, charge_point_set_active
from chargepoints.services.identities import identity_change
from hub.audit.records import HUB
from ocpp_gateway.errors import Version
from ocpp_gateway.links import Link, Send
from ocpp_gateway.recheck import Rechecker
from tests import factories
from tests.gateway.tools import both_servers, db, log, soon, station
from tests.stage import Server
from tests.station import Refused

pytestmark = pytest.mark.django_db(transaction=True)


def deactivate(charge_point: ChargePoint) -> None:
    charge_point_set_active(actor=HUB, charge_point=charge_point, is_active=False)


def archive(charge_point: ChargePoint) -> None:
    charge_point_archive(actor=HUB, charge_point=charge_point)


def rename(charge_point: ChargePoint) -> None:
    identity_change(actor=HUB, charge_point=charge_point, identity="NORD-9", password="another-password-9")


def linked(charge_point: ChargePoint, send: Send) -> Link:
    """A socket of this charge point."""
    known = Admission(charge_point.pk, charge_point.identity or "", "")
    opened = Opened(charge_point.pk, "here", factories.now(), "10.0.0.1", "ocpp1.6", 1)
    return Link(known=known, version=Version.V16, opened=opened, send=send)


@pytest.mark.parametrize(
    ("act", "reason", "status"),
    [
        (deactivate, "the charge point was deactivated", 403),
        (archive, "this identity is not registered any more", 401),
        (rename, "this identity is not registered any more", 401),
    ],
)
async def test_it_is_closed_and_stays_out(
    gateway: Server, charge_point: ChargePoint, act: Callable[[ChargePoint], None], reason: str, status: int
) -> None:
    async with station(gateway) as s:
        await s.boot()
        await db(lambda: act(charge_point))
        assert await s.close_code() == (4004, reason)
    await soon(lambda: log(charge_point, action="Disconnect"), "its end in the log")
    with pytest.raises(Refused) as refused:
        async with station(gateway):
            pass
    assert refused.value.status == status


@both_servers
async def test_another_password_and_other_settings_close_nothing(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as s:
        await s.boot()
        await db(lambda: charge_point_edit(actor=HUB, charge_point=charge_point, values={"note": "By the door"}))
        await db(lambda: identity_change(actor=HUB, charge_point=charge_point, identity="nord-1", password=None))
        await s.call("Heartbeat", {})
        await db(lambda: charge_point_set_active(actor=HUB, charge_point=charge_point, is_active=False))
        assert (await s.close_code())[0] == 4004


async def test_a_lost_word_is_healed(charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    """The gateway looks at all its sockets by itself; those that may stay take over strict mode."""
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    links = [linked(one, send) for one in (charge_point, far_charge_point)]
    rechecker = Rechecker(links)
    await rechecker.look()
    assert sent == []
    await db(lambda: ChargePoint.objects.filter(pk=charge_point.pk).update(is_active=False))
    await db(lambda: ChargePoint.objects.filter(pk=far_charge_point.pk).update(is_strict=True))
    await rechecker.look({far_charge_point.pk})
    assert (sent, links[1].is_strict) == ([], True)
    await rechecker.look()
    assert [message["code"] for message in sent] == [4004]
    assert links[0].closing == (4004, "the charge point was deactivated")
    await asyncio.get_running_loop().run_in_executor(rechecker._asker._thread, connections.close_all)
