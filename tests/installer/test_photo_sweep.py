"""Bytes of photos that no row names, and photos that were kept long enough."""

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from chargepoints.models import ChargePoint
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from installer.models import InstallerJob, JobPhoto
from installer.photo_files import photo_path
from installer.services.jobs import job_archive
from installer.tasks.upkeep import photos_sweep
from tests.portal.job_tools import job_at, photo_of

pytestmark = pytest.mark.django_db
TWO_DAYS = 2 * 86_400


@pytest.fixture
def job(charge_point: ChargePoint, settings: Settings, tmp_path: Path) -> InstallerJob:
    """A job with one photo, its bytes below a folder of this test."""
    settings.FILES_DIR = tmp_path
    made = job_at(charge_point)
    photo_of(made.rows.get())
    return made


def aged(folder: Path) -> None:
    """Everything that lies there came two days ago."""
    then = time.time() - TWO_DAYS
    for path in folder.iterdir():
        os.utime(path, (then, then))


def names(folder: Path) -> set[str]:
    """What lies there."""
    return {path.name for path in folder.iterdir()}


def test_what_no_row_names_goes_after_a_day(job: InstallerJob) -> None:
    photo = JobPhoto.objects.get()
    folder = photo_path(photo.pk).parent
    kept = names(folder)
    lost, removed = uuid.uuid4(), uuid.uuid4()
    for name in (f"{lost}.jpg", f"{lost}-small.jpg", f"{removed}-print.jpg", f"{lost}.part", "someone's.jpg"):
        (folder / name).write_bytes(b"x")
    photo_of(job.rows.get(), str(removed))
    JobPhoto.objects.filter(pk=removed).update(removed_at=timezone.now())
    before = names(folder)
    photos_sweep()
    assert names(folder) == before
    aged(folder)
    (folder / f"{uuid.uuid4()}.jpg").write_bytes(b"just now")
    fresh = names(folder) - before
    photos_sweep()
    assert names(folder) == kept | fresh | {"someone's.jpg"}


def test_photos_of_archived_jobs_go_when_that_is_asked_for(
    job: InstallerJob, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    photo = JobPhoto.objects.get()
    job_archive(actor=HUB, job=job)
    InstallerJob.objects.filter(pk=job.pk).update(archived_at=timezone.now() - timedelta(days=31))
    for days, is_left in ((0, True), (32, True), (30, False), (30, False)):
        settings.PHOTOS_DAYS = days
        with django_capture_on_commit_callbacks(execute=True):
            photos_sweep()
        assert photo_path(photo.pk).exists() is is_left
    photo.refresh_from_db()
    assert photo.removed_at is not None
    entry = AuditEntry.objects.get(act="charge_point.photos_expired")
    assert entry.after == {"photos": 1}


def test_without_a_folder_there_is_nothing_to_sweep(settings: Settings, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "none"
    photos_sweep()
    assert not settings.FILES_DIR.exists()
