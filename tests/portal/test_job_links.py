"""Links of a job: another one, renewed, revoked."""

import pytest
from django.test import Client
from django.utils import timezone

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.models import User
from installer.models import InstallerJob, JobLink
from installer.services.links import link_find
from tests.portal.job_tools import job_at, link_of, link_wanted

HTMX = {"HX-Request": "true"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]


@pytest.fixture
def job(charge_point: ChargePoint, maker: User) -> InstallerJob:
    """A job for NORD-1 that somebody has made, who has an e-mail address."""
    return job_at(charge_point, actor=Actor.of(maker))


class TestLinks:
    """Another one, renewed, revoked."""

    def test_another_one(self, alice_client: Client, job: InstallerJob) -> None:
        first, _ = link_of(job)
        answer = alice_client.post(f"/jobs/{job.pk}/links/new/", link_wanted(), headers=HTMX)
        assert answer.headers["HX-Redirect"] == f"/jobs/{job.pk}/"
        assert "The link for Kari" in alice_client.get(f"/jobs/{job.pk}/").content.decode()
        first.refresh_from_db()
        assert first.revoked_at is None
        assert job.links.count() == 2

    def test_renewing_ends_the_old_one(self, alice_client: Client, job: InstallerJob) -> None:
        old, token = link_of(job)
        answer = alice_client.post(f"/jobs/links/{old.pk}/renew/", link_wanted())
        assert answer.headers["Location"] == f"/jobs/{job.pk}/"
        assert link_find(token) is None
        assert job.links.filter(revoked_at=None).get().label == "Kari"
        assert alice_client.post(f"/jobs/links/{old.pk}/renew/", link_wanted()).status_code == 409
        assert job.links.count() == 2

    def test_an_expired_one_is_renewed(self, alice_client: Client, job: InstallerJob) -> None:
        old, _ = link_of(job)
        JobLink.objects.update(expires_at=timezone.now())
        body = alice_client.get(f"/jobs/{job.pk}/").content.decode()
        assert f"/jobs/links/{old.pk}/renew/" in body
        assert f"/jobs/links/{old.pk}/revoke/" not in body
        alice_client.post(f"/jobs/links/{old.pk}/renew/", link_wanted())
        assert f"/jobs/links/{old.pk}/renew/" not in alice_client.get(f"/jobs/{job.pk}/").content.decode()
        assert job.links.filter(revoked_at=None).get().label == "Kari"

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
        answer = alice_client.post(f"/jobs/{job.pk}/links/new/", link_wanted(**change))
        assert answer.status_code == 422
        assert told in answer.content.decode()
        assert not job.links.exists()

    def test_a_completed_job_gets_none(self, alice_client: Client, job: InstallerJob) -> None:
        InstallerJob.objects.filter(pk=job.pk).update(state="completed")
        for form in (link_wanted(), link_wanted(send="on", email="k@x.no")):
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
