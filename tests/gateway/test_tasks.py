"""What happens on the clock: each task is known by its name, and what is due is done once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from chargepoints import tasks
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command
from chargepoints.partitions import partitions_ensure, statements
from chargepoints.services.commands import commands_due
from chargepoints.tasks.commands import dispatch
from hub.celery import app
from tests import factories

pytestmark = pytest.mark.django_db


def command(charge_point: ChargePoint, **fields: object) -> Command:
    """A reboot in some state."""
    moment = factories.now()
    chosen = {"created_at": moment, "expires_at": moment + timedelta(seconds=30), "kind": "reboot"} | fields
    return Command.objects.create(charge_point=charge_point, **chosen)


def test_the_clock_names_tasks_that_exist() -> None:
    assert tasks.__all__
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= set(app.tasks)
    assert {"commands.dispatch", "live.render"} <= set(app.tasks)


def test_dispatch_of_nothing_is_nothing() -> None:
    """A task may come twice, or after its row is gone."""
    dispatch(str(uuid4()))
    assert not Command.objects.exists()


def test_what_is_due(charge_point: ChargePoint) -> None:
    """Each open command ends with the reason that fits; an effect that is overdue is missing; the rest stays."""
    past = factories.now() - timedelta(seconds=1)
    queued = command(charge_point, expires_at=past)
    dispatched = command(charge_point, expires_at=past, status="dispatched")
    sent = command(charge_point, expires_at=past, status="sent")
    overdue = command(charge_point, status="accepted", effect="awaited", effect_due_at=past)
    fresh = command(charge_point, status="sent")
    ended = command(charge_point, status="accepted", effect="seen", effect_due_at=past, expires_at=past)
    for _ in range(2):
        commands_due()
    now = {row.pk: row for row in Command.objects.all()}
    assert now[queued.pk].answer == now[dispatched.pk].answer == "It could not be sent in time."
    assert now[sent.pk].answer == "No answer: the connection ended."
    assert {now[row.pk].status for row in (queued, dispatched, sent)} == {CommandStatus.EXPIRED}
    assert (now[overdue.pk].status, now[overdue.pk].effect) == (CommandStatus.ACCEPTED, Effect.MISSING)
    assert (now[fresh.pk].status, now[ended.pk].effect) == (CommandStatus.SENT, Effect.SEEN)


def test_partitions_are_made_ahead_and_once() -> None:
    later = datetime(2031, 11, 30, 23, 59, tzinfo=UTC)

    def found() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'chargepoints_logline'::regclass")
            return int(cursor.fetchone()[0])

    before = found()
    partitions_ensure(later)
    made = found() - before
    assert made == len(statements(later)) // 2 == 5
    partitions_ensure(later)
    assert found() - before == made
