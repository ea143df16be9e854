"""What attackers do (SECURITY.md 2), and that it does not help them."""

import asyncio

import pytest
from django.test import Client
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from chargepoints.choices import IssuedState, Refusal
from chargepoints.models import (
    Charge,
    ChargePoint,
    Connection,
    ConnectionAttempt,
    IssuedCertificate,
    LogLine,
    SecurityEvent,
    StatusChange,
)
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import db, log, soon
from tests.security.tools import plain, refused, through_proxy
from tests.stage import Server
from tests.station import Refused, Station, now

pytestmark = pytest.mark.django_db(transaction=True)

MARKUP = "<img src=x onerror=alert(1)>"
WAYS_IN = [
    "/ocpp//NORD-1",
    "/ocpp/./NORD-1",
    "/ocpp/x/../NORD-1",
    "/ocpp/%2e%2e/NORD-1",
    "/ocpp/ocpp/NORD-1",
    "/ocpp/1.6/NORD-1",
    "/ocpp/NORD-1/",
    "/ocpp/NORD-1?password=x",
    "/ocpp/NORD-1#x",
    "/ocpp/NORD%2D1",
    "/ocpp/nord-1;v=1",
    "/OCPP/NORD-1",
    "//ocpp/NORD-1",
    "/steve/websocket/CentralSystemService/NORD-1",
    "/ocpp/NORD-1/../../healthz",
    "/NORD-1",
    "/",
]


async def test_a1_impersonation(guarded: Server, charge_point: ChargePoint) -> None:
    """A1: a known identity without credentials gets 401; nothing is stored but the attempt and its line."""
    for station in (plain(guarded, password=None), through_proxy(guarded)):
        answer = await refused(station)
        assert (answer.status, answer.body) == (401, "")
    kept = await soon(lambda: ConnectionAttempt.objects.filter(reason=Refusal.NO_CREDENTIALS).first())
    assert kept.identity == "NORD-1"
    assert not await Connection.objects.filter(generation__gt=0).aexists()
    await soon(lambda: LogLine.objects.count() == 2, "both refusals are told")
    assert {line.action for line in await db(lambda: log(charge_point))} == {"Refused"}


async def test_a4_every_lack_of_proof_looks_the_same(guarded: Server, charge_point: ChargePoint) -> None:
    """A4: whether an identity exists, and what it has, cannot be told from outside."""
    site = await db(lambda: charge_point.site)
    await db(lambda: factories.charge_point(site, "WITH-TLS", security_profile=2))
    await db(lambda: factories.charge_point(site, "WITH-CERT", security_profile=3))
    await db(lambda: factories.charge_point(site, "NO-PASSWORD", password=""))
    seen = []
    for identity in ("NORD-1", "NOBODY", "WITH-TLS", "WITH-CERT", "NO-PASSWORD"):
        for password in (None, "not the password at all"):
            answer = await refused(Station(guarded.ocpp_url, identity, password))
            headers = sorted((k.lower(), v) for k, v in answer.headers.raw_items() if k.lower() != "date")
            seen.append((answer.status, answer.body, tuple(headers)))
    # With the right password, but without the encryption it must have.
    for identity in ("WITH-TLS", "WITH-CERT"):
        answer = await refused(Station(guarded.ocpp_url, identity, PASSWORD))
        headers = sorted((k.lower(), v) for k, v in answer.headers.raw_items() if k.lower() != "date")
        seen.append((answer.status, answer.body, tuple(headers)))
    assert len(set(seen)) == 1
    assert seen[0][0] == 401


@pytest.mark.parametrize("password", [None, "not the password at all"])
async def test_a5_no_way_around_the_handshake(guarded: Server, charge_point: ChargePoint, password: str | None) -> None:
    """A5: however the path is written, nobody gets in without the password."""
    for way in WAYS_IN:
        station = Station(guarded.ws_url, "NORD-1", password, path=way.removeprefix("/"))
        station.address = f"{guarded.ws_url}{way}"
        try:
            async with asyncio.timeout(5):
                await station.__aenter__()
        except (Refused, InvalidURI, InvalidHandshake):
            continue
        # A path that belongs to the portal closes at once, without a charger behind it.
        await station.close_code()
    assert not await Connection.objects.filter(generation__gt=0).aexists()


async def test_a6_the_charge_of_another_charger(
    guarded: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """A6: a stop or a reading with another charger's transaction id changes nothing of that charge."""
    async with plain(guarded) as victim, plain(guarded, "NORD-2") as thief:
        number = (await victim.start(1, "TAG", 1000))["transactionId"]
        before = await db(lambda: list(Charge.objects.filter(charge_point=charge_point).values()))
        assert await thief.meter(1, 999_000, tx=number) == {}
        assert await thief.stop(number, 1_000_000) == {}
        assert await db(lambda: list(Charge.objects.filter(charge_point=charge_point).values())) == before
        await victim.stop(number, 5000)
    charge = await Charge.objects.aget(charge_point=charge_point)
    assert (charge.transaction_id, charge.energy_wh) == (str(number), 4000)
    [orphan] = await db(lambda: list(Charge.objects.filter(charge_point=far_charge_point)))
    assert orphan.needs_review


async def test_a9_markup_in_every_text(guarded: Server, charge_point: ChargePoint, alice_client: Client) -> None:
    """A9: what chargers send is text on every page that shows it."""
    event = {"type": MARKUP, "timestamp": now(), "techInfo": f'"><svg/onload={MARKUP}>'}
    async with plain(guarded) as station:
        names = ("chargePointSerialNumber", "firmwareVersion", "iccid", "imsi", "meterType", "meterSerialNumber")
        await station.boot(MARKUP, MARKUP, **dict.fromkeys(names, MARKUP))
        await station.status(1, "Faulted", "OtherError", info=MARKUP, vendorErrorCode=MARKUP, vendorId=MARKUP)
        await station.call("SecurityEventNotification", event)
        await station.call("DataTransfer", {"vendorId": MARKUP, "messageId": "{{7*7}}", "data": MARKUP})
        await station.start(1, MARKUP, 1)
    await refused(Station(guarded.ocpp_url, "NORD-1", headers={"Authorization": "Basic PGltZyBzcmM9eD46eA=="}))
    await soon(ConnectionAttempt.objects.exists, "the attempt")
    await db(
        lambda: IssuedCertificate.objects.create(
            charge_point=charge_point,
            csr=MARKUP,
            detail=MARKUP,
            state=IssuedState.REFUSED,
            requested_at=factories.now(),
        )
    )
    assert await SecurityEvent.objects.filter(type=MARKUP).aexists()
    assert await StatusChange.objects.filter(info=MARKUP).aexists()
    pk = charge_point.pk
    pages = ["/", *(f"/charge-points/{pk}/{tab}" for tab in ("", "integration/", "status-log/"))]
    pages += [f"/admin/chargepoints/{name}/" for name in ("securityevent", "issuedcertificate", "chargepoint")]
    pages += [f"/admin/chargepoints/chargepoint/{pk}/change/"]
    shown = 0
    for page in pages:
        answer = await db(lambda page=page: alice_client.get(page, HTTP_HOST="localhost"))  # type: ignore[misc]
        html = answer.content.decode()
        assert answer.status_code == 200, page
        assert "<img src=x" not in html, page
        assert "<svg/onload" not in html, page
        shown += html.count("&lt;img src=x")
    assert shown > 10


async def test_a18_a_foreign_page_in_an_operators_browser(
    guarded: Server, charge_point: ChargePoint, alice_client: Client
) -> None:
    """A18: cookies open nothing for chargers, and the pages' own socket wants the pages' own origin."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in alice_client.cookies.items())
    foreign = {"Cookie": cookies, "Origin": "https://evil.example.net"}
    assert (await refused(Station(guarded.ocpp_url, "NORD-1", headers=foreign))).status == 401
    with pytest.raises(Exception, match="HTTP 403"):
        await connect(f"{guarded.ws_url}/ws/overview/", additional_headers=foreign, proxy=None)


async def test_a21_replayed_messages(guarded: Server, charge_point: ChargePoint) -> None:
    """A21: old messages again, with the same or a new id: one charge; the same id with other content is another."""
    at = now()
    async with plain(guarded) as station:
        first = await station.start(1, "TAG", 1000, timestamp=at, message_id="1")
        await station.stop(first["transactionId"], 3000, timestamp=at, message_id="2")
    async with plain(guarded) as station:
        for name in ("1", "77"):
            again = await station.start(1, "TAG", 1000, timestamp=at, message_id=name)
            assert again["transactionId"] == first["transactionId"]
        await station.stop(first["transactionId"], 900_000, message_id="2")
        other = await station.start(2, "TAG", 1000, message_id="1")
        assert other["transactionId"] != first["transactionId"]
        event = {"type": "FirmwareUpdated", "timestamp": at}
        for name in ("1", "2"):
            await station.call("SecurityEventNotification", event, message_id=name)
    charges = await db(lambda: list(Charge.objects.order_by("pk").values_list("transaction_id", "energy_wh")))
    assert charges == [(str(first["transactionId"]), 2000), (str(other["transactionId"]), 0)]
    assert await SecurityEvent.objects.acount() == 1
