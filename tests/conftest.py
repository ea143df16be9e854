"""The cast and the stage of the tests.

Alice is Admin of Nordlys Charging, Bob has Operations there on one site only, Charlie is Admin of Fjord
Mobility and must never see anything of Nordlys. `server`, `worker` and `page` are real processes: tests that
use them need `@pytest.mark.django_db(transaction=True)`. Do not mix async tests and `page` in one file.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, Page
from pytest_django import DjangoDbBlocker

from chargepoints.models import ChargePoint, Site
from hub import bus
from hub.embedded.errors import LauncherError
from hub.embedded.spawn import Family
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import browsers, emptying, factories, workers
from tests.stage import Process, Server, Worker, free_port

# How long it takes to make an example says how busy the machine is, and nothing else.
hypothesis_settings.register_profile("hub", suppress_health_check=[HealthCheck.too_slow], deadline=None)
hypothesis_settings.load_profile("hub")

StartServer = Callable[..., Server]
StartWorker = Callable[..., Worker]
_stages = ExitStack()


def pytest_configure() -> None:
    """Without servers nothing here can work; say so in a sentence."""
    if not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        raise pytest.UsageError(
            "The tests need a PostgreSQL and a Redis of their own: run `make test`, "
            'or one file with: make test ARGS="tests/test_states.py"'
        )
    # Clients in this process want pages only, and each would read all static files first. Servers are not asked.
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The number of workers for `-n auto`."""
    return workers.wanted(config.args)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """What is a worker's own stands in its environment before Django reads it."""
    try:
        places = _stages.enter_context(workers.places(len(specs)))
    except LauncherError as error:
        raise pytest.UsageError(f"{error} Or run the tests one after the other: -n0") from error
    for spec, place in zip(specs, places, strict=True):
        spec.env.update(place)


def pytest_unconfigure() -> None:
    """End what was started for the workers."""
    _stages.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Threads of async tests keep their database connections; they must not hold up the end of the run."""
    with pytest.MonkeyPatch.context() as patch:
        # Of all connections: beside the event loop of Playwright, a thread has another one.
        patch.setattr(DatabaseOperations, "sql_flush", emptying.sql_flush)
        # It would look for content types and permissions after each test, which are still there.
        patch.setattr(flush, "emit_post_migrate_signal", emptying.nothing_to_make)
        yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def nordlys(db: None) -> Organisation:
    """Alice's and Bob's organisation."""
    return factories.organisation("Nordlys Charging")


@pytest.fixture
def fjord(db: None) -> Organisation:
    """Charlie's organisation."""
    return factories.organisation("Fjord Mobility")


@pytest.fixture
def site(nordlys: Organisation) -> Site:
    """The site of Nordlys that Bob may see."""
    return factories.site(factories.team(nordlys), "Aker Brygge")


@pytest.fixture
def far_site(nordlys: Organisation) -> Site:
    """A site of Nordlys that Bob may not see."""
    return factories.site(factories.team(nordlys), "Bergen Havn", city="Bergen")


@pytest.fixture
def foreign_site(fjord: Organisation) -> Site:
    """Charlie's site."""
    return factories.site(factories.team(fjord), "Tromsø Torg", city="Tromsø")


@pytest.fixture
def charge_point(site: Site) -> ChargePoint:
    """A charge point on Bob's site: identity NORD-1, two connectors, password `factories.PASSWORD`."""
    return factories.charge_point(site, "NORD-1", connectors=2)


@pytest.fixture
def far_charge_point(far_site: Site) -> ChargePoint:
    """A charge point of Nordlys out of Bob's reach: identity NORD-2."""
    return factories.charge_point(far_site, "NORD-2")


@pytest.fixture
def foreign_charge_point(foreign_site: Site) -> ChargePoint:
    """Charlie's charge point: identity FJORD-1."""
    return factories.charge_point(foreign_site, "FJORD-1")


@pytest.fixture
def alice(nordlys: Organisation) -> User:
    """Admin of Nordlys Charging."""
    person = factories.user("alice", first_name="Alice", is_staff=True)
    factories.member(nordlys, person, Role.ADMIN)
    return person


@pytest.fixture
def bob(nordlys: Organisation, site: Site) -> User:
    """Operations at Nordlys Charging, limited to the site Aker Brygge."""
    person = factories.user("bob", first_name="Bob")
    factories.member(nordlys, person, Role.OPERATIONS, sites=(site,))
    return person


@pytest.fixture
def charlie(fjord: Organisation) -> User:
    """Admin of Fjord Mobility: the stranger."""
    person = factories.user("charlie", first_name="Charlie", is_staff=True)
    factories.member(fjord, person, Role.ADMIN)
    return person


def signed_in(person: User) -> Client:
    """A test client that `person` is signed in with."""
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def alice_client(alice: User) -> Client:
    """Alice's browser."""
    return signed_in(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    """Bob's browser."""
    return signed_in(bob)


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    """Charlie's browser."""
    return signed_in(charlie)


@pytest.fixture(scope="session")
def own_redis() -> None:
    """The Redis of the run must be ours alone, because tests empty it."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        held = int(client.dbsize())
    if held:
        pytest.exit(f"REDIS_URL names a database with {held} keys in it. Tests empty it; give an unused one.")


@pytest.fixture
def clean_redis(own_redis: None) -> redis.Redis:
    """The process's Redis client, with nothing in the database."""
    client = bus.client()
    client.flushdb()
    return client


@pytest.fixture(scope="session")
def family() -> Iterator[Family]:
    """Child processes that cannot outlive the test run."""
    with Family() as children:
        yield children


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Process]]:
    """What a test has started; it is stopped, newest first, and its logs are printed."""
    made: list[Process] = []
    yield made
    for process in reversed(made):
        process.kill()
        process.report()


@pytest.fixture
def server(
    transactional_db: None, clean_redis: redis.Redis, family: Family, tmp_path: Path, started: list[Process]
) -> StartServer:
    """`server()`, `server("uvicorn")` or `server(env={...})` starts a real web and gateway process."""

    def start(name: str = "daphne", *, env: dict[str, str] | None = None, port: int = 0) -> Server:
        log = tmp_path / f"{name}-{len(started)}.log"
        made = Server(family, name, log, port=port or free_port(), extra=env or {})
        started.append(made)
        made.start()
        return made

    return start


@pytest.fixture
def worker(
    transactional_db: None, clean_redis: redis.Redis, family: Family, tmp_path: Path, started: list[Process]
) -> StartWorker:
    """`worker()` or `worker(beat=True, env={...})` starts a real Celery worker on all queues."""

    def start(*, beat: bool = False, env: dict[str, str] | None = None) -> Worker:
        made = Worker(family, "worker", tmp_path / f"worker-{len(started)}.log", beat=beat, extra=env or {})
        started.append(made)
        made.start()
        return made

    return start


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    with browsers.launched() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, 1440 by 900; the test fails on a script error or a break of the security policy."""
    with browsers.opened(browser) as fresh:
        yield fresh
