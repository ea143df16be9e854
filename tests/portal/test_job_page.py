"""Installer jobs on the desk: changing one, its page, and jobs on the pages of sites and charge points."""

import pytest
import redis
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from installer.models import AcceptanceStep, InstallerJob
from installer.services.links import link_actor
from installer.services.notes import note_save
from tests import factories
from tests.portal.job_tools import given, html, job_at, job_of, link_of
from tests.portal.webhook_tools import count

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def job(charge_point: ChargePoint) -> InstallerJob:
    """A job for NORD-1."""
    return job_at(charge_point)


class TestEdit:
    """`/jobs/<pk>/edit/`."""

    def test_a_job_is_changed(self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint) -> None:
        second = factories.charge_point(charge_point.site, "NORD-9")
        path = f"/jobs/{job.pk}/edit/"
        assert "Ole Hansen" in html(alice_client, path)
        answer = alice_client.post(path, given(charge_point, second, installer_name="Kari"))
        assert answer.headers["Location"] == f"/jobs/{job.pk}/"
        job.refresh_from_db()
        assert (job.installer_name, job.checks, job.rows.count()) == ("Kari", ["connected", "stop"], 2)
        assert AuditEntry.objects.filter(act="installer_job.edited").count() == 1

    def test_what_has_evidence_stays(self, alice_client: Client, charge_point: ChargePoint) -> None:
        job, second = job_of(charge_point), factories.charge_point(charge_point.site, "NORD-9")
        answer = alice_client.post(f"/jobs/{job.pk}/edit/", given(second))
        assert answer.status_code == 409
        assert "so it stays in the job" in answer.content.decode()

    def test_a_completed_job_is_read_only(
        self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint
    ) -> None:
        InstallerJob.objects.filter(pk=job.pk).update(state="completed")
        answer = alice_client.post(f"/jobs/{job.pk}/edit/", given(charge_point, installer_name="Kari"))
        assert answer.status_code == 302
        job.refresh_from_db()
        assert job.installer_name == "Ole Hansen"

    def test_who_may(self, job: InstallerJob, reader: Client, charlie_client: Client) -> None:
        path = f"/jobs/{job.pk}/edit/"
        assert reader.post(path).status_code == 403
        assert charlie_client.post(path).status_code == 404
        assert Client().post(path).status_code == 302
        assert reader.get("/jobs/999999/edit/").status_code == 404


class TestPage:
    """`/jobs/<pk>/`."""

    def test_what_it_shows(self, alice_client: Client, charge_point: ChargePoint) -> None:
        job = job_of(charge_point)
        body = html(alice_client, f"/jobs/{job.pk}/")
        for told in (
            f"Job {job.number}",
            "0 / 1 <small>connected",
            "1 / 8 steps passed",
            "Test charge started, Test charge stopped",
            "MARK-NORD-1: the cable is short.",
            "MARK-NORD-1: use the long one.",
            "Called from 192.0.2.9.",
            f"/charge-points/{charge_point.pk}/log/lines/1/",
            "because",
            "No car",
            "it has never connected",
            "wrote a note on charge point NORD-1",
            "Works",
        ):
            assert told in body, told

    def test_it_refreshes_while_it_is_open(self, alice_client: Client, job: InstallerJob) -> None:
        assert 'hx-trigger="every 3s"' in html(alice_client, f"/jobs/{job.pk}/")
        told = {"completed_at": factories.now(), "open_problems": ["NORD-1: no serial."]}
        InstallerJob.objects.filter(pk=job.pk).update(state="completed", **told)
        body = html(alice_client, f"/jobs/{job.pk}/")
        assert 'hx-trigger="every 3s"' not in body
        assert "NORD-1: no serial." in body

    def test_texts_of_people_are_text(self, alice_client: Client, charge_point: ChargePoint) -> None:
        job = job_at(charge_point, description="<b>x</b>", installer_name="<i>Ole</i>")
        link, _ = link_of(job, "<u>Ole</u>")
        row = job.rows.select_related("charge_point__site__team").get()
        note_save(actor=link_actor(link, ""), row=row, text="<script>alert(1)</script>")
        body = html(alice_client, f"/jobs/{job.pk}/") + html(alice_client, f"/charge-points/{charge_point.pk}/jobs/")
        assert "&lt;script&gt;" in body
        for bad in ("<script>alert", "<b>x</b>", "<i>Ole", "<u>Ole"):
            assert bad not in body

    def test_deeds_of_people_are_for_readers_of_the_audit_log(
        self, alice_client: Client, bob_client: Client, charge_point: ChargePoint
    ) -> None:
        job = job_of(charge_point)
        assert "created installer job" in html(alice_client, f"/jobs/{job.pk}/")
        body = html(bob_client, f"/jobs/{job.pk}/")
        assert "created installer job" not in body
        assert '<b class="bd">MARK-NORD-1</b><span>wrote a note on charge point NORD-1' in body

    def test_only_who_may_change_it_is_offered_to(self, reader: Client, charge_point: ChargePoint) -> None:
        job = job_of(charge_point)
        body = html(reader, f"/jobs/{job.pk}/")
        for name in ("job_edit", "job_finish", "job_archive", "job_link_new"):
            assert reverse(name, args=[job.pk]) not in body

    def test_queries_do_not_grow(self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint) -> None:
        link_of(job)
        wanted = count(alice_client, f"/jobs/{job.pk}/")
        site = charge_point.site
        large = job_at(*(factories.charge_point(site, f"MORE-{number}", connectors=2) for number in range(5)))
        for _ in range(3):
            link_of(large)
        assert AcceptanceStep.objects.filter(row__job=large).count() == 5 * 8
        assert count(alice_client, f"/jobs/{large.pk}/") == wanted

    def test_who_may(self, job: InstallerJob, reader: Client, bob_client: Client, charlie_client: Client) -> None:
        path = f"/jobs/{job.pk}/"
        assert reader.get(path).status_code == bob_client.get(path).status_code == 200
        assert charlie_client.get(path).status_code == 404
        assert Client().get(path).status_code == 302
        assert bob_client.post(path).status_code == 405


class TestElsewhere:
    """Jobs on the pages of sites and charge points."""

    def test_the_site_names_its_open_jobs(self, alice_client: Client, job: InstallerJob, reader: Client) -> None:
        path, listed = f"/sites/{job.site_id}/", f'href="/jobs/?site={job.site_id}">1<'
        body = html(alice_client, path)
        assert listed in html(alice_client, "/sites/")
        assert f'href="/jobs/{job.pk}/"' in body
        assert f"/jobs/new/?site={job.site_id}" in body
        assert f"/jobs/new/?site={job.site_id}" not in html(reader, path)
        InstallerJob.objects.filter(pk=job.pk).update(state="completed")
        assert f'href="/jobs/{job.pk}/"' not in html(alice_client, path)
        assert listed not in html(alice_client, "/sites/")

    def test_the_tab_of_a_charge_point(self, alice_client: Client, charge_point: ChargePoint) -> None:
        path = f"/charge-points/{charge_point.pk}/jobs/"
        assert "This charge point is in no installer job." in html(alice_client, path)
        job = job_of(charge_point)
        wanted = count(alice_client, path)
        body = html(alice_client, path)
        for told in (f"Job {job.number}", "the cable is short", "use the long one", "No car"):
            assert told in body, told
        job_at(charge_point)
        assert count(alice_client, path) == wanted

    def test_the_tab_is_for_who_sees_the_charger(
        self, charlie_client: Client, bob_client: Client, charge_point: ChargePoint
    ) -> None:
        path = f"/charge-points/{charge_point.pk}/jobs/"
        assert charlie_client.get(path).status_code == 404
        assert bob_client.post(path).status_code == 405
        assert Client().get(path).status_code == 302

    def test_the_link_tells_nobody_without_redis(
        self, alice_client: Client, charge_point: ChargePoint, clean_redis: redis.Redis
    ) -> None:
        """What was kept for the page is gone with Redis; the page is there, and another link can be made."""
        alice_client.post(f"/jobs/new/?site={charge_point.site_id}", given(charge_point))
        clean_redis.flushdb()
        job = InstallerJob.objects.get()
        assert 'id="new-link"' not in html(alice_client, f"/jobs/{job.pk}/")
