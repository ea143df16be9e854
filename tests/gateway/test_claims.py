"""Claiming commands from the database: one at a time, for the current socket only, never twice."""

import pytest

from chargepoints.choices import CommandStatus
from chargepoints.models import ChargePoint, Command, Connection
from chargepoints.services.kept import SEND_WITHIN
from ocpp_gateway.commander import claim, waiting
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(charge_point: ChargePoint) -> ChargePoint:
    """Connected through gateway `g` with generation 7."""
    Connection.objects.filter(charge_point=charge_point).update(generation=7, gateway="g", is_connected=True)
    return charge_point


def dispatched(charge_point: ChargePoint, number: int = 1) -> Command:
    """A command that waits for its gateway."""
    moment = factories.now()
    return Command.objects.create(
        charge_point=charge_point,
        kind="unlock",
        parameters={"connector": number},
        status=CommandStatus.DISPATCHED,
        created_at=moment,
        expires_at=moment + SEND_WITHIN,
    )


def test_two_sockets_of_one_charger_ask_at_once(connected: ChargePoint) -> None:
    """The newer one gets it, whatever the order of the questions."""
    for questions in ([(connected.pk, 6), (connected.pk, 7)], [(connected.pk, 7), (connected.pk, 6)]):
        command = dispatched(connected)
        answers = dict(zip(questions, claim(questions), strict=True))
        assert answers[connected.pk, 6] is None
        found = answers[connected.pk, 7]
        assert found is not None
        assert found.id == command.pk
        assert claim(questions) == [None, None]


def test_the_same_question_twice(connected: ChargePoint) -> None:
    dispatched(connected)
    first, second = claim([(connected.pk, 7), (connected.pk, 7)])
    assert (first is None) != (second is None)


def test_old_generation_gets_nothing(connected: ChargePoint) -> None:
    dispatched(connected)
    assert claim([(connected.pk, 6)]) == [None]
    assert waiting(["g", "other"]) == [[connected.pk], []]


def test_oldest_first(connected: ChargePoint) -> None:
    commands = [dispatched(connected, number) for number in (1, 2, 1)]
    claimed = [claim([(connected.pk, 7)])[0] for _ in range(4)]
    assert [found and found.id for found in claimed] == [*(command.pk for command in commands), None]
    assert [found.parameters for found in claimed if found] == [{"connector": n} for n in (1, 2, 1)]


def test_expired_is_not_sent(connected: ChargePoint) -> None:
    command = dispatched(connected)
    Command.objects.filter(pk=command.pk).update(expires_at=factories.now())
    assert claim([(connected.pk, 7)]) == [None]
    assert waiting(["g"]) == [[]]


def test_an_older_one_that_a_worker_still_has_comes_first(connected: ChargePoint) -> None:
    """Workers dispatch side by side; what was clicked first is sent first."""
    older, newer = dispatched(connected), dispatched(connected)
    Command.objects.filter(pk=older.pk).update(status=CommandStatus.QUEUED)
    assert claim([(connected.pk, 7)]) == [None]
    Command.objects.filter(pk=older.pk).update(status=CommandStatus.DISPATCHED)
    claimed = [claim([(connected.pk, 7)])[0] for _ in range(2)]
    assert [command.id for command in claimed if command] == [older.pk, newer.pk]
