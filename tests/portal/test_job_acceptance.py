"""The acceptance test from the desk: start all or one, run a step again, leave one out."""

import pytest
import redis
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, Connection
from installer.models import AcceptanceStep, InstallerJob
from tests import factories
from tests.portal.job_tools import html, job_at

pytestmark = pytest.mark.django_db


def linked(*points: ChargePoint) -> None:
    """These are connected since just now."""
    pks = [point.pk for point in points]
    Connection.objects.filter(pk__in=pks).update(is_connected=True, connected_at=factories.now())
    ChargePoint.objects.filter(pk__in=pks).update(integration="connected", state="available")


def steps(job: InstallerJob) -> list[str]:
    """The states of its steps."""
    rows = AcceptanceStep.objects.filter(row__job=job).order_by("row", "pk")
    return list(rows.values_list("state", flat=True))


def test_all_that_are_connected(alice_client: Client, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    other = factories.charge_point(charge_point.site, "NORD-8")
    job = job_at(charge_point, other, checks=["connected", "key"])
    linked(other)
    page = alice_client.post(reverse("job_tests", args=[job.pk]), follow=True).content.decode()
    assert "1 test started." in page
    assert "Hold a card to the reader." in page
    assert steps(job) == ["todo", "todo", "passed", "running"]
    again = alice_client.post(reverse("job_tests", args=[job.pk]), follow=True).content.decode()
    assert "No connected charger has anything left to test." in again
    assert AcceptanceStep.objects.filter(by_name="Alice").count() == 2


def test_one_is_started_and_stopped(alice_client: Client, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = job_at(charge_point, checks=["connected", "key"])
    row = job.rows.get()
    url = reverse("job_row_test", args=[row.pk])
    answer = alice_client.post(url)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{reverse('job', args=[job.pk])}#row-{row.pk}")
    page = html(alice_client, reverse("job", args=[job.pk]))
    assert "Waiting for its call." in page
    assert "Stop the test" in page
    assert "started the acceptance test of" in page
    alice_client.post(url, {"do": "stop"})
    assert steps(job) == ["todo", "todo"]
    assert "Run the test" in html(alice_client, reverse("job", args=[job.pk]))


def test_a_step_again_and_left_out(alice_client: Client, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = job_at(charge_point, checks=["connected", "key"])
    linked(charge_point)
    key = AcceptanceStep.objects.get(kind="key")
    alice_client.post(reverse("job_step_again", args=[key.pk]))
    assert steps(job) == ["todo", "running"]
    url = reverse("job_step_skip", args=[key.pk])
    assert "Leave out: Key read" in html(alice_client, url)
    assert "Say why this step is left out." in alice_client.post(url, {"reason": " "}).content.decode()
    assert alice_client.post(url, {"reason": "No reader"}).status_code == 302
    key.refresh_from_db()
    assert (key.state, key.skip_reason, key.by_name) == ("skipped", "No reader", "Alice")
    AcceptanceStep.objects.filter(kind="connected").update(state="passed")
    passed = AcceptanceStep.objects.get(kind="connected")
    refused = alice_client.post(reverse("job_step_skip", args=[passed.pk]), {"reason": "x"})
    assert refused.status_code == 409
    assert "has passed" in refused.content.decode()


def test_a_completed_job_has_no_buttons(alice_client: Client, charge_point: ChargePoint) -> None:
    job = job_at(charge_point, checks=["connected"])
    InstallerJob.objects.filter(pk=job.pk).update(state="completed", completed_at=factories.now())
    page = html(alice_client, reverse("job", args=[job.pk]))
    for words in ("Run the test", "Test all connected", "Leave out"):
        assert words not in page
    told = alice_client.post(reverse("job_row_test", args=[job.rows.get().pk]), follow=True).content.decode()
    assert "it can only be read" in told
    assert steps(job) == ["todo"]
