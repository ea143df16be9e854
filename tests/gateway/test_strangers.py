"""Chargers that nobody has registered: refused and remembered, or let in to wait (HUB_UNKNOWN_CHARGERS)."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint, Connection, ConnectionAttempt, LogLine, Site
from chargepoints.selectors.strangers import QUARANTINE_SITE, QUARANTINE_TEAM
from chargepoints.services.credentials import password_hmac
from chargepoints.services.unknown import Proof, stranger_accept, stranger_reject, unknown_accept
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.embedded.spawn import Family
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.conftest import ROOMY, performing
from tests.gateway.tools import db, soon
from tests.stage import Server, free_port
from tests.station import CallError, Gone, Refused, Station

pytestmark = pytest.mark.django_db(transaction=True)
OFFERED = "offered-by-the-charger"


@pytest.fixture(scope="module")
def doors(
    django_db_setup: None, own_redis: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Server]]:
    """`doors("pending")`: a server with that setting, and room for two."""
    started: dict[str, Server] = {}

    def get(policy: str) -> Server:
        if policy not in started:
            extra = {**ROOMY, "HUB_UNKNOWN_CHARGERS": policy, "HUB_UNKNOWN_LIMIT": "2", "HUB_OCPP_CALL_TIMEOUT": "1"}
            log = tmp_path_factory.mktemp("doors") / f"{policy}.log"
            started[policy] = Server(family, "daphne", log, port=free_port(), extra=extra)
            started[policy].start()
        return started[policy]

    yield get
    for server in started.values():
        server.kill()


@pytest.fixture
def door(
    doors: Callable[[str], Server], transactional_db: None, site: Site, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """The server of the setting that the test names, for the only organisation there is."""
    with performing(doors(getattr(request, "param", "pending"))) as running:
        yield running


async def refused(server: Server, identity: str, password: str | None = OFFERED) -> int:
    """The status that this handshake is refused with."""
    with pytest.raises(Refused) as caught:
        async with Station(server.ocpp_url, identity, password):
            pass
    return caught.value.status


def attempt(**fields: object) -> ConnectionAttempt | None:
    """The newest refused handshake of that kind."""
    return ConnectionAttempt.objects.filter(**fields).order_by("-last_at").first()


async def test_what_an_unknown_one_offers_is_kept_but_not_in_clear(gateway: Server, site: Site) -> None:
    assert await refused(gateway, "NEW-1") == 401
    assert await refused(gateway, "NEW-2", "too-short") == 401
    assert await refused(gateway, "NEW-3", None) == 401
    found = await soon(lambda: attempt(identity="NEW-1"))
    assert found.password_hmac == password_hmac("NEW-1", OFFERED)
    for identity in ("NEW-2", "NEW-3"):
        assert (await soon(partial(attempt, identity=identity))).password_hmac == ""


async def test_the_newest_password_counts(gateway: Server, site: Site) -> None:
    for password in ("the-password-before", OFFERED):
        await refused(gateway, "NEW-1", password)
    newest = password_hmac("NEW-1", OFFERED)
    found = await soon(lambda: attempt(identity="NEW-1", count=2, password_hmac=newest))
    assert found.user_name == "NEW-1"


async def test_a_known_one_s_password_is_kept_as_hmac_so_that_a_person_can_take_it_over(
    gateway: Server, charge_point: ChargePoint
) -> None:
    await refused(gateway, "NORD-1", OFFERED)
    found = await soon(lambda: attempt(identity="NORD-1"))
    assert (found.charge_point_id, found.password_hmac) == (charge_point.pk, password_hmac("NORD-1", OFFERED))


async def test_its_next_knock_gets_in_after_it_was_accepted(gateway: Server, site: Site) -> None:
    await refused(gateway, "NEW-1")
    found = await soon(lambda: attempt(identity="NEW-1"))
    made, password = await db(
        lambda: unknown_accept(actor=HUB, attempt=found, site=site, name="New", connectors=1, proof=Proof.OFFERED)
    )
    assert password == ""
    async with Station(gateway.ocpp_url, "NEW-1", OFFERED) as station:
        assert (await station.boot())["status"] == "Accepted"
        await station.status(2, "Available")
    assert await db(made.connectors.count) == 2
    assert await refused(gateway, "NEW-1", "another-password-of-20") == 401


async def test_pending_lets_in_and_tells_to_wait(door: Server, site: Site) -> None:
    async with Station(door.ocpp_url, "NEW-1", OFFERED) as station:
        assert (await station.boot("Acme", "Fake 1", chargePointSerialNumber="S-1"))["status"] == "Pending"
        with pytest.raises(CallError, match="pending"):
            await station.status(1, "Available")
        made = await ChargePoint.objects.select_related("site__team").aget()
        assert (made.site.name, made.site.team.name) == (QUARANTINE_SITE, QUARANTINE_TEAM)
        assert (made.vendor, made.serial, made.security_profile) == ("Acme", "S-1", 1)
    entry = await AuditEntry.objects.aget()
    assert (entry.act, entry.actor_kind, entry.address) == ("charge_point.let_in", "charger", "127.0.0.1")
    assert OFFERED not in str(entry.after)
    # Trust on first use: from now on the password is known.
    assert await refused(door, "NEW-1", "another-password-of-20") == 401
    assert await refused(door, "new-1", None) == 401
    async with Station(door.ocpp_url, "new-1", OFFERED) as again:
        assert (await again.boot())["status"] == "Pending"


async def test_pending_learns_that_it_is_accepted(door: Server, site: Site) -> None:
    async with Station(door.ocpp_url, "NEW-1", OFFERED) as station:
        await station.boot()
        made = await ChargePoint.objects.aget()
        await db(lambda: stranger_accept(actor=HUB, charge_point=made, site=site, name="Gate", connectors=1))
        assert (await station.boot())["status"] == "Accepted"
        await station.status(1, "Available")


async def test_rejected_is_sent_away_for_good(door: Server, site: Site) -> None:
    async with Station(door.ocpp_url, "NEW-1", OFFERED) as station:
        await station.boot()
        made = await ChargePoint.objects.aget()
        await db(lambda: stranger_reject(actor=HUB, charge_point=made))
        with pytest.raises(Gone, match="this identity is not registered any more"):
            await station.recv()
    assert await refused(door, "NEW-1") == 401
    assert await refused(door, "new-1", None) == 401
    assert await ChargePoint.objects.acount() == 1


@pytest.mark.parametrize("door", ["accept"], indirect=True)
async def test_accept_works_at_once(door: Server, site: Site) -> None:
    async with Station(door.ocpp_url, "NEW-1") as station:
        assert (await station.boot())["status"] == "Accepted"
        await station.status(1, "Available")
        await station.start(1, "NOBODY", 0)
    made = await ChargePoint.objects.aget()
    assert (made.security_profile, made.password_hmac, made.registration) == (0, "", "Accepted")
    charge = await soon(lambda: Charge.objects.filter(charge_point=made).first())
    assert charge.state == ChargeState.STARTING


async def test_no_more_than_the_limit(door: Server, site: Site) -> None:
    for identity in ("NEW-1", "NEW-2"):
        async with Station(door.ocpp_url, identity, OFFERED):
            pass
    assert await refused(door, "NEW-3") == 401
    assert (await soon(lambda: attempt(identity="NEW-3"))).reason == "unknown-identity"
    made = await ChargePoint.objects.aget(identity="NEW-1")
    await db(lambda: stranger_accept(actor=HUB, charge_point=made, site=site, name="Gate", connectors=1))
    async with Station(door.ocpp_url, "NEW-3", OFFERED):
        pass


@pytest.mark.parametrize(
    ("identity", "password", "subprotocols", "status"),
    [
        ("NEW-1", "too-short", ("ocpp1.6",), 401),
        ("NEW-1", OFFERED, ("ocpp9.9",), 400),
        ("NEW-1", OFFERED, (), 400),
        ("a:b", OFFERED, ("ocpp1.6",), 400),
        ("x" * 49, OFFERED, ("ocpp1.6",), 400),
    ],
)
async def test_who_is_not_let_in(
    door: Server, identity: str, password: str, subprotocols: tuple[str, ...], status: int
) -> None:
    with pytest.raises(Refused) as caught:
        async with Station(door.ocpp_url, identity, password, subprotocols=subprotocols):
            pass
    assert caught.value.status == status
    assert not await ChargePoint.objects.aexists()


async def test_nobody_receives_them(door: Server, fjord: Organisation) -> None:
    assert await refused(door, "NEW-1") == 401
    await Organisation.objects.filter(pk=fjord.pk).aupdate(receives_unknown=True)
    async with Station(door.ocpp_url, "NEW-1", OFFERED):
        pass
    assert await ChargePoint.objects.filter(site__team__organisation=fjord).acount() == 1


async def test_known_ones_are_never_touched(door: Server, charge_point: ChargePoint, far_site: Site) -> None:
    """Neither one with another password, nor a deactivated one, nor one that was archived."""
    gone = await db(lambda: factories.charge_point(far_site, None, name="Gone", former_identity="OLD-1"))
    await ChargePoint.objects.filter(pk=gone.pk).aupdate(archived_at=factories.now())
    before = await ChargePoint.objects.values().aget(pk=charge_point.pk)
    assert await refused(door, "NORD-1") == 401
    assert await refused(door, "nord-1", None) == 401
    assert await refused(door, "OLD-1") == 401
    await ChargePoint.objects.filter(pk=charge_point.pk).aupdate(is_active=False)
    assert await refused(door, "NORD-1", factories.PASSWORD) == 403
    after = await ChargePoint.objects.values().aget(pk=charge_point.pk)
    kept = {"is_active", "integration", "state"}
    assert {k: v for k, v in after.items() if k not in kept} == {k: v for k, v in before.items() if k not in kept}
    assert await ChargePoint.objects.acount() == 2
    assert not await Connection.objects.filter(generation__gt=0).aexists()
    assert await LogLine.objects.filter(charge_point=charge_point).aexists()
