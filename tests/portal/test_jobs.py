"""Installer jobs on the desk: the list, making one, changing one, and its page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.models import Charge, ChargePoint, Connection, Site
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.models import Organisation, User
from installer.models import InstallerJob, JobLink, JobTemplate
from installer.selectors.problems import problems_of
from installer.services.links import link_find, link_revoke
from tests import factories
from tests.conftest import signed_in
from tests.portal.job_tools import given, html, job_at, link_of
from tests.portal.webhook_tools import count

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def job(charge_point: ChargePoint) -> InstallerJob:
    """A job for NORD-1."""
    return job_at(charge_point)


class TestList:
    """`/jobs/`."""

    def test_nothing_yet_teaches(self, alice_client: Client, reader: Client, site: Site) -> None:
        assert "Hand a site to an installer" in html(alice_client, "/jobs/")
        assert reverse("job_new") not in html(reader, "/jobs/")

    def test_figures(self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint) -> None:
        second, moved = (factories.charge_point(charge_point.site, name) for name in ("NORD-9", "NORD-10"))
        other = job_at(charge_point, second, moved)
        ChargePoint.objects.filter(pk=second.pk).update(integration="connected")
        ChargePoint.objects.filter(pk=moved.pk).update(archived_at=factories.now())
        Connection.objects.filter(pk=second.pk).update(connected_at=factories.now())
        other.rows.get(charge_point=second).steps.filter(kind="booted").update(state="failed")
        other.rows.get(charge_point=second).steps.exclude(kind="booted").update(state="passed")
        connector = second.connectors.all()[0]
        Charge.objects.create(
            charge_point=second, connector=connector, transaction_id="1", state="charging", started_at=factories.now()
        )
        body = html(alice_client, "/jobs/")
        row = body[body.index(f'id="job-{other.pk}"') : body.index(f'id="job-{job.pk}"')]
        for told in (f"Job {other.number}", "Aker Brygge", "Ole Hansen", "1 / 3", "4 / 18", '<b class="bd">4</b>'):
            assert told in row, told
        # As many as its page names.
        assert len(problems_of(other)) == 4

    def test_the_state_of_its_link(self, alice_client: Client, job: InstallerJob) -> None:
        def told() -> str:
            body = html(alice_client, "/jobs/")
            assert (f'id="job-{job.pk}"' in html(alice_client, "/jobs/?state=no-link")) is ("until <time" not in body)
            row = body[body.index(f'id="job-{job.pk}"') :]
            (found,) = re.findall(r"No link|Link expired|Link revoked|until <time", row)
            assert isinstance(found, str)
            return found

        assert told() == "No link"
        link, _ = link_of(job)
        assert told() == "until <time"
        JobLink.objects.update(expires_at=factories.now())
        assert told() == "Link expired"
        link_revoke(actor=HUB, link=link)
        assert told() == "Link revoked"
        assert "Link revoked" in html(alice_client, f"/jobs/{job.pk}/")

    def test_filters(self, alice_client: Client, job: InstallerJob, far_charge_point: ChargePoint) -> None:
        far = job_at(far_charge_point, installer_name="Kari")
        InstallerJob.objects.filter(pk=far.pk).update(state="in-progress")
        both = {job.pk, far.pk}
        for query, wanted in (
            ("", both),
            ("?q=kari", {far.pk}),
            ("?q=NORD-2", {far.pk}),
            (f"?q={job.number}", {job.pk}),
            ("?state=in-progress", {far.pk}),
            ("?state=archived", set()),
            (f"?site={job.site_id}", {job.pk}),
            ("?site=x&state=x&after=x", both),
        ):
            body = html(alice_client, "/jobs/" + query)
            assert {pk for pk in both if f'id="job-{pk}"' in body} == wanted, query

    def test_pages(self, alice_client: Client, charge_point: ChargePoint, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("installer.selectors.jobs.jobs_page.__defaults__", (None, 2))
        made = [job_at(charge_point).pk for _ in range(3)]
        first = html(alice_client, "/jobs/?q=Ole")
        assert [f'id="job-{pk}"' in first for pk in made] == [False, True, True]
        second = html(alice_client, f"/jobs/?q=Ole&after={made[1]}")
        assert f"?q=Ole&amp;after={made[1]}" in first
        assert [f'id="job-{pk}"' in second for pk in made] == [True, False, False]

    def test_queries_do_not_grow(self, alice_client: Client, job: InstallerJob, charge_point: ChargePoint) -> None:
        wanted = count(alice_client, "/jobs/")
        for number in range(4):
            link_of(job_at(charge_point, factories.charge_point(charge_point.site, f"MORE-{number}")))
        assert count(alice_client, "/jobs/") == wanted

    def test_who_sees_what(
        self, bob_client: Client, charlie_client: Client, job: InstallerJob, far_charge_point: ChargePoint
    ) -> None:
        far = job_at(far_charge_point)
        body = html(bob_client, "/jobs/")
        assert (f'id="job-{job.pk}"' in body, f'id="job-{far.pk}"' in body) == (True, False)
        assert 'id="job-' not in html(charlie_client, "/jobs/")
        assert Client().get("/jobs/").status_code == 302
        assert bob_client.post("/jobs/").status_code == 405

    def test_htmx_gets_the_table_alone(self, alice_client: Client, job: InstallerJob) -> None:
        body = alice_client.get("/jobs/", headers=HTMX).content.decode()
        assert body.lstrip().startswith('<div id="jobs"')


class TestNew:
    """`/jobs/new/`."""

    def test_where_comes_first(self, alice_client: Client, charge_point: ChargePoint, far_site: Site) -> None:
        assert "New job: where?" in html(alice_client, "/jobs/new/")
        assert "NORD-1" in html(alice_client, f"/jobs/new/?site={charge_point.site_id}")
        assert "NORD-1" in html(alice_client, "/jobs/new/?site=aker")
        assert alice_client.get("/jobs/new/?site=nowhere").status_code == 422

    def test_the_only_site_is_not_asked_for(self, bob_client: Client, charge_point: ChargePoint) -> None:
        body = html(bob_client, "/jobs/new/")
        assert f'value="{charge_point.pk}" checked' in body
        assert "another site" not in body

    def test_a_job_is_made(self, alice_client: Client, charge_point: ChargePoint) -> None:
        second = factories.charge_point(charge_point.site, "NORD-9")
        answer = alice_client.post(f"/jobs/new/?site={charge_point.site_id}", given(charge_point, second))
        job = InstallerJob.objects.get()
        assert answer.headers["Location"] == f"/jobs/{job.pk}/"
        assert (job.number, job.state, job.created_by_name) == (1001, "open", "Alice")
        assert (job.checks, job.energy_s) == (["connected", "stop"], 60)
        assert job.configuration == [
            {"key": "HeartbeatInterval", "value": "300"},
            {"key": "MeterValueSampleInterval", "value": "60"},
        ]
        assert [row.charge_point for row in job.rows.all()] == [charge_point, second]
        assert {"installer_job.created", "job_link.created"} <= set(AuditEntry.objects.values_list("act", flat=True))

    def test_the_link_is_shown_once(self, alice_client: Client, charge_point: ChargePoint) -> None:
        alice_client.post(f"/jobs/new/?site={charge_point.site_id}", given(charge_point, pin="4711"))
        job, link = InstallerJob.objects.get(), JobLink.objects.get()
        # A refresh of the page in another tab does not eat it.
        assert 'id="new-link"' not in alice_client.get(f"/jobs/{job.pk}/", headers=HTMX).content.decode()
        answer = alice_client.get(f"/jobs/{job.pk}/")
        body = answer.content.decode()
        address = body.split('id="new-link" tabindex="0">')[1].split("<")[0]
        assert link_find(address.split("/")[-2]) == link
        assert address.startswith("http://testserver/j/")
        for told in ("mailto:ole@example.com?subject=", "QR code of the link", "asks for a PIN"):
            assert told in body, told
        assert "4711" not in body
        assert "no-store" in answer.headers["Cache-Control"]
        assert 'id="new-link"' not in html(alice_client, f"/jobs/{job.pk}/")
        assert link.pin_hmac
        assert 8 <= (link.expires_at - factories.now()).days <= 10

    def test_another_session_does_not_see_it(
        self, alice_client: Client, alice: User, charge_point: ChargePoint
    ) -> None:
        alice_client.post(f"/jobs/new/?site={charge_point.site_id}", given(charge_point))
        job = InstallerJob.objects.get()
        assert 'id="new-link"' not in html(signed_in(alice), f"/jobs/{job.pk}/")
        assert 'id="new-link"' in html(alice_client, f"/jobs/{job.pk}/")

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"charge_points": []}, "Choose at least one charge point."),
            ({"charge_points": ["x"]}, "not at this site any more"),
            ({"configuration": "no sign"}, "Line 1: write it as"),
            ({"configuration": "A = 1\nA = 2"}, "Line 2: A stands here twice."),
            ({"configuration": "AuthorizationKey = secret"}, "is a secret"),
            ({"energy_s": 4}, "greater than or equal to 5"),
            ({"installer_email": "ole"}, "This is no e-mail address."),
            ({"installer_email": "", "send": "on"}, "Enter the address that the link is sent to."),
            ({"pin": "12"}, "four to eight digits"),
            ({"expires_on": "2020-01-01"}, "Choose a day from today"),
            ({"expires_on": "2999-01-01"}, "Choose a day from today"),
            ({"checks": ["dance"]}, "Choose from the list."),
        ],
    )
    def test_what_is_wrong_stands_below_the_field(
        self, change: dict[str, object], told: str, alice_client: Client, charge_point: ChargePoint
    ) -> None:
        answer = alice_client.post(f"/jobs/new/?site={charge_point.site_id}", given(charge_point, **change))
        assert answer.status_code == 422
        assert told in answer.content.decode()
        assert not InstallerJob.objects.exists()
        assert not JobLink.objects.exists()

    def test_charge_points_of_another_site_are_refused(
        self, alice_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        answer = alice_client.post(f"/jobs/new/?site={charge_point.site_id}", given(charge_point, far_charge_point))
        assert answer.status_code == 422
        assert not InstallerJob.objects.exists()

    def test_sites_that_are_not_theirs(
        self, bob_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        path = f"/jobs/new/?site={far_charge_point.site_id}"
        assert bob_client.get(path).status_code == 422
        assert bob_client.post(path, given(far_charge_point)).status_code == 422
        assert not InstallerJob.objects.exists()

    def test_wrong_role_and_no_login(self, reader: Client, charge_point: ChargePoint) -> None:
        assert reader.get("/jobs/new/").status_code == 403
        assert Client().get("/jobs/new/").status_code == 302

    def test_a_template_fills_in(
        self, alice_client: Client, charge_point: ChargePoint, nordlys: Organisation, fjord: Organisation
    ) -> None:
        work = {"checks": ["clock"], "configuration": [{"key": "Light", "value": "on"}], "energy_s": 30}
        ours = JobTemplate.objects.create(organisation=nordlys, name="Post", instructions="Dig.", **work)
        theirs = JobTemplate.objects.create(organisation=fjord, name="Foreign", instructions="Swim.")
        path = f"/jobs/new/?site={charge_point.site_id}&template="
        body = html(alice_client, f"{path}{ours.pk}")
        for told in ("Dig.", "Light = on", 'value="30"', 'value="clock" checked'):
            assert told in body, told
        assert 'value="stop" checked' not in body
        body = html(alice_client, f"{path}{theirs.pk}")
        assert "Swim." not in body
        assert "Foreign" not in body
