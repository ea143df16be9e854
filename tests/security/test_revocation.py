"""A certificate that is revoked ends the connection it has opened (SECURITY A2; A00.FR.704)."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from chargepoints.choices import CommandStatus, IssuedState
from chargepoints.models import ChargePoint, IssuedCertificate
from chargepoints.services.certificates import certificates_revoke
from hub.audit.records import HUB
from tests.factories import PASSWORD, now
from tests.gateway.tools import db, ended, log, order, soon
from tests.security.tools import certificate_of, key, pem, refused, through_proxy
from tests.stage import Server
from tests.station import Gone

pytestmark = pytest.mark.django_db(transaction=True)


async def issued(charge_point: ChargePoint) -> tuple[int, x509.Certificate]:
    """A certificate of the charge point, as if signed here: its row's id, and itself."""
    made = certificate_of(key(), str(charge_point.identity))
    row = await IssuedCertificate.objects.acreate(
        charge_point=charge_point,
        fingerprint=made.fingerprint(hashes.SHA256()).hex(),
        chain=pem(made),
        state=IssuedState.ACCEPTED,
        requested_at=now(),
        not_after=now() + timedelta(days=1),
    )
    return row.pk, made


async def test_revoked_while_connected(
    guarded: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """Closed with the reason, its waiting command fails, and it is not let in again; others stay."""
    mine, shown = await issued(charge_point)
    _, others = await issued(far_charge_point)
    async with (
        through_proxy(guarded, certificate=shown) as station,
        through_proxy(guarded, "NORD-2", certificate=others) as neighbour,
    ):
        command = await order(charge_point, "reboot", type="Soft")
        await station.expect("Reset")
        assert await db(lambda: certificates_revoke(issued=[mine], actor=HUB)) == 1
        assert await station.close_code() == (4008, "its certificate was revoked")
        assert (await ended(command)).status == CommandStatus.EXPIRED
        await neighbour.call("Heartbeat", {})
    [line] = await soon(lambda: log(charge_point, action="Disconnect"), "its end")
    assert (line.fact, line.text) == ("code 4008", "its certificate was revoked")
    assert (await refused(through_proxy(guarded, certificate=shown))).status == 401


async def test_revoked_while_nobody_is_told(guarded: Server, charge_point: ChargePoint) -> None:
    """A lost wake-up costs some seconds: the gateway looks for itself."""
    mine, shown = await issued(charge_point)
    async with through_proxy(guarded, certificate=shown) as station:
        await station.call("Heartbeat", {})
        await IssuedCertificate.objects.filter(pk=mine).aupdate(state=IssuedState.REVOKED)
        assert (await station.close_code(deadline=15))[0] == 4008
        with pytest.raises(Gone):
            await station.recv()


async def test_a_password_outlives_a_certificate(guarded: Server, charge_point: ChargePoint) -> None:
    """Only what came in with it ends: nothing is asked of connections without one."""
    mine, _ = await issued(charge_point)
    async with through_proxy(guarded, password=PASSWORD) as station:
        assert await db(lambda: certificates_revoke(issued=[mine], actor=HUB)) == 1
        assert "currentTime" in await station.call("Heartbeat", {})
