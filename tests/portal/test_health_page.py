"""The page *Health*: what is wrong is named, with what to do; nobody's data is on it."""

from datetime import timedelta

import pytest
import redis
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.models import ChargePoint, Command, GatewayProcess
from hub import bus
from hub.pulse import QUEUES, clock_ticks, worker_lives
from hub.teams.models import User
from tests.factories import now

pytestmark = pytest.mark.django_db

URL = "/health/"


def shown(client: Client) -> str:
    """The page as text."""
    answer = client.get(URL)
    assert answer.status_code == 200
    return answer.content.decode()


def all_well() -> None:
    """A gateway, a worker on all queues, a clock."""
    GatewayProcess.objects.create(id="a" * 36, host="gw.secret.example", pid=4242, started_at=now(), seen_at=now())
    worker_lives(name="celery@secret", queues=list(QUEUES), threads=8)
    clock_ticks()


def test_all_well(client: Client, bob: User, clean_redis: redis.Redis) -> None:
    all_well()
    client.force_login(bob)
    page = shown(client)
    assert "all work" in page
    assert "1 process, 8 threads" in page
    assert "secret" not in page, "names of machines are for the administration"


def test_staff_sees_where_it_runs(client: Client, alice: User, clean_redis: redis.Redis) -> None:
    all_well()
    client.force_login(alice)
    assert "gw.secret.example:4242" in shown(client)


def test_nothing_runs(client: Client, bob: User, clean_redis: redis.Redis) -> None:
    client.force_login(bob)
    page = shown(client)
    for sentence in ("No charger can connect", "Start one: celery", "Nothing expires and no bill is made"):
        assert sentence in page


def test_a_queue_that_nobody_serves(client: Client, bob: User, clean_redis: redis.Redis) -> None:
    all_well()
    worker_lives(name="celery@secret", queues=["urgent", "live"], threads=8)
    client.force_login(bob)
    assert "Nobody takes from: default, webhooks." in shown(client)


def test_a_queue_that_grows(client: Client, bob: User, clean_redis: redis.Redis) -> None:
    all_well()
    clean_redis.lpush("live", *["task"] * 1001)
    client.force_login(bob)
    assert "live 1001" in shown(client)
    assert "Start another worker" in shown(client)


def test_the_oldest_command(client: Client, bob: User, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    """A command that has waited for its gateway for long is told with its age."""
    all_well()
    moment = now() - timedelta(seconds=90)
    Command.objects.create(
        charge_point=charge_point, kind="reboot", created_at=moment, expires_at=now() + timedelta(minutes=5)
    )
    client.force_login(bob)
    page = shown(client)
    assert "1 to send" in page
    assert "The oldest has waited 9" in page


def test_redis_is_away(client: Client, bob: User) -> None:
    """The page still comes, and says what works without."""
    client.force_login(bob)
    bus.client.cache_clear()
    try:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            assert "Nothing is lost, but pages are not live" in shown(client)
    finally:
        bus.client.cache_clear()


def test_queries(
    client: Client, bob: User, clean_redis: redis.Redis, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    all_well()
    client.force_login(bob)
    with django_assert_max_num_queries(7):
        shown(client)


def test_only_people_of_the_house(client: Client) -> None:
    assert client.get(URL).url == f"{reverse('login')}?next={URL}"  # type: ignore[attr-defined]
