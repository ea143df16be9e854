"""What is done with a job on its page: links, mails, notes, completing, activating, archiving."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from installer.models import InstallerJob, JobLink, Note
from installer.services.giving import LinkWanted, link_give
from installer.services.jobs import job_complete
from installer.services.links import link_actor, link_find, pin_check
from installer.tasks.mails import completed_mail, link_mail
from tests import factories
from tests.conftest import StartWorker, signed_in
from tests.portal.job_tools import job_at, job_of, link_of
from tests.stage import eventually

HTMX = {"HX-Request": "true"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]


@pytest.fixture
def job(charge_point: ChargePoint, dora: User) -> InstallerJob:
    """A job for NORD-1 that Dora has made, who has an e-mail address."""
    return job_at(charge_point, actor=Actor.of(dora))


@pytest.fixture
def reader(nordlys: Organisation) -> Client:
    """Somebody who may only look."""
    person = factories.user("reader")
    factories.member(nordlys, person, Role.READ_ONLY)
    return signed_in(person)


def wanted(**change: str) -> dict[str, str]:
    """The form of a link."""
    day = (timezone.now() + timedelta(days=5)).date().isoformat()
    return {"label": "Kari", "expires_on": day, "pin": "", "email": "", **change}


def handed_to_the_worker(callbacks: list[Any]) -> dict[str, Any]:
    """What the mail's task is given."""
    (found,) = [callback.args[1] for callback in callbacks if callback.args[0] == "jobs.link_mail"]
    assert isinstance(found, dict)
    return found


class TestLinks:
    """Another one, renewed, revoked."""

    def test_another_one(self, alice_client: Client, job: InstallerJob) -> None:
        first, _ = link_of(job)
        answer = alice_client.post(f"/jobs/{job.pk}/links/new/", wanted(), headers=HTMX)
        assert answer.headers["HX-Redirect"] == f"/jobs/{job.pk}/"
        assert "The link for Kari" in alice_client.get(f"/jobs/{job.pk}/").content.decode()
        first.refresh_from_db()
        assert first.revoked_at is None
        assert job.links.count() == 2

    def test_renewing_ends_the_old_one(self, alice_client: Client, job: InstallerJob) -> None:
        old, token = link_of(job)
        answer = alice_client.post(f"/jobs/links/{old.pk}/renew/", wanted())
        assert answer.headers["Location"] == f"/jobs/{job.pk}/"
        assert link_find(token) is None
        assert job.links.filter(revoked_at=None).get().label == "Kari"
        assert alice_client.post(f"/jobs/links/{old.pk}/renew/", wanted()).status_code == 409
        assert job.links.count() == 2

    def test_revoking(self, alice_client: Client, job: InstallerJob) -> None:
        link, token = link_of(job)
        path = f"/jobs/links/{link.pk}/revoke/"
        assert "Revoke the link for Ole Hansen?" in alice_client.get(path).content.decode()
        for _ in range(2):
            assert alice_client.post(path).headers["Location"] == f"/jobs/{job.pk}/"
        assert link_find(token) is None
        assert AuditEntry.objects.filter(act="job_link.revoked").count() == 1

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"label": ""}, "Say for whom it is."),
            ({"send": "on"}, "Enter the address that the link is sent to."),
            ({"expires_on": "soon"}, "Choose a day."),
            ({"pin": "abcd"}, "four to eight digits"),
        ],
    )
    def test_what_is_wrong(self, change: dict[str, str], told: str, alice_client: Client, job: InstallerJob) -> None:
        answer = alice_client.post(f"/jobs/{job.pk}/links/new/", wanted(**change))
        assert answer.status_code == 422
        assert told in answer.content.decode()
        assert not job.links.exists()

    def test_a_completed_job_gets_none(self, alice_client: Client, job: InstallerJob) -> None:
        InstallerJob.objects.filter(pk=job.pk).update(state="completed")
        for form in (wanted(), wanted(send="on", email="k@x.no")):
            answer = alice_client.post(f"/jobs/{job.pk}/links/new/", form)
            assert answer.status_code == 409
            assert "Nobody needs a link" in answer.content.decode()

    def test_who_may(self, job: InstallerJob, reader: Client, charlie_client: Client) -> None:
        link, token = link_of(job)
        paths = [f"/jobs/{job.pk}/links/new/", f"/jobs/links/{link.pk}/renew/", f"/jobs/links/{link.pk}/revoke/"]
        for path in paths:
            assert reader.post(path).status_code == 403
            assert charlie_client.post(path).status_code == 404
            assert Client().post(path).status_code == 302
        assert link_find(token) == link


class TestMails:
    """The link to the installer, and that the job is completed."""

    def test_the_mail_alone_has_the_link(
        self,
        alice_client: Client,
        job: InstallerJob,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            alice_client.post(f"/jobs/{job.pk}/links/new/", wanted(send="on", email="kari@example.com", pin="4711"))
        assert not job.links.exists()
        handed = handed_to_the_worker(callbacks)
        assert "4711" not in str(handed)
        link_mail(handed)
        (sent,) = mail.outbox
        link, text = job.links.get(), str(sent.body)
        assert (sent.to, sent.subject) == (["kari@example.com"], f"Job {job.number}: Aker Brygge")
        token = re.findall(r"http://testserver/j/([\w-]{43})/", text)[0]
        assert link_find(token) == link
        assert "asks for a PIN" in text
        assert "4711" not in text
        assert pin_check(actor=link_actor(link, ""), link=link, token=token, pin="4711")
        assert link.made_by_name == "Alice"
        body = alice_client.get(f"/jobs/{job.pk}/").content.decode()
        assert "The link goes to kari@example.com." in body
        assert token not in body
        assert {"job_link.created", "job_link.mailed"} <= set(AuditEntry.objects.values_list("act", flat=True))

    def test_a_mail_server_that_is_away_leaves_no_link(
        self,
        job: InstallerJob,
        alice: User,
        settings: Settings,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        want = LinkWanted("Kari", timezone.now() + timedelta(days=5), "", "k@example.com")
        with django_capture_on_commit_callbacks() as callbacks:
            link_give(actor=Actor.of(alice), job=job, wanted=want, base="http://testserver/")
        handed = handed_to_the_worker(callbacks)
        working = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        with pytest.raises(OSError, match="refused"):
            link_mail(handed)
        assert not job.links.exists()
        settings.EMAIL_BACKEND = working
        link_mail(handed)
        assert job.links.count() == 1

    def test_a_job_that_is_over_mails_nothing(self, job: InstallerJob, alice: User) -> None:
        InstallerJob.objects.filter(pk=job.pk).update(state="completed")
        moment = (timezone.now() + timedelta(days=5)).isoformat()
        told = {"label": "x", "expires_at": moment, "pin": "", "email": "k@x.no", "base": "http://testserver/"}
        for pk in (job.pk, 0):
            link_mail({"job": pk, "actor": ["person", "Alice", alice.pk, ""], **told})
        assert mail.outbox == []

    def test_who_made_the_job_is_told(self, alice_client: Client, job: InstallerJob) -> None:
        alice_client.post(f"/jobs/{job.pk}/finish/", {"activate": "on"})
        completed_mail(job.pk, "http://testserver/")
        (sent,) = mail.outbox
        assert sent.to == ["dora@example.com"]
        for told in ("by Alice", "NORD-1: it has never connected.", f"http://testserver/jobs/{job.pk}/"):
            assert told in str(sent.body), told

    @pytest.mark.parametrize("why", ["not completed", "no address", "left"])
    def test_nobody_else_is_told(self, why: str, job: InstallerJob, dora: User) -> None:
        if why != "not completed":
            job_complete(actor=Actor.of(dora), job=job, activate=False)
        if why == "no address":
            User.objects.filter(pk=dora.pk).update(email="")
        if why == "left":
            dora.memberships.all().delete()
        completed_mail(job.pk, "")
        assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_sends_both_mails(job: InstallerJob, dora: User, worker: StartWorker, tmp_path: Path) -> None:
    worker(env={"EMAIL_URL": f"filemail:///{tmp_path}/mails"})
    actor = Actor.of(dora)
    until = timezone.now() + timedelta(days=5)
    link_give(actor=actor, job=job, wanted=LinkWanted("Kari", until, "", "kari@example.com"), base="http://testserver/")
    eventually(job.links.exists, what="the link was made")
    job_complete(actor=actor, job=job, activate=True, base="http://testserver/")

    def mailed() -> bool:
        text = "".join(path.read_text() for path in (tmp_path / "mails").glob("*"))
        return "To: kari@example.com" in text and "To: dora@example.com" in text

    eventually(mailed, seconds=20, what="both mails were sent")


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
