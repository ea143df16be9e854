"""The acceptance test on the public page, without a charger: who may do what, and what stands on the page then."""

import re
from typing import Any

import pytest
import redis
from django.utils import timezone

from chargepoints.models import ChargePoint, Command, Connection, Connector, Site
from hub.audit.records import HUB
from installer.choices import StepKind, StepState
from installer.models import AcceptanceStep
from installer.rendering.report import report_of
from installer.services import acceptance
from installer.services.jobs import job_complete
from tests import factories
from tests.installer.scene import Scene, scene
from tests.installer.taps import press
from tests.installer.test_public_page import connected

pytestmark = pytest.mark.django_db


def made(point: ChargePoint, *checks: str, **fields: object) -> Scene:
    """A job with these checks."""
    return scene(point.site, point, **{"checks": list(checks), **fields})  # type: ignore[arg-type]


def states() -> list[tuple[str, int, str]]:
    """Every step as it is now, in the order in which they were made."""
    rows = AcceptanceStep.objects.order_by("kind", "connector_number")
    return list(rows.values_list("kind", "connector_number", "state"))


def test_started_stopped_and_led_back(job: Scene) -> None:
    row = job.row("NORD-1")
    assert "Start the test" in job.page()
    answer = press(job, "start", plain=True)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{job.base}#row-{row.pk}")
    assert ("connected", 0, "running") in states()
    job.job.refresh_from_db()
    assert job.job.state == "in-progress"
    page = job.page()
    assert "Stop the test" in page
    assert "Waiting for its call." in page
    assert "Start the test" not in page
    due = AcceptanceStep.objects.get(kind="connected").due_at
    assert press(job, "start").status_code == 200
    assert AcceptanceStep.objects.get(kind="connected").due_at == due, "the same test, not a second one"
    assert press(job, "stop").json() == {"test": "stop"}
    assert {state for *_, state in states()} == {StepState.TODO}
    assert not AcceptanceStep.objects.exclude(asked_at=None).exists()
    acts = [entry.act.partition(".")[2] for entry in job.deeds()]
    assert acts == ["test_started", "test_stopped"]
    assert "Ola" in job.deeds()[0].actor_name


def test_what_is_not_there(job: Scene, site: Site) -> None:
    other = scene(site, factories.charge_point(site, "NORD-8"))
    foreign = other.row("NORD-8").pk
    for path, data in (
        (f"rows/{foreign}/test/", {"do": "start"}),
        (f"rows/{job.row('NORD-1').pk}/test/", {"do": "anything"}),
        ("rows/0/test/", {"do": "start"}),
    ):
        assert job.client.post(job.base + path, data).status_code == 404
    assert job.client.get(f"{job.base}rows/{foreign}/test/").status_code == 405
    assert {state for *_, state in states()} == {StepState.TODO}
    missing = press(job, "again", step=other.row("NORD-8").steps.all()[0].pk)
    assert (missing.status_code, missing.json()["field"]) == (422, "test")
    told = press(job, "again", plain=True, step="x")
    assert told.status_code == 422
    assert "This step is not part of the job any more." in told.content.decode()


def test_a_job_without_a_test(charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = made(charge_point)
    assert press(job, "start").json() == {"error": "This job asks for no test.", "field": "test"}
    assert "Acceptance test" not in job.page()


def test_completed_it_is_read_only_and_what_ran_is_halted(job: Scene) -> None:
    press(job, "start")
    job_complete(actor=HUB, job=job.job, activate=False)
    acceptance.tests_advance()
    step = AcceptanceStep.objects.get(kind="connected")
    assert (step.state, step.evidence, step.asked_at) == (StepState.TODO, acceptance.JOB_IS_OVER, None)
    assert press(job, "start").status_code == 409
    page = job.page()
    assert acceptance.JOB_IS_OVER in page
    assert "data-action" not in page


def test_moved_away_it_is_halted(job: Scene, far_site: Site) -> None:
    press(job, "start")
    ChargePoint.objects.update(site=far_site)
    acceptance.tests_advance()
    assert AcceptanceStep.objects.get(kind="connected").evidence == acceptance.MOVED
    assert not AcceptanceStep.objects.filter(state=StepState.RUNNING).exists()


def test_a_running_step_makes_way_when_it_is_left_out(charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = made(charge_point, "connected", "start", "energy", "key")
    connected(charge_point)
    row = job.row("NORD-1")
    press(job, "start")
    start = AcceptanceStep.objects.get(kind="start", connector_number=1)
    assert (start.state, start.command and start.command.kind) == (StepState.RUNNING, "start")
    refused = job.send("skip", row, step=start.pk, reason="No car")
    assert refused.json()["error"] == "“Test charge started” runs now. Stop the test first."
    for number in (1, 2):
        AcceptanceStep.objects.filter(kind="start", connector_number=number).update(due_at=timezone.now())
        acceptance.tests_advance()
    key = AcceptanceStep.objects.get(kind="key")
    assert (key.state, key.evidence) == (StepState.RUNNING, "Hold a card to the reader.")
    assert job.send("skip", row, step=key.pk, reason="The reader comes later").status_code == 200
    assert not AcceptanceStep.objects.filter(state=StepState.RUNNING).exists()
    failed = re.sub(r"\s+", " ", job.page())
    assert "Left out: The reader comes later" in failed
    assert "Run again" in failed
    assert "Go on with the test" in failed
    assert report_of(job.job).units[0].verdict == "1 passed, 2 failed, 1 skipped, 2 not done"


def test_left_out_starts_take_their_energy_along(charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = made(charge_point, "start", "energy", "stop")
    connected(charge_point)
    row = job.row("NORD-1")
    for start in AcceptanceStep.objects.filter(kind="start"):
        assert job.send("skip", row, step=start.pk, reason="No car").status_code == 200
    press(job, "start")
    assert {state for *_, state in states()} == {StepState.SKIPPED}
    energy = AcceptanceStep.objects.filter(kind="energy")[0]
    assert energy.skip_reason == "“Test charge started” was left out: No car"
    # What was left out with it comes back with it.
    press(job, "again", step=AcceptanceStep.objects.get(kind="start", connector_number=1).pk)
    assert [state for kind, number, state in states() if number == 1] == ["todo", "running", "todo"]


def test_another_identity_makes_results_void(charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = made(charge_point, "connected", "key")
    connected(charge_point)
    press(job, "start")
    assert ("connected", 0, "passed") in states()
    assert job.send("identity", job.row("NORD-1"), value="NORD-9", seen="NORD-1").status_code == 200
    assert {state for *_, state in states()} == {StepState.TODO}
    assert "The charge point has another identity now: test it again." in job.page()


def test_connectors_that_came_later_are_tested_too(charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = made(charge_point, "start")
    Connector.objects.create(charge_point=charge_point, number=3)
    press(job, "start")
    assert [number for _, number, _ in states()] == [1, 2, 3]


def test_the_test_key_is_named_nowhere(charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = made(charge_point, "start")
    connected(charge_point)
    press(job, "start")
    command = Command.objects.get(kind="start")
    tag = str(command.parameters["id_tag"])
    command.status, command.answer, command.sent_at = "failed", f"unknown tag {tag}", timezone.now()
    command.save()
    acceptance.tests_advance()
    step = AcceptanceStep.objects.get(kind="start", connector_number=1)
    assert step.evidence.startswith("The charger has refused to start a charge (an error).")
    assert tag not in job.page()


def test_the_clock_of_the_workers_asks_little_when_nothing_runs(job: Scene, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        acceptance.tests_advance()
    press(job, "start")
    assert Connection.objects.filter(is_connected=True).count() == 0
    assert StepKind(AcceptanceStep.objects.get(state="running").kind) is StepKind.CONNECTED
