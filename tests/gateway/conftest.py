"""One server of each kind for all tests of this folder; a test that kills servers starts its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import redis
from asgiref.sync import SyncToAsync
from django.db import connections

from chargepoints.models import ChargePoint, Connection, GatewayProcess, Price, PriceGroup
from hub.embedded.spawn import Family
from tests.gateway.bill_tools import BEGUN, d
from tests.gateway.outage import Database
from tests.stage import Server, Worker, eventually, free_port, settled

# One second for an answer; for the effects a hundredth of what real chargers get (180 s for a reboot).
ENVIRONMENT = {"HUB_OCPP_CALL_TIMEOUT": "1", "HUB_EFFECT_TIMEOUT_SCALE": "0.01"}
# The tests share one address: its limits are tested by servers of their own.
ROOMY = {
    "HUB_OCPP_FAILED_PER_MINUTE": "0",
    "HUB_OCPP_FAILED_PER_IDENTITY": "0",
    "HUB_OCPP_UNAUTHENTICATED_PER_MINUTE": "0",
}
_processes: dict[str, GatewayProcess] = {}


@pytest.fixture(scope="package")
def servers(
    django_db_setup: None, own_redis: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Server]]:
    """`servers("daphne")`: the running server of that name, started at its first use."""
    started: dict[str, Server] = {}
    folder = tmp_path_factory.mktemp("servers")

    def get(name: str) -> Server:
        if name not in started:
            made = Server(family, name, folder / f"{name}.log", port=free_port(), extra=ROOMY)
            made.start()
            started[name] = made
        return started[name]

    yield get
    for server in started.values():
        server.kill()


@pytest.fixture
def gateway(
    servers: Callable[[str], Server],
    transactional_db: None,
    clean_redis: redis.Redis,
    request: pytest.FixtureRequest,
) -> Iterator[Server]:
    """The shared daphne, or what `@both_servers` names. Its log of this test is printed."""
    with performing(servers(getattr(request, "param", "daphne"))) as running:
        yield running


def _quiet() -> bool:
    """Nobody is connected, and everything is stored."""
    return not Connection.objects.filter(is_connected=True).exists() and settled()


@contextmanager
def performing(server: Server) -> Iterator[Server]:
    """A server that outlives the test: known to the emptied database, and alone at the end."""
    alive = [process for process in _processes.values() if server.child and process.pid == server.child.process.pid]
    for process in alive:
        process.seen_at = datetime.now(UTC)
    GatewayProcess.objects.bulk_create(alive, ignore_conflicts=True)
    seen = server.log.stat().st_size
    try:
        yield server
        eventually(_quiet, what="everybody left and everything was stored")
        _processes.update({process.id: process for process in GatewayProcess.objects.all()})
    finally:
        print(server.log.read_bytes()[seen:].decode(errors="replace")[-8000:])


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, own_redis: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Worker]]:
    """A server and a worker with its clock, in a hurry."""
    folder = tmp_path_factory.mktemp("house")
    server = Server(family, "daphne", folder / "daphne.log", port=free_port(), extra=ENVIRONMENT)
    worker = Worker(family, "worker", folder / "worker.log", beat=True, extra=ENVIRONMENT)
    server.start()
    worker.start()
    yield server, worker
    worker.kill()
    server.kill()


@pytest.fixture
def hand(house: tuple[Server, Worker]) -> Iterator[Worker]:
    """The worker; a test that stops it finds it started again afterwards."""
    seen = house[1].log.stat().st_size
    yield house[1]
    print(house[1].log.read_bytes()[seen:].decode(errors="replace")[-8000:])
    if house[1].child is None:
        house[1].start()


@pytest.fixture
def desk(house: tuple[Server, Worker], transactional_db: None, hand: Worker) -> Iterator[Server]:
    """The server of the house."""
    with performing(house[0]) as running:
        yield running


@pytest.fixture
def database(transactional_db: None) -> Iterator[Database]:
    """Whatever a test does to it, it can be used again afterwards."""
    made = Database()
    yield made
    made.back()
    # The thread that async tests read in has lost its connection; the next test shall not find out.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture
def priced(charge_point: ChargePoint) -> Price:
    """4 NOK per kWh and 10 to start, VAT of 25 % within; idle costs 2 a minute after 10."""
    site = charge_point.site
    group = PriceGroup.objects.create(
        organisation=site.team.organisation, name="Public", currency="NOK", is_default=True, authorise_amount=d("100")
    )
    return Price.objects.create(
        price_group=group,
        valid_from=BEGUN - timedelta(days=1),
        vat_percent=d("25"),
        start_fee=d("10"),
        per_kwh=d("4"),
        idle_per_minute=d("2"),
        idle_grace_minutes=10,
    )
