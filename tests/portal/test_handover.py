"""The hand-over report: what it says, to whom, and what it never says."""

import re
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from chargepoints.models import ChargePoint, Site
from hub.audit.records import HUB, Actor
from hub.teams.models import User
from installer.choices import StepKind, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint
from installer.photo_files import photo_drop
from installer.rendering.report import report_of
from installer.rendering.report_pdf import report_pdf
from installer.services.jobs import job_archive, job_complete
from installer.services.notes import note_save
from tests import factories
from tests.portal.handover_tools import Visit, visit
from tests.test_pictures import drawn, encoded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder", "clean_redis")]

SEEN = datetime(2026, 3, 2, 13, 5, tzinfo=UTC)
OLA, ALICE = "Ola, Elektro AS", "Alice"


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the photos of the test lie."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files" / "photos"


@pytest.fixture
def done(site: Site, charge_point: ChargePoint, alice: User) -> Visit:
    """A job at Bob's site with results of every kind, notes of both sides and two photos."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(
        name="Bay 14 <left>", vendor="Wallbox & Sons", model="DC150", serial="ACE0482913", firmware="2.1.7"
    )
    made = visit(site, [charge_point], description="Level 1\nsecond row", installer_name="Elektro Øst AS")
    row = made.row
    step(row, StepKind.CONNECTED, StepState.PASSED, evidence="Called at 14:05, OCPP 1.6")
    step(row, StepKind.START, StepState.FAILED, connector=1, evidence="No charge within 60 s")
    step(row, StepKind.START, StepState.SKIPPED, connector=2, skip_reason="The cable is missing")
    note_save(actor=made.actor, row=row, text="The lid is loose.\nScrews ordered.")
    note_save(actor=Actor.of(alice), row=row, text="Łukasz brings screws <b>today</b>")
    made.photo(encoded(drawn(800, 600)))
    made.photo(encoded(drawn(600, 800)))
    return made


def step(row: JobChargePoint, kind: StepKind, state: StepState, *, connector: int = 0, **fields: object) -> None:
    """End a step."""
    changed = {"state": state, "ended_at": SEEN, "by_name": OLA, **fields}
    assert AcceptanceStep.objects.filter(row=row, kind=kind, connector_number=connector).update(**changed) == 1


def job_of(done: Visit) -> InstallerJob:
    """The job as the views load it."""
    return InstallerJob.objects.select_related("site__team__organisation").get(pk=done.job.pk)


def page_of(client: Client, job: InstallerJob) -> str:
    """The report as a page."""
    response = client.get(reverse("job_report", args=[job.pk]))
    assert response.status_code == 200
    return response.content.decode()


def text_of(pdf: bytes) -> str:
    """What a PDF writes in ASCII, in its order; each line of text in a line of its own."""
    told: list[str] = []
    for filters, stream in re.findall(rb"/Filter \[([^\]]*)\][^>]*>>\s*stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        if b"DCTDecode" in filters:
            continue
        page = zlib.decompress(stream).decode("latin-1")
        if " Tj" in page:
            told += ["".join(re.findall(r"\(((?:\\.|[^()\\])*)\) Tj", line)) for line in page.split("T*")]
    return re.sub(r"\\([()\\])", r"\1", "\n".join(told))


def test_the_page(done: Visit, alice_client: Client, alice: User) -> None:
    job_complete(actor=Actor.of(alice), job=done.job, activate=False)
    page = page_of(alice_client, done.job)
    for words in (
        f"Hand-over report, job {done.job.number}",
        "Elektro Øst AS",
        "Bay 14 &lt;left&gt;",
        "Wallbox &amp; Sons DC150",
        "ACE0482913",
        "Called at 14:05, OCPP 1.6",
        "2026-03-02 14:05",
        "No charge within 60 s",
        "The cable is missing",
        "1 passed, 1 failed, 1 skipped, 2 not done",
        "The lid is loose.<br>Screws ordered.",
        "Łukasz brings screws &lt;b&gt;today&lt;/b&gt;",
        "No charge point was activated",
        "failed: test charge started",
    ):
        assert words in page
    assert page.count("<img ") == 2
    assert "Not completed yet" not in page


def test_a_job_that_is_not_completed(done: Visit, alice_client: Client) -> None:
    page = page_of(alice_client, done.job)
    assert "Not completed yet" in page
    assert "it has never connected" in page


def test_the_pdf_says_the_same(done: Visit, alice_client: Client) -> None:
    response = alice_client.get(reverse("job_report_pdf", args=[done.job.pk]))
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response.content.startswith(b"%PDF-1.")
    assert response.content.count(b"/DCTDecode") == 2
    text = text_of(response.content)
    for words in (
        f"Hand-over report, job {done.job.number}",
        "Not completed yet. This is how the job stands now.",
        "Bay 14 <left>",
        "Wallbox & Sons DC150",
        "Called at 14:05, OCPP 1.6",
        "The cable is missing",
        "The lid is loose.",
        "Screws ordered.",
        report_of(job_of(done)).checksum,
        "page 1 of 2",
    ):
        assert words in text
    assert b"HubSans" in response.content or b"DejaVu" in response.content


def test_the_same_data_gives_the_same_file(done: Visit, alice_client: Client) -> None:
    first = report_of(job_of(done))
    assert report_pdf(first) == report_pdf(report_of(job_of(done)))
    url = reverse("job_report_pdf", args=[done.job.pk])
    response = alice_client.get(url)
    assert alice_client.get(url, headers={"If-None-Match": response["ETag"]}).status_code == 304
    note_save(actor=done.actor, row=done.row, text="Now it is fixed.")
    assert report_of(job_of(done)).checksum != first.checksum


def test_a_photo_that_was_lost(done: Visit) -> None:
    photo = done.row.photos.all()[0]
    photo_drop(photo.pk)
    assert "no longer on the disk" in text_of(report_pdf(report_of(job_of(done))))


def test_whatever_people_write(done: Visit) -> None:
    wild = "\x07<font size=900>&amp;</para> " + "W" * 500 + " 日本 😀 \ud83d " + "line\n" * 300
    InstallerJob.objects.filter(pk=done.job.pk).update(
        description=wild.replace("\ud83d", ""), instructions="x" * 3000, installer_name="<b>bold"
    )
    report = report_of(job_of(done))
    assert "<font size=900>&amp;</para>" in text_of(report_pdf(report))


def test_by_the_link_once_it_is_completed(done: Visit, alice: User) -> None:
    url = done.url("report.pdf")
    assert done.client.get(url).status_code == 404
    job_complete(actor=Actor.of(alice), job=done.job, activate=True)
    response = done.client.get(url)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response["Referrer-Policy"] == "no-referrer"
    text = text_of(response.content)
    assert "Called at 14:05, OCPP 1.6" in text
    assert "The lid is loose." in text
    assert ALICE not in text
    assert OLA not in text
    job_archive(actor=HUB, job=done.job)
    assert done.client.get(url).status_code == 404


def test_what_is_not_the_installers_any_more(done: Visit, far_site: Site, alice: User) -> None:
    job_complete(actor=Actor.of(alice), job=done.job, activate=True)
    ChargePoint.objects.filter(pk=done.row.charge_point_id).update(site=far_site)
    assert [unit.name for unit in report_of(job_of(done)).units] == ["Bay 14 <left>"]
    assert report_of(job_of(done), is_public=True).units == []


def test_a_link_makes_so_many_reports(done: Visit) -> None:
    job_complete(actor=HUB, job=done.job, activate=False)
    statuses = [done.client.get(done.url("report.pdf")).status_code for _ in range(7)]
    assert statuses == [200] * 6 + [429]


@pytest.mark.parametrize("name", ["job_report", "job_report_pdf"])
def test_who_sees_it(
    done: Visit,
    name: str,
    far_site: Site,
    far_charge_point: ChargePoint,
    alice_client: Client,
    bob_client: Client,
    charlie_client: Client,
) -> None:
    url = reverse(name, args=[done.job.pk])
    assert alice_client.get(url).status_code == bob_client.get(url).status_code == 200
    assert charlie_client.get(url).status_code == 404
    assert Client().get(url).status_code == 302
    assert alice_client.post(url).status_code == 405
    assert alice_client.get(reverse(name, args=[done.job.pk + 999])).status_code == 404
    far = visit(far_site, [far_charge_point])
    assert bob_client.get(reverse(name, args=[far.job.pk])).status_code == 404
    job_archive(actor=HUB, job=done.job)
    assert alice_client.get(url).status_code == 200


def test_queries(
    done: Visit, site: Site, alice_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many = visit(site, [factories.charge_point(site, password="", connectors=2) for _ in range(6)])
    for row in many.job.rows.all():
        many.photo(row=row)
        note_save(actor=many.actor, row=row, text="Seen.")
    page_of(alice_client, done.job)
    with CaptureQueriesContext(connection) as one:
        page_of(alice_client, done.job)
    with django_assert_num_queries(len(one)):
        page_of(alice_client, many.job)


def test_no_secrets(done: Visit, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    holder = factories.driver(charge_point.site.team.organisation, "Kari Secretperson")
    factories.charge_key(holder=holder, id_tag="SECRET-TAG")
    report = report_of(job_of(done))
    told = text_of(report_pdf(report)) + repr(report)
    for secret in ("Secretperson", "SECRET-TAG", factories.PASSWORD, done.token, charge_point.password_hmac):
        assert secret not in told


def test_a_long_job_is_read_in_pages(site: Site) -> None:
    crew = visit(site, [factories.charge_point(site, password="", connectors=2) for _ in range(14)])
    AcceptanceStep.objects.filter(row__job=crew.job).update(
        state=StepState.PASSED, ended_at=SEEN, started_at=SEEN - timedelta(minutes=1), evidence="Seen in the log"
    )
    report = report_of(job_of(crew))
    assert report.proven == 14
    text = text_of(report_pdf(report))
    pages = [int(number) for number in re.findall(r"page (\d+) of \d+", text)]
    assert pages == list(range(1, len(pages) + 1))
    assert f"page 1 of {len(pages)}" in text
