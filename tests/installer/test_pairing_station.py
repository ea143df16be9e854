"""The whole way over real sockets: a charger is refused, its password is taken over, it gets in."""

from functools import partial

import pytest
from django.test import Client

from chargepoints.models import ChargePoint, ConnectionAttempt
from tests.conftest import StartServer
from tests.gateway.tools import db, soon
from tests.installer.scene import Scene
from tests.stage import Server
from tests.station import Refused, Station

pytestmark = pytest.mark.django_db(transaction=True)
OWN = "made-in-the-factory-7"


async def test_a_charger_gets_in_after_its_password_was_taken_over(
    server: StartServer, job: Scene, charge_point: ChargePoint
) -> None:
    gateway = server()
    row = await db(lambda: job.row("NORD-1"))
    await db(partial(job.send, "identity", row, value="ACE-1", seen="NORD-1"))
    await refused(gateway, OWN)
    attempt = await soon(lambda: ConnectionAttempt.objects.filter(identity="ACE-1").first())
    assert "password that Hub does not know" in await db(job.page)
    answer = await db(partial(job.send, "pairing", row, knock=attempt.pk))
    assert answer.status_code == 200
    async with Station(gateway.ocpp_url, "ACE-1", OWN):
        await soon(lambda: "1 / 1 connected" in Client().get(job.base).content.decode(), "the page tells that it is in")
        # Somebody else who knows the identity changes nothing, and is not offered to the installer.
        await refused(gateway, "another-password-here")
        await soon(lambda: ConnectionAttempt.objects.exclude(password_hmac="").exists())
        assert "Take it over" not in await db(job.page)


async def refused(server: Server, password: str) -> None:
    """The charger calls and is turned away."""
    with pytest.raises(Refused) as caught:
        async with Station(server.ocpp_url, "ACE-1", password):
            pass
    assert caught.value.status == 401
