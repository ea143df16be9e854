"""Templates of jobs: the list, a new one, editing, archiving."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from installer.models import JobTemplate
from tests import factories
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db
WORK = {"instructions": "Dig.", "checks": ["energy", "clock"], "configuration": "Light = on", "energy_s": "30"}


@pytest.fixture
def template(nordlys: Organisation) -> JobTemplate:
    """A template of Nordlys."""
    return JobTemplate.objects.create(organisation=nordlys, name="Post", checks=["clock"])


def test_the_list(alice_client: Client, nordlys: Organisation, fjord: Organisation) -> None:
    assert "No template yet." in alice_client.get("/job-templates/").content.decode()
    JobTemplate.objects.create(organisation=fjord, name="Foreign")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            body = alice_client.get("/job-templates/").content.decode()
        assert "Foreign" not in body
        assert "Post 0" in body
        return len(captured)

    JobTemplate.objects.create(organisation=nordlys, name="Post 0")
    wanted = queries()
    for number in range(1, 5):
        JobTemplate.objects.create(organisation=nordlys, name=f"Post {number}")
    assert queries() == wanted


def test_one_is_made(alice_client: Client, nordlys: Organisation) -> None:
    answer = alice_client.post("/job-templates/new/", {"organisation": nordlys.pk, "name": "Post", **WORK})
    assert answer.headers["Location"] == "/job-templates/"
    made = JobTemplate.objects.get()
    assert (made.name, made.checks, made.energy_s) == ("Post", ["clock", "energy"], 30)
    assert made.configuration == [{"key": "Light", "value": "on"}]
    assert AuditEntry.objects.get(act="job_template.created").organisation == nordlys


def test_one_is_changed(alice_client: Client, template: JobTemplate) -> None:
    path = f"/job-templates/{template.pk}/edit/"
    assert 'value="clock" checked' in alice_client.get(path).content.decode()
    assert alice_client.post(path, {"name": "Wall", **WORK}).headers["Location"] == "/job-templates/"
    template.refresh_from_db()
    assert (template.name, template.instructions) == ("Wall", "Dig.")
    assert AuditEntry.objects.get(act="job_template.edited").before["name"] == "Post"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "Give the template a name."),
        ({"name": "Post"}, "There is a template of that name already."),
        ({"energy_s": ""}, "Say how many seconds"),
        ({"configuration": "Light"}, "Line 1: write it as"),
    ],
)
def test_what_is_wrong(
    change: dict[str, str], told: str, alice_client: Client, template: JobTemplate, nordlys: Organisation
) -> None:
    form = {"organisation": nordlys.pk, "name": "Wall", **WORK, **change}
    answer = alice_client.post("/job-templates/new/", form)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert JobTemplate.objects.count() == 1


def test_an_archived_one_is_offered_no_more(
    alice_client: Client, template: JobTemplate, charge_point: ChargePoint
) -> None:
    new, path = f"/jobs/new/?site={charge_point.site_id}", f"/job-templates/{template.pk}/archive/"
    assert ">Post</option>" in alice_client.get(new).content.decode()
    assert "Archive Post?" in alice_client.get(path).content.decode()
    assert alice_client.post(path).headers["Location"] == "/job-templates/"
    assert ">Post</option>" not in alice_client.get(new).content.decode()
    assert alice_client.post(path).status_code == 404
    assert alice_client.get(f"/job-templates/{template.pk}/edit/").status_code == 404
    JobTemplate.objects.create(organisation=template.organisation, name="Post")


def test_who_may(template: JobTemplate, nordlys: Organisation, bob_client: Client, charlie_client: Client) -> None:
    """Bob has one site only, so templates of the whole are not his; he uses them for his jobs all the same."""
    person = factories.user("reader")
    factories.member(nordlys, person, Role.READ_ONLY)
    reader = signed_in(person)
    assert "Post" in reader.get("/job-templates/").content.decode()
    assert ">Post</option>" in bob_client.get("/jobs/new/").content.decode()
    for page in ("edit", "archive"):
        path = f"/job-templates/{template.pk}/{page}/"
        assert reader.post(path).status_code == 403
        assert bob_client.post(path).status_code == 404
        assert charlie_client.post(path).status_code == 404
        assert Client().post(path).status_code == 302
        assert reader.put(path).status_code == 405
    assert reader.get("/job-templates/new/").status_code == bob_client.get("/job-templates/new/").status_code == 403
    assert reader.get("/job-templates/999999/edit/").status_code == 404
