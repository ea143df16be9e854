"""The engine of batches at its border: rows, commands, halts, stops, retries; without chargers."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.choices import CommandStatus, Effect
from chargepoints.exceptions import ActionRefused
from chargepoints.models import BatchRow, ChargePoint, Command, CommandBatch, Connection, Site
from chargepoints.pacing import Pace
from chargepoints.services.batch_runs import batch_advance, batches_advance
from chargepoints.services.batches import batch_retry
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.models import Member, User
from tests import factories
from tests.batch_tools import advanced, answered, begun, charging, firmware_file, fleet, later, offline, online, states
from tests.factories import now


def test_five_hundred_at_fifty_and_none_is_lost(alice: User, site: Site) -> None:
    points = fleet(site, 500)
    batch = begun(alice, points, Pace(at_once=50))
    rounds = 0
    while advanced(batch).ended_at is None:
        assert batch.rows.filter(state=BatchRowState.RUNNING).count() <= 50
        answered()
        rounds += 1
        assert rounds < 30
    assert (batch.state, states(batch)) == (BatchState.FINISHED, ["done"] * 500)
    assert sorted(Command.objects.values_list("charge_point", flat=True)) == sorted(point.pk for point in points)
    assert set(Command.objects.values_list("author", "reason")) == {(alice.pk, "test")}
    assert AuditEntry.objects.filter(act="command_batch.created").count() == 1


def test_a_second_worker_does_no_harm(alice: User, site: Site, transactional_db: None) -> None:
    """One holds the batch in a transaction that is open; the other passes on at once and makes nothing twice."""
    batch = begun(alice, fleet(site, 5))

    def other() -> None:
        try:
            batches_advance()
        finally:
            connection.close()

    with transaction.atomic():
        batch_advance(batch_id=batch.pk)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    assert Command.objects.count() == 5
    batches_advance()
    assert Command.objects.count() == 5


def test_a_worker_that_dies_in_the_middle_has_done_nothing(alice: User, site: Site) -> None:
    batch = begun(alice, fleet(site, 5))
    with transaction.atomic():
        batch_advance(batch_id=batch.pk)
        assert Command.objects.count() == 5
        transaction.set_rollback(True)
    assert (Command.objects.count(), states(batch)) == (0, ["waiting"] * 5)
    advanced(batch)
    assert Command.objects.count() == 5


def test_what_fails_says_why(alice: User, site: Site) -> None:
    points = fleet(site, 6)
    batch = advanced(begun(alice, points, left_out={factories.charge_point(site).pk: "It is deactivated."}))
    kinds = [
        (CommandStatus.REJECTED, Effect.NONE, "Rejected by the charger."),
        (CommandStatus.FAILED, Effect.NONE, "Failed"),
        (CommandStatus.EXPIRED, Effect.NONE, "Expired"),
        (CommandStatus.ACCEPTED, Effect.MISSING, "Accepted, but no effect within its time."),
        (CommandStatus.CANCELLED, Effect.NONE, "Taken back before it was sent."),
    ]
    for point, (status, effect, _) in zip(points, kinds, strict=False):
        answered(status, effect, charge_point=point)
    Command.objects.filter(charge_point=points[5]).update(status="sent", effect=Effect.AWAITED)
    advanced(batch)
    assert states(batch) == ["failed", "failed", "failed", "failed", "stopped", "running", "left-out"]
    assert [row.why for row in batch.rows.order_by("position")][:5] == [why for _, _, why in kinds]
    Command.objects.filter(charge_point=points[5]).update(status="expired", effect=Effect.SEEN)
    assert advanced(batch).state == BatchState.FINISHED
    assert states(batch)[5] == "done"


def test_who_went_offline_is_left_out_and_the_others_go_on(alice: User, site: Site) -> None:
    points = fleet(site, 3)
    batch = begun(alice, points)
    offline(points[1:2])
    advanced(batch)
    assert states(batch) == ["running", "left-out", "running"]
    assert batch.rows.get(state="left-out").why == "The charger is offline. Nothing can be sent to it now."
    answered()
    advanced(batch)
    online(points)
    assert batch_retry(batch=batch, actor=Actor.of(alice)) == 1
    advanced(batch)
    answered()
    advanced(batch)
    assert (batch.state, states(batch)) == (BatchState.FINISHED, ["done"] * 3)


def test_who_lost_the_right_begins_nothing_more(alice: User, site: Site) -> None:
    batch = advanced(begun(alice, fleet(site, 3), Pace(at_once=1)))
    answered()
    Member.objects.filter(user=alice).delete()
    advanced(batch)
    assert states(batch)[:2] == ["done", "left-out"]
    assert batch.rows.get(position=2).why == "Whoever began this may not do it here any more."


def test_our_own_mistake_is_told_and_ends_the_row(alice: User, site: Site) -> None:
    """What no form lets through, and no check foresees."""
    batch = begun(alice, fleet(site, 2), kind="trigger", message="Heartbeat", connector={"a": 1})
    assert advanced(batch, 2).state == BatchState.FINISHED
    assert {row.why for row in batch.rows.all()} == {"Hub itself failed here; its own log says why."}
    assert states(batch) == ["failed", "failed"]


def test_who_is_busy_waits_and_holds_up_nobody(alice: User, site: Site) -> None:
    points = fleet(site, 3)
    charge = charging(points[0])
    batch = advanced(begun(alice, points, Pace(skip_busy=True), "reboot", type="Soft"))
    assert states(batch) == ["waiting", "running", "running"]
    answered()
    assert advanced(batch).state == BatchState.RUNNING
    type(charge).objects.update(state="completed")
    advanced(batch)
    assert states(batch) == ["running", "done", "done"]


def test_who_is_offline_is_waited_for(alice: User, site: Site) -> None:
    """It goes at the pace of the others when it is back, after some seconds to settle; else it is left out."""
    points = fleet(site, 3)
    offline(points[:2])
    batch = begun(alice, points, Pace(keep_s=3600))
    advanced(batch)
    answered()
    assert states(advanced(batch)) == ["waiting", "waiting", "done"]
    online(points[:1])
    Connection.objects.filter(pk=points[0].pk).update(connected_at=now())
    assert states(advanced(batch))[0] == "waiting"
    online(points[:1])
    assert states(advanced(batch))[0] == "running"
    answered()
    CommandBatch.objects.update(created_at=now() - timedelta(hours=2))
    assert advanced(batch, 2).state == BatchState.FINISHED
    assert states(batch) == ["done", "left-out", "done"]
    assert batch.rows.get(position=2).why == "The charger did not come back in time."


def test_a_limit_per_minute_and_a_spread(alice: User, site: Site) -> None:
    batch = advanced(begun(alice, fleet(site, 8), Pace(per_minute=3)), 2)
    assert states(batch).count("running") == 3
    BatchRow.objects.update(started_at=now() - timedelta(seconds=61))
    assert states(advanced(batch)).count("running") == 6
    spread = advanced(begun(alice, fleet(site, 8, "S"), Pace(jitter_s=3600)))
    moments = list(spread.rows.values_list("due_at", flat=True))
    assert all(now() - timedelta(minutes=1) < at < now() + timedelta(hours=1) for at in moments if at)
    assert len(set(moments)) == 8
    later(3600)
    assert states(advanced(spread)) == ["running"] * 8


def test_one_that_is_planned_begins_at_its_time(alice: User, site: Site) -> None:
    batch = advanced(begun(alice, fleet(site, 2), Pace(not_before=now() + timedelta(hours=1))))
    assert (batch.state, states(batch)) == (BatchState.SCHEDULED, ["waiting"] * 2)
    CommandBatch.objects.update(not_before=now())
    assert states(advanced(batch)) == ["running"] * 2
    assert batch.state == BatchState.RUNNING


def test_a_file_is_not_sent_to_a_charger_that_it_does_not_fit_any_more(alice: User, site: Site) -> None:
    points = fleet(site, 3)
    ChargePoint.objects.update(vendor="Voltaris", model="Duo 22", firmware="1.0")
    file = firmware_file(site)
    batch = begun(alice, points, kind="reboot", type="Soft")
    CommandBatch.objects.update(firmware=file)
    ChargePoint.objects.filter(pk=points[0].pk).update(model="Wall 11")
    ChargePoint.objects.filter(pk=points[1].pk).update(firmware="2.0")
    advanced(batch)
    assert [row.why for row in batch.rows.order_by("position")] == [
        "It is a Wall 11, and the file is not for it.",
        "It has 2.0 already.",
        "",
    ]


@pytest.mark.parametrize(
    ("kind", "pace", "said"),
    [
        ("start", Pace(), "not done for many"),
        ("nonsense", Pace(), "not done for many"),
        ("reboot", Pace(keep_s=8 * 86_400), "cannot wait that long"),
        ("reboot", Pace(not_before=now() + timedelta(days=40)), "31 days ahead"),
    ],
)
def test_what_makes_no_batch(alice: User, site: Site, kind: str, pace: Pace, said: str) -> None:
    points = fleet(site, 1)
    with pytest.raises(ActionRefused, match=said):
        begun(alice, points, pace, kind)
    assert not CommandBatch.objects.exists()


def test_one_that_cannot_be_moved_holds_up_no_other(alice: User, site: Site) -> None:
    first, second = begun(alice, fleet(site, 1)), begun(alice, fleet(site, 1, "C"))
    CommandBatch.objects.filter(pk=first.pk).update(kind="gone")
    batches_advance()
    assert (states(first), states(second)) == (["waiting"], ["running"])
