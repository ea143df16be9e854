"""Links of a job: another one, renewed, revoked, mailed; and the mail that a job is completed."""

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
from hub.teams.models import User
from installer.models import InstallerJob
from installer.services.giving import LinkWanted, link_give
from installer.services.jobs import job_complete
from installer.services.links import link_actor, link_find, pin_check
from installer.tasks.mails import completed_mail, link_mail
from tests.conftest import StartWorker
from tests.portal.job_tools import job_at, link_of
from tests.stage import eventually

HTMX = {"HX-Request": "true"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]


@pytest.fixture
def job(charge_point: ChargePoint, dora: User) -> InstallerJob:
    """A job for NORD-1 that Dora has made, who has an e-mail address."""
    return job_at(charge_point, actor=Actor.of(dora))


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
