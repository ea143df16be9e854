"""What is done with a job on its page: notes, completing, activating, archiving."""

import pytest
from django.test import Client

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.models import User
from installer.models import InstallerJob, JobLink, Note
from installer.services.links import link_find
from tests import factories
from tests.portal.job_tools import job_at, job_of, link_of

HTMX = {"HX-Request": "true"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]


@pytest.fixture
def job(charge_point: ChargePoint, maker: User) -> InstallerJob:
    """A job for NORD-1 that somebody has made, who has an e-mail address."""
    return job_at(charge_point, actor=Actor.of(maker))


class TestNotes:
    """The operator's note."""

    def test_both_sides(self, alice_client: Client, charge_point: ChargePoint) -> None:
        row = job_of(charge_point).rows.get()
        path = f"/jobs/rows/{row.pk}/note/"
        assert "use the long one" in alice_client.get(path).content.decode()
        seen = "MARK-NORD-1: use the long one."
        answer = alice_client.post(path, {"text": "Call me first.", "seen": seen})
        assert answer.headers["Location"] == f"/jobs/{row.job_id}/"
        assert set(Note.objects.filter(row=row).values_list("side", "text")) == {
            ("operator", "Call me first."),
            ("installer", "MARK-NORD-1: the cable is short."),
        }

    def test_somebody_else_has_written_meanwhile(self, alice_client: Client, charge_point: ChargePoint) -> None:
        row = job_of(charge_point).rows.get()
        answer = alice_client.post(f"/jobs/rows/{row.pk}/note/", {"text": "Mine.", "seen": "as it was"})
        body = answer.content.decode()
        assert answer.status_code == 409
        assert "It was changed meanwhile" in body
        assert "use the long one" in body
        assert "Mine." in body
        theirs = body.split('name="seen" value="')[1].split('"')[0]
        answer = alice_client.post(f"/jobs/rows/{row.pk}/note/", {"text": "Mine.", "seen": theirs})
        assert answer.status_code == 302
        assert row.notes.get(side="operator").text == "Mine."

    def test_empty_takes_it_away_and_too_long_is_told(self, alice_client: Client, charge_point: ChargePoint) -> None:
        row = job_of(charge_point).rows.get()
        path, seen = f"/jobs/rows/{row.pk}/note/", "MARK-NORD-1: use the long one."
        assert alice_client.post(path, {"text": "x" * 4001, "seen": seen}).status_code == 422
        alice_client.post(path, {"text": "", "seen": seen})
        assert not row.notes.filter(side="operator").exists()

    def test_who_may(self, charge_point: ChargePoint, reader: Client, charlie_client: Client) -> None:
        path = f"/jobs/rows/{job_of(charge_point).rows.get().pk}/note/"
        assert reader.post(path).status_code == 403
        assert charlie_client.post(path).status_code == 404
        assert Client().post(path).status_code == 302


class TestEnd:
    """Completing, activating later, archiving."""

    def test_completing_says_what_is_wrong_and_activates(
        self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint
    ) -> None:
        second = factories.charge_point(charge_point.site, "NORD-9", is_active=False)
        path = f"/jobs/{job.pk}/finish/"
        body = alice_client.get(path, headers=HTMX).content.decode()
        assert "NORD-1: it has never connected." in body
        assert 'name="activate" id="id_activate" checked' in body
        alice_client.post(path, {"activate": "on"})
        job.refresh_from_db()
        second.refresh_from_db()
        assert (job.state, job.completed_by_name, job.activated, second.is_active) == ("completed", "Alice", 1, True)
        answer = alice_client.post(path, {"activate": "on"})
        assert answer.status_code == 409
        assert "it can only be read" in answer.content.decode()

    def test_the_jobs_own_default_is_offered(self, alice_client: Client, charge_point: ChargePoint) -> None:
        job = job_at(charge_point, activate_when_complete=False)
        assert "checked" not in alice_client.get(f"/jobs/{job.pk}/finish/").content.decode().split("dlg-h")[1]

    def test_activating_later(self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint) -> None:
        ChargePoint.objects.filter(pk=charge_point.pk).update(is_active=False)
        path = f"/jobs/{job.pk}/activate/"
        assert alice_client.post(path).status_code == 409
        alice_client.post(f"/jobs/{job.pk}/finish/", {})
        charge_point.refresh_from_db()
        assert not charge_point.is_active
        assert path in alice_client.get(f"/jobs/{job.pk}/").content.decode()
        alice_client.post(path)
        charge_point.refresh_from_db()
        assert charge_point.is_active
        assert path not in alice_client.get(f"/jobs/{job.pk}/").content.decode()

    def test_archiving(self, alice_client: Client, job: InstallerJob) -> None:
        _, token = link_of(job)
        path = f"/jobs/{job.pk}/archive/"
        for _ in range(2):
            assert alice_client.post(path).headers["Location"] == "/jobs/"
        assert link_find(token) is None
        assert JobLink.objects.filter(revoked_at=None).count() == 0
        assert AuditEntry.objects.filter(act="installer_job.archived").count() == 1
        body = alice_client.get(f"/jobs/{job.pk}/").content.decode()
        assert "Archived on" in body
        assert f'id="job-{job.pk}"' not in alice_client.get("/jobs/?q=Ole").content.decode()
        assert f'id="job-{job.pk}"' in alice_client.get("/jobs/?state=archived").content.decode()

    def test_who_may(self, job: InstallerJob, reader: Client, charlie_client: Client) -> None:
        for act in ("finish", "activate", "archive"):
            path = f"/jobs/{job.pk}/{act}/"
            assert reader.post(path).status_code == 403
            assert charlie_client.post(path).status_code == 404
            assert Client().post(path).status_code == 302
            assert charlie_client.put(path).status_code == 405
        job.refresh_from_db()
        assert job.state == "open"
