"""Batches that are halted, stopped, resumed and tried again; without chargers."""

from datetime import timedelta

import pytest

from chargepoints.action_choices import BatchState
from chargepoints.choices import CommandStatus, ConnectorStatus, Effect
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, CommandBatch, Connector, Site
from chargepoints.pacing import Pace
from chargepoints.services.batches import batch_resume, batch_retry, batch_stop
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.models import User
from tests import factories
from tests.batch_tools import advanced, answered, begun, fleet, later, offline, online, states
from tests.factories import now


def acts(batch: CommandBatch) -> list[str]:
    """The verbs on record about a batch, the oldest first."""
    entries = AuditEntry.objects.filter(noun="command_batch", object_id=str(batch.pk)).order_by("pk")
    return [entry.act.rpartition(".")[2] for entry in entries]


def test_canaries_first_then_steps(alice: User, site: Site) -> None:
    batch = begun(alice, fleet(site, 10), Pace(canaries=2, step=3))
    seen = []
    for _ in range(5):
        advanced(batch)
        seen.append(answered())
    assert seen == [2, 3, 3, 2, 0]


def test_a_canary_that_fails_halts_it_and_a_person_lets_it_go_on(alice: User, site: Site) -> None:
    batch = advanced(begun(alice, fleet(site, 6), Pace(canaries=2)))
    first = batch.rows.get(position=1)
    answered(CommandStatus.REJECTED, Effect.NONE, charge_point=first.charge_point)
    advanced(batch)
    assert (batch.state, batch.state_why) == (
        BatchState.HALTED,
        "1 of the first 2 failed; the others were not begun.",
    )
    assert (batch.ended_at, states(batch)[1]) == (None, "running")
    answered()
    assert advanced(batch).ended_at is not None
    assert states(batch) == ["failed", "done", *["waiting"] * 4]
    with pytest.raises(ActionRefused, match="Say why"):
        batch_resume(batch=batch, actor=Actor.of(alice), reason=" ")
    batch_resume(batch=batch, actor=Actor.of(alice), reason="It was unplugged.")
    with pytest.raises(ActionRefused, match="running already"):
        batch_resume(batch=batch, actor=Actor.of(alice), reason="Again.")
    for _ in range(4):
        advanced(batch)
        answered()
    assert (batch.state, states(batch)) == (BatchState.FINISHED, ["failed", *["done"] * 5])
    assert acts(batch) == ["created", "halted", "resumed"]


def test_too_many_failures_halt_it(alice: User, site: Site) -> None:
    batch = begun(alice, fleet(site, 20), Pace(at_once=5, halt_percent=10))
    advanced(batch)
    answered()
    advanced(batch)
    answered(CommandStatus.REJECTED, Effect.NONE)
    advanced(batch)
    assert (batch.state, batch.state_why) == (BatchState.HALTED, "5 of 10 failed, more than 10 %.")
    assert Command.objects.count() == 10


def test_a_fault_while_it_is_watched_counts(alice: User, site: Site) -> None:
    points = [factories.charge_point(site, f"W-{number}") for number in range(4)]
    online(points)
    batch = begun(alice, points, Pace(canaries=3, watch_s=600), "reboot", type="Soft")
    Connector.objects.filter(charge_point=points[1]).update(
        status=ConnectorStatus.FAULTED, status_since=now() - timedelta(hours=1)
    )
    advanced(batch)
    answered()
    advanced(batch)
    assert states(batch) == ["watched", "watched", "watched", "waiting"]
    Connector.objects.filter(charge_point=points[0]).update(status=ConnectorStatus.FAULTED, status_since=now())
    advanced(batch)
    assert states(batch) == ["failed", "watched", "watched", "waiting"]
    assert batch.rows.get(position=1).why == "Faulted after it."
    assert batch.state == BatchState.HALTED
    offline(points[2:3])
    ChargePoint.objects.filter(pk=points[1].pk).update(booted_at=now())
    later(601)
    advanced(batch)
    assert [(row.state, row.why) for row in batch.rows.order_by("position")[1:3]] == [
        ("done", ""),
        ("failed", "Offline after it."),
    ]


def test_who_does_not_come_back_with_a_boot_has_failed(alice: User, site: Site) -> None:
    points = fleet(site, 2)
    ChargePoint.objects.update(booted_at=now() - timedelta(days=1))
    batch = advanced(begun(alice, points, Pace(watch_s=600), "reboot", type="Soft"))
    answered()
    advanced(batch)
    ChargePoint.objects.filter(pk=points[0].pk).update(booted_at=now())
    later(601)
    assert advanced(batch).state == BatchState.FINISHED
    assert [row.why for row in batch.rows.order_by("position")] == ["", "It has not booted after it."]


def test_a_stop_takes_back_what_was_not_sent(alice: User, site: Site) -> None:
    batch = advanced(begun(alice, fleet(site, 6), Pace(at_once=4)))
    sent = list(batch.rows.filter(state="running").order_by("position")[:2])
    Command.objects.filter(pk__in=[row.command_id for row in sent]).update(status="sent", sent_at=now())
    assert batch_stop(batch=batch, actor=Actor.of(alice), reason="Wrong site") == (4, 2)
    advanced(batch)
    assert (batch.state, batch.ended_at) == (BatchState.STOPPED, None)
    assert batch.state_why == "Stopped by Alice: Wrong site."
    assert states(batch) == ["running", "running", "stopped", "stopped", "stopped", "stopped"]
    assert Command.objects.filter(status=CommandStatus.CANCELLED).count() == 2
    answered()
    assert advanced(batch).ended_at is not None
    assert states(batch)[:2] == ["done", "done"]
    with pytest.raises(ActionRefused, match="stopped already"):
        batch_stop(batch=batch, actor=Actor.of(alice))
    assert acts(batch) == ["created", "stopped"]


def test_what_failed_is_tried_again(alice: User, site: Site) -> None:
    points = fleet(site, 4)
    batch = advanced(begun(alice, points))
    answered(CommandStatus.REJECTED, Effect.NONE, charge_point__in=points[:2])
    answered()
    assert advanced(batch).state == BatchState.FINISHED
    assert batch_retry(batch=batch, actor=Actor.of(alice)) == 2
    batch.refresh_from_db()
    assert (batch.state, batch.ended_at) == (BatchState.RUNNING, None)
    advanced(batch)
    answered()
    assert advanced(batch).state == BatchState.FINISHED
    assert list(batch.rows.order_by("position").values_list("state", "tries")) == [
        *[("done", 2)] * 2,
        *[("done", 1)] * 2,
    ]
    with pytest.raises(ActionRefused, match="Nothing has failed"):
        batch_retry(batch=batch, actor=Actor.of(alice))
    assert acts(batch) == ["created", "repeated"]
