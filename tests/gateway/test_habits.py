"""What chargers do at the door and with their sockets, taken in good part and recorded (QUIRKS 1, D1 to D4)."""

import pytest

from chargepoints.models import Charge, ChargePoint, Connection, Finding, Site
from chargepoints.services.credentials import password_hmac
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers, db, soon, station
from tests.stage import Server
from tests.station import Refused, Station

pytestmark = pytest.mark.django_db(transaction=True)


async def finding(rule: str) -> Finding:
    """The only finding under a rule."""
    return await soon(lambda: Finding.objects.filter(rule=rule).first(), f"finding {rule}")


@both_servers
async def test_quirk_1_1_no_version_offered_but_assumed(gateway: Server, site: Site) -> None:
    """A charger that is known to omit it gets in, and its answer carries no header (D1, H5); not in strict mode."""
    await db(lambda: factories.charge_point(site, "MUTE-1", assume_version="ocpp1.6"))
    async with Station(gateway.ocpp_url, "MUTE-1", PASSWORD, subprotocols=()) as mute:
        assert mute.ws.response is not None
        assert "Sec-WebSocket-Protocol" not in mute.ws.response.headers
        await mute.boot()
    connection = await Connection.objects.aget(charge_point__identity="MUTE-1")
    assert connection.subprotocol == "ocpp1.6"
    assert (await finding("no-subprotocol")).detail == "ocpp1.6"
    await ChargePoint.objects.aupdate(is_strict=True)
    with pytest.raises(Refused) as caught:
        await Station(gateway.ocpp_url, "MUTE-1", PASSWORD, subprotocols=()).__aenter__()
    assert caught.value.status == 400


async def test_quirk_1_2_two_sockets_are_recorded(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as one, station(gateway) as two:
        await one.close_code()
        await two.boot()
    await finding("two-sockets")


async def test_quirk_1_4_slash_and_case(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, path="nord-1/") as odd:
        await odd.boot()
    assert (await finding("trailing-slash")).detail == "/ocpp/nord-1/"
    assert (await finding("identity-case")).detail == "nord-1"


@pytest.mark.parametrize("form", ["hex for bytes", "bytes for hex", "other case"])
async def test_quirk_1_5_password_in_its_other_form(gateway: Server, charge_point: ChargePoint, form: str) -> None:
    """The key is the hexadecimal text of the password, or the other way round (D4); strict mode takes it as it is."""
    secret = bytes(range(200, 220))
    kept: bytes = {"hex for bytes": secret, "bytes for hex": secret.hex().encode()}.get(form, secret.hex().encode())
    sent: bytes = {"hex for bytes": secret.hex().encode(), "bytes for hex": secret}.get(
        form, secret.hex().upper().encode()
    )
    charge_point.password_hmac = password_hmac("NORD-1", kept)
    await charge_point.asave(update_fields=["password_hmac"])
    async with Station(gateway.ocpp_url, "NORD-1", sent) as odd:
        await odd.boot()
    await finding("hex-password")
    await ChargePoint.objects.aupdate(is_strict=True)
    with pytest.raises(Refused) as caught:
        await Station(gateway.ocpp_url, "NORD-1", sent).__aenter__()
    assert caught.value.status == 401


async def test_quirk_1_7_boots_without_end(gateway: Server, charge_point: ChargePoint) -> None:
    """Each is answered, a running charge goes on (1.8), and the loop is recorded."""
    async with station(gateway) as looping:
        tx = (await looping.start(1, "X", 0))["transactionId"]
        for _ in range(5):
            assert (await looping.boot())["status"] == "Accepted"
        charge = await Charge.objects.aget(transaction_id=str(tx))
        assert charge.ended_at is None
    await finding("boot-loop")


async def test_flapping_is_recorded(gateway: Server, charge_point: ChargePoint) -> None:
    for _ in range(10):
        async with station(gateway):
            pass
    await finding("flapping")


async def test_deactivated_charger_is_refused(gateway: Server, site: Site) -> None:
    """With the right password it learns that it is deactivated (403), with a wrong one nothing."""
    await db(lambda: factories.charge_point(site, "OFF-1", is_active=False))
    for password, status in ((PASSWORD, 403), ("not the password at all", 401)):
        with pytest.raises(Refused) as caught:
            await Station(gateway.ocpp_url, "OFF-1", password).__aenter__()
        assert caught.value.status == status
