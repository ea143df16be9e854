"""Fixtures of the portal's tests."""

from collections.abc import Iterator

import pytest
import redis
from django.test import Client
from pytest_django import Settings

from chargepoints.choices import BillState
from chargepoints.models import Charge, ChargePoint
from hub.embedded.spawn import Family
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import StartServer, signed_in
from tests.portal.admin_tools import history_of, people_of
from tests.portal.charge_tools import billed, charge, payer, priced
from tests.portal.job_tools import job_of
from tests.portal.money_tools import money_of
from tests.stage import Server, eventually, free_port, settled

_Idle = dict[tuple[object, ...], list[Server]]


@pytest.fixture(scope="package")
def idle_servers(django_db_setup: None, own_redis: None) -> Iterator[_Idle]:
    """Servers that tests have left running, by what they were started with."""
    idle: _Idle = {}
    yield idle
    for servers in idle.values():
        for server in servers:
            server.kill()


@pytest.fixture
def server(
    idle_servers: _Idle,
    transactional_db: None,
    clean_redis: redis.Redis,
    family: Family,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StartServer]:
    """As everywhere, but a server that a test leaves running serves the next one that wants such a server."""
    used: list[tuple[tuple[object, ...], Server, int]] = []

    def start(name: str = "daphne", *, env: dict[str, str] | None = None) -> Server:
        key = (name, *sorted((env or {}).items()))
        if idle := idle_servers.get(key):
            made = idle.pop()
        else:
            log = tmp_path_factory.mktemp("portal") / f"{name}.log"
            made = Server(family, name, log, port=free_port(), extra=env or {})
            made.start()
        used.append((key, made, made.log.stat().st_size))
        return made

    yield start
    for key, made, seen in used:
        print(f"--- {made.name} ---", made.log.read_bytes()[seen:].decode(errors="replace")[-8000:], sep="\n")
        if made.child is not None and made.child.poll() is None:
            idle_servers.setdefault(key, []).append(made)
        else:
            made.stop()
    eventually(settled, what="everything was answered and stored")


@pytest.fixture
def quick_passwords(settings: Settings) -> None:
    """Passwords are hashed without the half second that each costs on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def dora(nordlys: Organisation) -> User:
    """An Admin of Nordlys with an e-mail address and the password `factories.PASSWORD`."""
    person = factories.user("dora", password=factories.PASSWORD, email="dora@example.com")
    factories.member(nordlys, person)
    return person


@pytest.fixture
def maker(nordlys: Organisation) -> User:
    """An Admin of Nordlys with an e-mail address and no password, which costs no time."""
    person = factories.user("maker", email="maker@example.com")
    factories.member(nordlys, person)
    return person


@pytest.fixture
def reader(nordlys: Organisation) -> Client:
    """The browser of somebody of Nordlys who may only look."""
    person = factories.user("reader")
    factories.member(nordlys, person, Role.READ_ONLY)
    return signed_in(person)


@pytest.fixture
def filled(alice: User, charlie: User, charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """Two operators with one row of everything."""
    for point in (charge_point, foreign_charge_point):
        history_of(point)
        job_of(point)
        operator = point.site.team.organisation
        holder = factories.driver(operator, f"Driver of {operator}")
        money_of(point, factories.charge_key(holder=holder, id_tag=f"TAG-{operator}"))
        people_of(operator)


@pytest.fixture
def paid(charge_point: ChargePoint) -> Charge:
    """20 kWh for 90 NOK, paid by Kari's wallet."""
    priced(charge_point)
    made = charge(charge_point, "5001", key=payer(charge_point))
    assert billed(made).state == BillState.PAID
    return made
