"""API keys as they are used: limits, what is noted of their use, and that they are not kept."""

import re
from datetime import timedelta

import pytest
import redis
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from chargepoints.api import auth
from chargepoints.services.api_keys import USED_EVERY
from hub.limits import Limits, source_of
from hub.teams.models import ApiKey, Organisation
from tests.factories import now
from tests.portal.api_tools import Program, key_made, problem_of


@pytest.fixture(autouse=True)
def own_limits(clean_redis: redis.Redis) -> None:
    """Each test starts with all requests left."""


def test_limit_of_a_key(nordlys: Organisation, settings: Settings) -> None:
    settings.API_PER_MINUTE = 3
    (_, one), (_, other) = key_made(nordlys), key_made(nordlys)
    left = [Program(one).get("/me")["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    response = Program(one).get("/me")
    assert "More than 3 requests a minute" in problem_of(response, 429)["detail"]
    assert response["Retry-After"] == response["RateLimit-Reset"]
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response["RateLimit-Limit"] == "3"
    assert Program(other).get("/me").status_code == 200


def test_limit_of_wrong_keys(nordlys: Organisation, settings: Settings) -> None:
    """Who guesses is told to wait; a good key from the same address still works."""
    settings.API_FAILED_PER_MINUTE = 2
    answers = [Program("hub_wrong").get("/me").status_code for _ in range(4)]
    assert answers == [401, 401, 429, 429]
    assert Program(key_made(nordlys)[1]).get("/me").status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    assert Program("hub_wrong", elsewhere).get("/me").status_code == 401


def test_no_limit(nordlys: Organisation, settings: Settings) -> None:
    settings.API_PER_MINUTE = 0
    program = Program(key_made(nordlys)[1])
    assert program.read("/me")["requests_per_minute"] is None
    response = program.get("/me")
    assert "RateLimit-Limit" not in response


def test_without_redis_nobody_is_locked_out(
    nordlys: Organisation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = Program(key_made(nordlys)[1])
    monkeypatch.setattr(auth, "limits", Limits("redis://127.0.0.1:1/0"))
    assert [program.get("/me").status_code for _ in range(3)] == [200, 200, 200]
    problem_of(Program("hub_wrong").get("/me"), 401)
    assert caplog.text.count("limits are off while Redis is away") == 1


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ("192.0.2.4", "192.0.2.4"),
        ("::ffff:192.0.2.4", "192.0.2.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_sources(given: str, source: str) -> None:
    assert source_of(given) == source


def test_use_is_noted_once_a_minute(nordlys: Organisation, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    key, secret = key_made(nordlys)
    program = Program(secret, Client(REMOTE_ADDR="192.0.2.7"))
    program.get("/me")
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_from == "192.0.2.7"
    with django_assert_num_queries(2):
        program.get("/me")
    old = now() - USED_EVERY - timedelta(seconds=1)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=old)
    program.get("/me")
    key.refresh_from_db()
    assert key.last_used_at > old


def test_the_key_is_not_kept(nordlys: Organisation) -> None:
    key, secret = key_made(nordlys)
    assert re.fullmatch(r"hub_[a-z0-9]{8}_[A-Za-z0-9]{43}", secret)
    kept = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret.startswith(kept["prefix"])
    assert secret.removeprefix(kept["prefix"]).lstrip("_") not in str(kept)
