"""Mails of jobs: the link to the installer, and that the job is completed. Each is a row until it is sent."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.models import User
from installer.models import InstallerJob, JobMail
from installer.services.giving import LinkWanted, link_give
from installer.services.jobs import job_complete, job_locked
from installer.services.links import link_actor, link_find, pin_check
from installer.services.notes import note_save
from installer.tasks.mails import job_mail, job_mails_due
from tests.conftest import StartWorker
from tests.portal.job_tools import job_at, link_wanted
from tests.stage import eventually

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]


@pytest.fixture
def job(charge_point: ChargePoint, maker: User) -> InstallerJob:
    """A job for NORD-1 that somebody has made, who has an e-mail address."""
    return job_at(charge_point, actor=Actor.of(maker))


def asked(job: InstallerJob, by: User, pin: str = "") -> JobMail:
    """A link that shall be mailed to Kari."""
    want = LinkWanted("Kari", timezone.now() + timedelta(days=5), pin, "kari@example.com")
    assert link_give(actor=Actor.of(by), job=job, wanted=want, base="http://testserver/") == ""
    return job.mails.get()


@contextmanager
def mail_door(settings: Settings) -> Iterator[socket.socket]:
    """Where mails go: a port on which somebody may answer as a mail server does."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", False, False
    with socket.create_server(("127.0.0.1", 0)) as door:
        settings.EMAIL_PORT = door.getsockname()[1]
        yield door


@contextmanager
def mail_server(settings: Settings, *replies: bytes) -> Iterator[None]:
    """A mail server that says these lines, one for each that it hears, the first at once; without any it is away."""
    with mail_door(settings) as door:
        if not replies:
            door.close()
            yield
            return
        server = Thread(target=_serve, args=(door, replies))
        server.start()
        yield
        server.join()


def _serve(door: socket.socket, replies: tuple[bytes, ...]) -> None:
    client, _ = door.accept()
    with client, client.makefile("rb") as heard:
        for reply in replies:
            client.sendall(reply + b"\r\n")
            heard.readline()


def sent_by_another(pk: int) -> None:
    """What a worker does, in a thread of its own."""
    try:
        job_mail(pk)
    finally:
        connection.close()


class TestLink:
    """The link to the installer."""

    def test_the_mail_alone_has_the_link(self, alice_client: Client, job: InstallerJob) -> None:
        alice_client.post(f"/jobs/{job.pk}/links/new/", link_wanted(send="on", email="kari@example.com", pin="4711"))
        row = job.mails.get()
        assert not job.links.exists()
        assert "4711" not in str(vars(row))
        body = alice_client.get(f"/jobs/{job.pk}/").content.decode()
        assert "The link goes to kari@example.com." in body
        assert "On its way" in body
        for _ in range(2):
            job_mail(row.pk)
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
        assert token not in body
        assert "On its way" not in body
        assert {"job_link.created", "job_link.mailed"} <= set(AuditEntry.objects.values_list("act", flat=True))
        row.refresh_from_db()
        assert (row.state, row.pin_sealed) == ("sent", "")

    def test_a_mail_server_that_is_away_is_tried_again(
        self, alice_client: Client, job: InstallerJob, alice: User, settings: Settings
    ) -> None:
        working, row = settings.EMAIL_BACKEND, asked(job, alice)
        with mail_server(settings):
            job_mails_due()
            job_mails_due()
        row.refresh_from_db()
        assert (row.state, row.tries, row.why) == ("waiting", 1, "The mail server cannot be reached.")
        assert not job.links.exists()
        assert "Tried again at" in alice_client.get(f"/jobs/{job.pk}/").content.decode()
        settings.EMAIL_BACKEND = working
        JobMail.objects.update(due_at=timezone.now())
        job_mails_due()
        assert job.links.count() == 1
        assert [sent.to for sent in mail.outbox] == [["kari@example.com"]]

    def test_it_is_given_up_at_last(
        self, alice_client: Client, job: InstallerJob, alice: User, settings: Settings
    ) -> None:
        row = asked(job, alice, pin="4711")
        with mail_server(settings):
            for _ in range(9):
                JobMail.objects.update(due_at=timezone.now())
                job_mails_due()
        row.refresh_from_db()
        assert (row.state, row.tries, row.pin_sealed) == ("given-up", 8, "")
        body = alice_client.get(f"/jobs/{job.pk}/").content.decode()
        assert "Not mailed" in body
        assert "gave up a mail of installer job 1001" in body
        alice_client.post(f"/jobs/{job.pk}/links/new/", link_wanted())
        assert "Not mailed" not in alice_client.get(f"/jobs/{job.pk}/").content.decode()

    def test_an_address_that_is_none_is_given_up_at_once(
        self, job: InstallerJob, alice: User, settings: Settings
    ) -> None:
        row = asked(job, alice)
        replies = [b"220 hi", b"250 hi", b"250 ok", b"550 no such <b>mailbox</b>", b"250 ok", b"221 bye"]
        with mail_server(settings, *replies):
            job_mails_due()
        row.refresh_from_db()
        assert (row.state, row.tries) == ("given-up", 1)
        assert row.why == "The mail server refuses the address: 550 no such <b>mailbox</b>"
        assert not job.links.exists()

    @pytest.mark.django_db(transaction=True)
    def test_a_mail_server_that_hangs_holds_up_nobody(self, job: InstallerJob, alice: User, settings: Settings) -> None:
        """The installer goes on working on the job while the mail is being sent."""
        row = asked(job, alice)
        point, heard, go = job.rows.select_related("charge_point__site__team").get(), Event(), Event()

        def hang(door: socket.socket) -> None:
            client, _ = door.accept()
            heard.set()
            go.wait(10)
            client.close()

        with mail_door(settings) as door:
            server, sender = Thread(target=hang, args=(door,)), Thread(target=sent_by_another, args=(row.pk,))
            server.start()
            sender.start()
            assert heard.wait(10)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '3s'")
                job_locked(job)
                note_save(actor=Actor.of(alice), row=point, text="I am here.")
            go.set()
            server.join()
            sender.join()
        row.refresh_from_db()
        assert (row.state, row.tries) == ("waiting", 1)

    def test_a_job_that_is_over_mails_nothing(self, job: InstallerJob, alice: User) -> None:
        row = asked(job, alice)
        InstallerJob.objects.filter(pk=job.pk).update(state="completed")
        for pk in (row.pk, 0):
            job_mail(pk)
        assert mail.outbox == []
        row.refresh_from_db()
        assert row.state == "not-needed"


class TestCompleted:
    """That the job is completed."""

    def test_who_made_the_job_is_told(self, alice_client: Client, job: InstallerJob) -> None:
        alice_client.post(f"/jobs/{job.pk}/finish/", {"activate": "on"})
        job_mails_due()
        (sent,) = mail.outbox
        assert sent.to == ["maker@example.com"]
        for told in ("by Alice", "NORD-1: it has never connected.", f"http://testserver/jobs/{job.pk}/"):
            assert told in str(sent.body), told

    @pytest.mark.parametrize("why", ["archived", "no address", "left"])
    def test_nobody_else_is_told(self, why: str, job: InstallerJob, maker: User) -> None:
        job_complete(actor=Actor.of(maker), job=job, activate=False)
        if why == "archived":
            InstallerJob.objects.filter(pk=job.pk).update(state="archived", archived_at=timezone.now())
        if why == "no address":
            User.objects.filter(pk=maker.pk).update(email="")
        if why == "left":
            maker.memberships.all().delete()
        job_mails_due()
        assert mail.outbox == []
        assert job.mails.get().state == "not-needed"


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_sends_both_mails(job: InstallerJob, maker: User, worker: StartWorker, tmp_path: Path) -> None:
    worker(env={"EMAIL_URL": f"filemail:///{tmp_path}/mails"})
    asked(job, maker)
    eventually(job.links.exists, what="the link was made")
    job_complete(actor=Actor.of(maker), job=job, activate=True, base="http://testserver/")

    def mailed() -> bool:
        text = "".join(path.read_text() for path in (tmp_path / "mails").glob("*"))
        return "To: kari@example.com" in text and "To: maker@example.com" in text

    eventually(mailed, seconds=20, what="both mails were sent")
