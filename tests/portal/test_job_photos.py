"""Photos of a job: taken once from a phone, served as an image and nothing else, removed until the job is completed."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from chargepoints.models import ChargePoint, Site
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from installer.choices import JobState
from installer.models import JobEdit, JobPhoto
from installer.services.jobs import job_archive, job_complete
from installer.services.links import link_revoke
from tests import factories
from tests.portal.handover_tools import JPEG, Visit, visit
from tests.test_pictures import drawn, encoded, png, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the photos of the test lie."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files" / "photos"


@pytest.fixture
def phone(site: Site, charge_point: ChargePoint) -> Visit:
    """An installer at Bob's site."""
    return visit(site, [charge_point])


def names(folder: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_photo_comes_in(phone: Visit, folder: Path, charge_point: ChargePoint) -> None:
    answer = phone.send(encoded(drawn(3000, 2000)))
    assert answer.status == 200
    photo = JobPhoto.objects.get(pk=UUID(str(answer.body["photo"])))
    assert (photo.row, photo.kind, photo.width, photo.height) == (phone.row, "plate", 1600, 1067)
    assert photo.author_name == f"Ola, Elektro AS, job {phone.job.number}"
    assert names(folder) == sorted(f"{photo.pk}{size}.jpg" for size in ("", "-print", "-small"))
    assert (folder / f"{photo.pk}.jpg").stat().st_size == photo.size
    phone.job.refresh_from_db()
    assert phone.job.state == JobState.IN_PROGRESS
    entry = AuditEntry.objects.get(act="charge_point.photo_added")
    assert (entry.actor_kind, entry.actor_id, entry.site_id) == (ActorKind.JOB_LINK, phone.link.pk, phone.job.site_id)
    assert entry.object_id == str(charge_point.pk)


def test_the_same_again_is_answered_and_not_stored(phone: Visit, folder: Path) -> None:
    key = str(uuid4())
    first, second = phone.send(key=key), phone.send(key=key)
    assert (first.status, first.replayed, second.replayed) == (200, "", "true")
    assert (second.status, second.body) == (first.status, first.body)
    assert JobPhoto.objects.count() == 1
    assert len(names(folder)) == 3


def test_two_photos_of_the_same_are_two(phone: Visit) -> None:
    assert phone.send().body["photo"] != phone.send().body["photo"]


def test_what_is_no_photo(phone: Visit, folder: Path) -> None:
    key = str(uuid4())
    answer = phone.send(b"<script>alert(1)</script>", key=key)
    assert (answer.status, answer.body["field"]) == (415, "photo")
    assert "JPEG" in str(answer.body["error"])
    assert (names(folder), JobEdit.objects.count()) == ([], 0)
    assert phone.send(key=key).status == 200


@pytest.mark.parametrize("data", [png(9000, 9000), JPEG + b"\x00" * 12_000_000], ids=["pixels", "bytes"])
def test_what_is_too_large(phone: Visit, folder: Path, data: bytes) -> None:
    assert phone.send(data).status == 413
    assert names(folder) == []


def test_no_file(phone: Visit) -> None:
    response = phone.client.post(phone.url("photos/"), {"row": phone.row.pk}, headers={"Idempotency-Key": str(uuid4())})
    assert (response.status_code, response.json()["error"]) == (422, "Choose a photo.")


@pytest.mark.parametrize("row", ["", "x", "-1", "9" * 40])
def test_a_row_that_is_none(phone: Visit, folder: Path, row: str) -> None:
    fields = {"row": row, "photo": SimpleUploadedFile("p.jpg", JPEG)}
    response = phone.client.post(phone.url("photos/"), fields, headers={"Idempotency-Key": str(uuid4())})
    assert (response.status_code, names(folder)) == (422, [])


def test_another_jobs_charge_point(phone: Visit, far_site: Site, far_charge_point: ChargePoint, folder: Path) -> None:
    other = visit(far_site, [far_charge_point])
    assert phone.send(row=other.row.pk).status == 422
    assert (JobPhoto.objects.count(), names(folder)) == (0, [])


def filled(phone: Visit, count: int) -> None:
    """So many photos of each charge point of the job."""
    JobPhoto.objects.bulk_create(
        JobPhoto(row=row, size=1, sha256="0" * 64, width=1, height=1, author_name="Ola")
        for row in phone.job.rows.all()
        for _ in range(count)
    )


def test_twenty_of_a_charge_point(phone: Visit, folder: Path) -> None:
    filled(phone, 20)
    answer = phone.send()
    assert answer.status == 422
    assert "20 photos at most" in str(answer.body["error"])
    assert names(folder) == []
    JobPhoto.objects.filter(pk=JobPhoto.objects.all()[0].pk).update(removed_at=factories.now())
    assert phone.send().status == 200


def test_two_hundred_of_a_job(site: Site) -> None:
    crew = visit(site, [factories.charge_point(site, password="") for _ in range(11)])
    last = crew.job.rows.order_by("-position")[0]
    filled(crew, 20)
    JobPhoto.objects.filter(row=last).delete()
    answer = crew.send(row=last.pk)
    assert (answer.status, "200 photos at most" in str(answer.body["error"])) == (422, True)


def test_a_disk_that_takes_nothing(phone: Visit, settings: Settings, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "plain"
    settings.FILES_DIR.write_text("not a folder")
    key = str(uuid4())
    assert phone.send(key=key).status == 503
    assert (JobPhoto.objects.count(), JobEdit.objects.count()) == (0, 0)
    settings.FILES_DIR = tmp_path / "files"
    assert phone.send(key=key).status == 200


def test_it_is_an_image_and_nothing_else(phone: Visit) -> None:
    pk = phone.photo(encoded(drawn(800, 600)))
    for rest, size in (("", (800, 600)), ("small/", (320, 240))):
        response = phone.client.get(phone.url(f"photos/{pk}/{rest}"))
        assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
        assert shown(response.content).size == size
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"].startswith("sandbox;")
        assert response["Cache-Control"].startswith("private")
        assert response["Referrer-Policy"] == "no-referrer"
        again = phone.client.get(phone.url(f"photos/{pk}/{rest}"), headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_only_this_jobs_photos(phone: Visit, far_site: Site, far_charge_point: ChargePoint) -> None:
    other = visit(far_site, [far_charge_point])
    pk = other.photo()
    assert other.client.get(other.url(f"photos/{pk}/")).status_code == 200
    assert phone.client.get(phone.url(f"photos/{pk}/")).status_code == 404
    assert phone.remove(pk).status == phone.remove(pk, row=other.row.pk).status == 422
    assert JobPhoto.objects.get(pk=pk).removed_at is None


def test_a_link_that_is_none(phone: Visit, alice_client: Client) -> None:
    pk = phone.photo()
    link_revoke(actor=HUB, link=phone.link)
    for client in (phone.client, alice_client):
        assert client.get(phone.url(f"photos/{pk}/")).status_code == 404
        assert client.post(phone.url("photos/"), {"row": phone.row.pk}).status_code == 404
    assert JobPhoto.objects.count() == 1


def test_it_is_removed(
    phone: Visit, folder: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    pk = phone.photo()
    with django_capture_on_commit_callbacks(execute=True):
        answer = phone.remove(pk)
    assert (answer.status, answer.body["removed"]) == (200, True)
    assert names(folder) == []
    assert JobPhoto.objects.get(pk=pk).removed_at is not None
    assert phone.client.get(phone.url(f"photos/{pk}/")).status_code == 404
    assert AuditEntry.objects.filter(act="charge_point.photo_removed").count() == 1
    assert phone.remove(pk).status == 200
    assert AuditEntry.objects.filter(act="charge_point.photo_removed").count() == 1


@pytest.mark.parametrize("photo", ["", "x", "a\x00b", "0" * 32])
def test_removing_what_is_not_there(phone: Visit, photo: str) -> None:
    phone.photo()
    fields = {"kind": "photo-removed", "row": phone.row.pk, "photo": photo}
    response = phone.client.post(phone.url("edits/"), fields)
    assert response.status_code == 422
    assert "This photo is not part of the job any more." in response.content.decode()


def test_a_completed_job_is_only_read(phone: Visit, folder: Path) -> None:
    pk = phone.photo()
    job_complete(actor=phone.actor, job=phone.job, activate=False)
    answer = phone.send()
    assert (answer.status, "can only be read" in str(answer.body["error"])) == (422, True)
    assert phone.remove(pk).status == 422
    assert phone.client.get(phone.url(f"photos/{pk}/")).status_code == 200
    assert len(names(folder)) == 3


def test_without_script(phone: Visit) -> None:
    strict = Client(enforce_csrf_checks=True)
    fields = {"row": phone.row.pk, "photo_kind": "wiring", "photo": SimpleUploadedFile("p.jpg", JPEG)}
    response = strict.post(phone.url("photos/"), fields)
    assert (response.status_code, response["Location"]) == (303, phone.url(f"#row-{phone.row.pk}"))
    fields["photo"] = SimpleUploadedFile("p.jpg", b"no photo")
    response = strict.post(phone.url("photos/"), fields)
    assert response.status_code == 415
    assert f'id="row-{phone.row.pk}-photo-error"' in response.content.decode()
    assert "This is no photo that can be read" in response.content.decode()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_wrong_methods(phone: Visit, method: str) -> None:
    assert getattr(phone.client, method)(phone.url("photos/")).status_code == 405


def test_the_desk(phone: Visit, alice_client: Client, bob_client: Client, charlie_client: Client) -> None:
    pk = phone.photo()
    for name in ("desk_photo", "desk_photo_print", "desk_photo_small"):
        url = reverse(name, args=[pk])
        assert alice_client.get(url)["Content-Type"] == "image/jpeg"
        assert bob_client.get(url).status_code == 200
        assert charlie_client.get(url).status_code == 404
        assert Client().get(url).status_code == 302
        assert alice_client.post(url).status_code == 405
    assert alice_client.get(reverse("desk_photo", args=[uuid4()])).status_code == 404
    job_archive(actor=HUB, job=phone.job)
    assert alice_client.get(reverse("desk_photo", args=[pk])).status_code == 200


def test_the_desk_of_another_site(far_site: Site, far_charge_point: ChargePoint, bob_client: Client) -> None:
    pk = visit(far_site, [far_charge_point]).photo()
    assert bob_client.get(reverse("desk_photo", args=[pk])).status_code == 404


def test_bytes_that_were_lost(phone: Visit, folder: Path, alice_client: Client) -> None:
    pk = phone.photo()
    for path in folder.iterdir():
        path.unlink()
    assert alice_client.get(reverse("desk_photo", args=[pk])).status_code == 404


def test_the_pieces_of_the_pages(phone: Visit) -> None:
    pk = phone.photo()
    for rest in ("", "state/"):
        page = phone.client.get(phone.url(rest)).content.decode()
        assert f'id="row-{phone.row.pk}-photos" data-live="photos"' in page
        assert phone.url(f"photos/{pk}/small/") in page
        assert 'data-outbox="photo-removed"' in page
        assert ("data-photo" in page) is (rest == "")
    job_complete(actor=phone.actor, job=phone.job, activate=False)
    page = phone.client.get(phone.url()).content.decode()
    assert phone.url(f"photos/{pk}/small/") in page
    assert phone.url("report.pdf") in page
    assert "data-outbox" not in page
