"""Bytes of photos that nobody names any more, and photos that were kept long enough (HUB_PHOTOS_DAYS)."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hub.audit.records import HUB, audit_record
from installer.choices import JobState
from installer.models import JobChargePoint, JobPhoto
from installer.photo_files import parts_drop, photo_drop, photos_older

# Bytes are on the disk before their row is. A day later there is a row, or nobody will make one.
FORGOTTEN = timedelta(days=1)
_AT_ONCE = 500


def photos_sweep() -> int:
    """Delete files that are a day old and belong to no photo, or to one that was removed; of how many photos."""
    before = timezone.now() - FORGOTTEN
    parts_drop(before)
    dropped = 0
    names = photos_older(before)
    while some := list(islice(names, _AT_ONCE)):
        kept = set(JobPhoto.objects.filter(pk__in=some, removed_at=None).values_list("pk", flat=True))
        for pk in set(some) - kept:
            photo_drop(pk)
            dropped += 1
    return dropped


def photos_expire() -> int:
    """Remove the photos of jobs that were archived HUB_PHOTOS_DAYS ago, on record; 0 days keeps them. How many."""
    if settings.PHOTOS_DAYS <= 0:
        return 0
    before = timezone.now() - timedelta(days=settings.PHOTOS_DAYS)
    rows = JobChargePoint.objects.filter(job__state=JobState.ARCHIVED, job__archived_at__lt=before)
    rows = rows.filter(photos__removed_at=None, photos__isnull=False).distinct()
    return sum(_expire(row) for row in rows.select_related("charge_point__site__team")[:_AT_ONCE])


@transaction.atomic
def _expire(row: JobChargePoint) -> int:
    found = list(JobPhoto.objects.select_for_update().filter(row=row, removed_at=None))
    JobPhoto.objects.filter(pk__in=[photo.pk for photo in found]).update(removed_at=timezone.now())
    point = row.charge_point
    audit_record(actor=HUB, act="photos_expired", obj=point, place=point.place, after={"photos": len(found)})
    transaction.on_commit(partial(_drop, [photo.pk for photo in found]))
    return len(found)


def _drop(found: Iterable[UUID]) -> None:
    for pk in found:
        photo_drop(pk)
