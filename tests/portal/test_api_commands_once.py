"""A program that asks twice: the header Idempotency-Key, one after the other and at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection, connections

from chargepoints import sql
from chargepoints.models import ChargePoint, Command, IdempotencyKey
from chargepoints.services.idempotency import _LOCK, KEPT_FOR, idempotency_keys_forget
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests.factories import now
from tests.portal.api_tools import Sender, key_made, problem_of
from tests.portal.kept_tools import link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]
REBOOT = {"kind": "reboot", "parameters": {"type": "Soft"}}


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected."""
    link(charge_point, up=True)
    return charge_point


@pytest.fixture
def sender(nordlys: Organisation) -> Sender:
    """An operations key of Nordlys, called "A program"."""
    return Sender(key_made(nordlys, Role.OPERATIONS)[1])


class TestTwice:
    """The header Idempotency-Key."""

    def test_the_same_again(self, sender: Sender, online: ChargePoint) -> None:
        first = sender.send(online, REBOOT, Idempotency_Key="one")
        assert "Idempotency-Replayed" not in first
        for key in ("one", '"one"'):
            again = sender.send(online, {"parameters": {"type": "Soft"}, "kind": "reboot"}, Idempotency_Key=key)
            assert (again.status_code, again["Idempotency-Replayed"]) == (202, "true")
            assert again.json()["id"] == first.json()["id"]
            assert again["Location"] == first["Location"]
        assert Command.objects.count() == 1
        assert sender.send(online, REBOOT, Idempotency_Key="two").json()["id"] != first.json()["id"]
        assert AuditEntry.objects.filter(act="charge_point.commanded").count() == 2

    def test_another_request_with_it(self, sender: Sender, online: ChargePoint, far_charge_point: ChargePoint) -> None:
        link(far_charge_point, up=True)
        sender.send(online, REBOOT, Idempotency_Key="one")
        for point, body in (
            (online, {"kind": "reboot", "parameters": {"type": "Hard"}}),
            (online, {**REBOOT, "reason": "another"}),
            (far_charge_point, REBOOT),
        ):
            told = problem_of(sender.send(point, body, Idempotency_Key="one"), 422)
            assert [(error["location"], error["field"]) for error in told["errors"]] == [("header", "Idempotency-Key")]
        assert Command.objects.count() == 1

    def test_what_was_refused_has_used_up_no_key(self, sender: Sender, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        problem_of(sender.send(charge_point, REBOOT, Idempotency_Key="one"), 409)
        link(charge_point, up=True)
        response = sender.send(charge_point, REBOOT, Idempotency_Key="one")
        assert (response.status_code, "Idempotency-Replayed" in response) == (202, False)

    def test_keys_of_others(self, nordlys: Organisation, sender: Sender, online: ChargePoint) -> None:
        other = Sender(key_made(nordlys, Role.OPERATIONS)[1])
        ids = {program.send(online, REBOOT, Idempotency_Key="one").json()["id"] for program in (sender, other)}
        assert len(ids) == 2

    @pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ä"])
    def test_keys_that_are_none(self, sender: Sender, online: ChargePoint, key: str) -> None:
        told = problem_of(sender.send(online, REBOOT, Idempotency_Key=key), 422)
        assert [error["field"] for error in told["errors"]] == ["Idempotency-Key"]
        assert not Command.objects.exists()

    def test_after_a_day(self, sender: Sender, online: ChargePoint) -> None:
        first = sender.send(online, REBOOT, Idempotency_Key="one").json()["id"]
        IdempotencyKey.objects.update(created_at=now() - KEPT_FOR - timedelta(seconds=1))
        assert sender.send(online, REBOOT, Idempotency_Key="one").json()["id"] != first
        assert idempotency_keys_forget() == 0
        IdempotencyKey.objects.update(created_at=now() - KEPT_FOR - timedelta(seconds=1))
        assert idempotency_keys_forget() == 1
        assert Command.objects.count() == 2


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Several requests in the same moment."""

    def test_while_the_first_is_worked_on(
        self, nordlys: Organisation, online: ChargePoint, clean_redis: redis.Redis
    ) -> None:
        key, secret = key_made(nordlys, Role.OPERATIONS)

        def ask() -> Any:
            try:
                return Sender(secret).send(online, REBOOT, Idempotency_Key="one")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            connection.set_autocommit(False)
            try:
                assert sql.rows(_LOCK, f"{key.pk} one")[0][0]
                problem_of(pool.submit(ask).result(), 409)
            finally:
                connection.rollback()
                connection.set_autocommit(True)
            assert pool.submit(ask).result().status_code == 202

    def test_many_make_one_command(self, nordlys: Organisation, online: ChargePoint, clean_redis: redis.Redis) -> None:
        secret = key_made(nordlys, Role.OPERATIONS)[1]

        def ask(_: int) -> tuple[int, str]:
            try:
                response = Sender(secret).send(online, REBOOT, Idempotency_Key="one")
                return response.status_code, response.json().get("id", "")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(6) as pool:
            got = list(pool.map(ask, range(12)))
        assert Command.objects.count() == IdempotencyKey.objects.count() == 1
        assert {status for status, _ in got} <= {202, 409}
        assert {told for status, told in got if status == 202} == {str(Command.objects.get().pk)}
