"""The handshake of chargers: who gets in, who is refused, and what is kept of it (CSMS.md 1.1)."""

import asyncio

import pytest
from django.test import Client
from websockets.asyncio.client import connect

from chargepoints.choices import Category, Integration, Refusal
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, LinkPeriod, Site
from chargepoints.services.credentials import password_hmac
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import both_servers, db, derived, log, soon
from tests.stage import Server
from tests.station import Refused, Station, basic

pytestmark = [pytest.mark.django_db(transaction=True), both_servers]

GOOD_PATHS = [
    "NORD-1",
    "nord-1",
    "NORD-1/",
    "%4eORD-1",
    "%4E%4F%52%44%2D%31",
    "NORD-1?x=1",
    "1.6/NORD-1",
    "/NORD-1",
]
BAD_PATHS = [
    "",
    "ocpp",
    "NORD-1%2FX",
    "..%2fNORD-1",
    "NORD-1%00",
    "NORD-1%ff%fe",
    "N" * 49,
    "NORD%3A1",
    "NORD%201",
    "?NORD-1",
]


async def refused(station: Station) -> Refused:
    """The refusal that `station` gets."""
    with pytest.raises(Refused) as caught:
        await station.__aenter__()
    return caught.value


async def attempt(identity: str, **fields: object) -> ConnectionAttempt:
    """The one stored attempt of an identity."""
    wanted = ConnectionAttempt.objects.filter(identity=identity, **fields)
    return await soon(lambda: wanted.all().first(), f"attempt of {identity}")


async def test_085_right_credentials(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_085: in with user name and password; the row, the period and the log say so, and also the end."""
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert station.ws.subprotocol == "ocpp1.6"
        now = await db(lambda: Connection.objects.get(charge_point=charge_point))
        assert (now.is_connected, now.generation, now.subprotocol, now.security_profile) == (True, 1, "ocpp1.6", 1)
        assert now.remote_address == "127.0.0.1"
        assert await db(lambda: derived(charge_point)) == ("connected", "other")
        await station.close(1000, "good night")
    period = await soon(lambda: LinkPeriod.objects.filter(charge_point=charge_point, ended_at__isnull=False).first())
    assert (period.generation, period.close_code) == (1, 1000)
    assert await db(lambda: derived(charge_point)) == ("disconnected", "disconnected")
    lines = await db(lambda: log(charge_point))
    assert [(line.action, line.category, line.generation) for line in lines] == [
        ("Connect", Category.LINK, 1),
        ("Disconnect", Category.LINK, 1),
    ]
    assert lines[1].fact == "code 1000"
    assert not await db(ConnectionAttempt.objects.exists)


async def test_085_wrong_password(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_085: 401 with a challenge; kept with its reason, and the same knock again only counts up."""
    for _ in range(3):
        answer = await refused(Station(gateway.ocpp_url, "NORD-1", "not the password at all"))
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    await soon(lambda: ConnectionAttempt.objects.filter(count=3).exists(), "three knocks counted")
    kept = await attempt("NORD-1")
    assert (kept.reason, kept.http_status, kept.user_name) == (Refusal.WRONG_PASSWORD, 401, "NORD-1")
    assert (kept.charge_point_id, kept.subprotocols, kept.path) == (charge_point.pk, "ocpp1.6", "/ocpp/NORD-1")
    assert kept.remote_address == "127.0.0.1"
    assert kept.first_at < kept.last_at
    assert await db(lambda: derived(charge_point)) == (Integration.ERROR, "passive")
    lines = await db(lambda: log(charge_point))
    assert [(line.category, line.action, line.fact, line.is_error) for line in lines] == [
        (Category.SECURITY, "Refused", "Wrong password", True)
    ] * 3
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD):
        assert (await db(lambda: derived(charge_point)))[0] == Integration.CONNECTED


async def test_refused_while_connected_stays_connected(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD) as station:
        assert (await refused(Station(gateway.ocpp_url, "NORD-1", "not the password at all"))).status == 401
        await attempt("NORD-1")
        assert (await db(lambda: derived(charge_point)))[0] == Integration.CONNECTED
        await station.call("Heartbeat", {})
    await soon(lambda: derived(charge_point)[0] == Integration.DISCONNECTED, "an old refusal is forgotten")


async def test_unknown_identity_looks_like_a_wrong_password(gateway: Server, charge_point: ChargePoint) -> None:
    """Nobody can find out which identities exist (SECURITY A4)."""
    known = await refused(Station(gateway.ocpp_url, "NORD-1", "not the password at all"))
    unknown = await refused(Station(gateway.ocpp_url, "NORD-9", "not the password at all"))
    hidden = {"date"}

    def seen(answer: Refused) -> tuple[int, str, dict[str, str]]:
        return answer.status, answer.body, {k.lower(): v for k, v in answer.headers.items() if k.lower() not in hidden}

    assert seen(known) == seen(unknown)
    kept = await attempt("NORD-9")
    assert (kept.reason, kept.charge_point_id) == (Refusal.UNKNOWN_IDENTITY, None)


async def test_085_no_credentials(gateway: Server, charge_point: ChargePoint) -> None:
    answer = await refused(Station(gateway.ocpp_url, "NORD-1"))
    assert answer.status == 401
    assert "WWW-Authenticate" in answer.headers
    assert (await attempt("NORD-1")).reason == Refusal.NO_CREDENTIALS


async def test_unreadable_credentials(gateway: Server, charge_point: ChargePoint) -> None:
    for header in ("Basic", "Basic !!!", "Bearer abc", "Basic Tk9SRC0x\u00e9"):
        headers = {"Authorization": header}
        assert (await refused(Station(gateway.ocpp_url, "NORD-1", headers=headers))).status == 401
    assert (await attempt("NORD-1", count=4)).reason == Refusal.NO_CREDENTIALS


async def test_user_name_of_another_station(
    gateway: Server, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """The right password of one station is no key to the address of another (A00.FR.204)."""
    station = Station(gateway.ocpp_url, "NORD-2", PASSWORD, path="NORD-1")
    assert (await refused(station)).status == 401
    assert (await attempt("NORD-1")).reason == Refusal.WRONG_USER


async def test_no_password_set(gateway: Server, site: Site) -> None:
    bare = await db(lambda: factories.charge_point(site, "NORD-3", password=""))
    for password in ("", "-" * 64):
        assert (await refused(Station(gateway.ocpp_url, "NORD-3", password))).status == 401
    assert (await attempt("NORD-3")).reason == Refusal.NO_PASSWORD_SET
    assert (await db(lambda: derived(bare)))[0] == Integration.ERROR


async def test_password_with_colons(gateway: Server, site: Site) -> None:
    password = "a:b:c:d:e:f:g:h:i"
    await db(lambda: factories.charge_point(site, "NORD-3", password=password))
    async with Station(gateway.ocpp_url, "NORD-3", password) as station:
        await station.call("Heartbeat", {})


async def test_password_of_raw_bytes(gateway: Server, charge_point: ChargePoint) -> None:
    """A 1.6 password is bytes, which need not be text (H7)."""
    password = bytes([0, 0xFF, 0x3A, 0xC3, 0x28, 10, 13, 0xE2]) * 2
    charge_point.password_hmac = password_hmac("NORD-1", password)
    await charge_point.asave(update_fields=["password_hmac"])
    async with Station(gateway.ocpp_url, "NORD-1", password) as station:
        await station.call("Heartbeat", {})
    assert (await refused(Station(gateway.ocpp_url, "NORD-1", password[:-1]))).status == 401


async def test_088_unsupported_version(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_088: only versions that are not spoken here: no upgrade."""
    for offered in (("ocpp0.1",), ("ocpp2.0.1",), ("OCPP1.6",), ("ocpp1.6j", "ocpp1.5")):
        answer = await refused(Station(gateway.ocpp_url, "NORD-1", PASSWORD, subprotocols=offered))
        assert answer.status == 400
        kept = await attempt("NORD-1", subprotocols=", ".join(offered))
        assert kept.reason == Refusal.WRONG_SUBPROTOCOL


async def test_no_version_offered(gateway: Server, charge_point: ChargePoint) -> None:
    answer = await refused(Station(gateway.ocpp_url, "NORD-1", PASSWORD, subprotocols=()))
    assert answer.status == 400
    assert (await attempt("NORD-1")).reason == Refusal.NO_SUBPROTOCOL


async def test_088_first_version_that_is_spoken(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_088: the header says exactly `ocpp1.6`."""
    for offered in (("ocpp0.1", "ocpp1.6"), ("ocpp1.6", "ocpp0.1"), ("ocpp2.1", "ocpp1.6")):
        async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, subprotocols=offered) as station:
            assert station.ws.response is not None
            assert station.ws.response.headers.get_all("Sec-WebSocket-Protocol") == ["ocpp1.6"]


async def test_ways_to_write_an_identity(gateway: Server, charge_point: ChargePoint) -> None:
    """The last segment, decoded once, in any case; a query and one trailing slash do no harm (H1, H2, D3)."""
    for path in GOOD_PATHS:
        async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, path=path) as station:
            await station.call("Heartbeat", {})
    assert len(await db(lambda: log(charge_point, action="Heartbeat"))) == len(GOOD_PATHS)


async def test_odd_characters(gateway: Server, site: Site) -> None:
    odd = await db(lambda: factories.charge_point(site, "RDAM|1*-_=+@.2"))
    async with Station(gateway.ocpp_url, "RDAM|1*-_=+@.2", PASSWORD):
        assert (await db(lambda: derived(odd)))[0] == Integration.CONNECTED
    longest = "N" * 48
    await db(lambda: factories.charge_point(site, longest))
    async with Station(gateway.ocpp_url, longest, PASSWORD) as station:
        await station.call("Heartbeat", {})


async def test_unusable_identities(gateway: Server, charge_point: ChargePoint) -> None:
    """They reach neither files nor SQL, and are kept so that somebody can see the mistake (H1)."""
    for path in BAD_PATHS:
        url = gateway.ws_url if path == "ocpp" else gateway.ocpp_url
        assert (await refused(Station(url, "NORD-1", PASSWORD, path=path))).status == 400
    await soon(lambda: sum(ConnectionAttempt.objects.values_list("count", flat=True)) == len(BAD_PATHS), "all kept")
    for one in await db(lambda: list(ConnectionAttempt.objects.all())):
        assert (one.reason, one.http_status, one.charge_point_id) == (Refusal.BAD_IDENTITY, 400, None)
        assert "\x00" not in one.identity
    assert not await db(lambda: log(charge_point))


async def test_origin_does_no_harm(gateway: Server, charge_point: ChargePoint) -> None:
    """The whitepaper's own example sends one (H10)."""
    headers = {"Origin": "https://charger.example"}
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, headers=headers) as station:
        await station.call("Heartbeat", {})


async def test_compression_offer_does_no_harm(gateway: Server, charge_point: ChargePoint) -> None:
    async with Station(gateway.ocpp_url, "NORD-1", PASSWORD, compression="deflate") as station:
        await station.boot()
        await station.call("DataTransfer", {"vendorId": "x", "data": "y" * 10_000})


async def test_browser_cookie_is_no_credential(
    gateway: Server, charge_point: ChargePoint, alice_client: Client
) -> None:
    """An operator's login opens nothing here: only Basic credentials do (H10)."""
    cookies = alice_client.cookies
    headers = {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())}
    assert (await refused(Station(gateway.ocpp_url, "NORD-1", headers=headers))).status == 401


async def test_browser_path_is_no_way_in(gateway: Server, charge_point: ChargePoint) -> None:
    """The credentials of a charger open no page: a browser's socket without a session is closed at once."""
    headers = {"Authorization": basic("NORD-1", PASSWORD), "Origin": gateway.url}
    async with connect(f"{gateway.ws_url}/ws/overview/", additional_headers=headers, proxy=None) as socket:
        await asyncio.wait_for(socket.wait_closed(), 5)
        assert socket.close_code == 4401
    assert not await db(lambda: log(charge_point))


async def test_storm_of_handshakes(gateway: Server, site: Site) -> None:
    """100 stations at once behind one address all get in (T12)."""
    identities = [f"STORM-{number}" for number in range(100)]
    await db(lambda: [factories.charge_point(site, identity) for identity in identities])
    stations = [Station(gateway.ocpp_url, identity, PASSWORD) for identity in identities]
    await asyncio.gather(*(station.__aenter__() for station in stations))
    assert await db(lambda: Connection.objects.filter(is_connected=True).count()) == 100
    await asyncio.gather(*(station.close() for station in stations))
    await soon(lambda: not Connection.objects.filter(is_connected=True).exists(), "everybody left")
