"""Mark as complete: what is still wrong, activating all charge points, and a page that can only be read."""

import re

import pytest
import redis

from chargepoints.models import ChargePoint, Site
from hub.audit.models import AuditEntry
from installer.choices import JobState, StepState
from tests import factories
from tests.installer.scene import Scene, scene


@pytest.fixture
def sleeping(site: Site) -> ChargePoint:
    """A charge point of the site that is not active, and not of the job."""
    return factories.charge_point(site, "NORD-7", is_active=False)


def test_the_dialog_says_what_is_still_wrong(
    site: Site, foreign_charge_point: ChargePoint, sleeping: ChargePoint, clean_redis: redis.Redis
) -> None:
    points = [
        factories.charge_point(site, identity, name=name) for identity, name in ((None, "A"), (None, "B"), ("C", "C"))
    ]
    job = scene(site, *points)
    job.send("identity", job.row("B"), value="FJORD-1")
    job.row("C").steps.update(state=StepState.FAILED)
    html = job.client.get(f"{job.base}complete/").content.decode()
    for words in ("A: no serial.", "B: its serial is in use elsewhere.", "C: it has never connected.", "C: failed: "):
        assert words in html
    assert "1 inactive charge point of this site becomes usable" in html
    assert re.search(r'name="activate" checked', html)
    assert "Complete all the same" in html
    assert "Fjord" not in html


def test_the_default_of_the_job_is_what_is_checked(
    site: Site, charge_point: ChargePoint, clean_redis: redis.Redis
) -> None:
    job = scene(site, charge_point, activate_when_complete=False)
    html = job.client.get(f"{job.base}complete/").content.decode()
    assert 'name="activate"' in html
    assert " checked" not in html


@pytest.mark.parametrize(("data", "active"), [({"activate": "on"}, True), ({}, False)])
def test_completing(job: Scene, sleeping: ChargePoint, data: dict[str, str], active: bool) -> None:
    answer = job.client.post(f"{job.base}complete/", data)
    assert (answer.status_code, answer.headers["Location"]) == (303, job.base)
    sleeping.refresh_from_db()
    job.job.refresh_from_db()
    assert (sleeping.is_active, job.job.state, job.job.activated) == (active, JobState.COMPLETED, int(active))
    assert job.job.completed_by_name == f"Ola, job {job.job.number}"
    (entry,) = AuditEntry.objects.filter(act__endswith=".completed")
    assert entry.actor_name == f"Ola, job {job.job.number}"
    assert entry.after["open_problems"]


def test_a_completed_page_can_only_be_read(job: Scene) -> None:
    job.send("note", job.row("NORD-1"), text="All <i>fine</i>")
    job.client.post(f"{job.base}complete/")
    html = job.page()
    assert "This job is completed" in html
    assert "All &lt;i&gt;fine&lt;/i&gt;" in html
    assert 'data-state="completed"' in html
    # What a phone has not sent is shown by its script, to be copied; without script that part is hidden.
    html = re.sub(r"<section[^>]*data-left hidden>.*?</section>", "", html, flags=re.DOTALL)
    assert not re.search(r"<(form|input|textarea|select|button(?![^>]*data-copy))", html)
    assert job.client.get(f"{job.base}complete/").status_code == 303
    before = AuditEntry.objects.count()
    assert job.client.post(f"{job.base}complete/", {"activate": "on"}).status_code == 303
    assert AuditEntry.objects.count() == before
    assert job.client.get(f"{job.base}state/").status_code == 200
