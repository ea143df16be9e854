"""Photos of a job: taken once, whoever sends them how often, and removed by the installer until it is completed."""

import logging
from collections.abc import Mapping
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from chargepoints.received import has_room
from hub.audit.records import Actor, audit_record
from installer.choices import PhotoKind
from installer.models import JobChargePoint, JobPhoto
from installer.photo_files import photo_drop, photo_store
from installer.pictures import FULL, MOST_BYTES, Picture

MOST_OF_ROW, MOST_OF_JOB = 20, 200
NOT_THERE = "This photo is not part of the job any more."
logger = logging.getLogger(__name__)


class PhotoNotStored(Exception):
    """The disk does not take it now: the phone keeps it and tries again."""


def photo_keep(picture: Picture) -> UUID:
    """Store the bytes under a name of their own, before there is a row; whoever makes none drops them.

    Raises PhotoNotStored.
    """
    pk = uuid4()
    try:
        if not has_room(MOST_BYTES):
            raise PhotoNotStored
        photo_store(pk, picture)
    except OSError as error:
        logger.exception("A photo could not be stored")
        raise PhotoNotStored from error
    return pk


@transaction.atomic
def photo_add(*, actor: Actor, row: JobChargePoint, kind: str, pk: UUID, picture: Picture) -> Mapping[str, object]:
    """The row of a photo whose bytes are stored; the job is locked. Raises ActionRefused when there are too many."""
    present = JobPhoto.objects.filter(removed_at=None)
    if present.filter(row=row).count() >= MOST_OF_ROW:
        raise ActionRefused(f"A charge point has {MOST_OF_ROW} photos at most. Remove one first.")
    if present.filter(row__job_id=row.job_id).count() >= MOST_OF_JOB:
        raise ActionRefused(f"A job has {MOST_OF_JOB} photos at most. Remove one first.")
    shows = PhotoKind(kind) if kind in PhotoKind.values else PhotoKind.OTHER
    made = JobPhoto.objects.create(
        pk=pk,
        row=row,
        kind=shows,
        size=len(picture.files[FULL]),
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        author_name=actor.name[:160],
    )
    audit_record(
        actor=actor,
        act="photo_added",
        obj=row.charge_point,
        place=row.charge_point.place,
        after={"photo": str(made.pk), "shows": made.get_kind_display(), "sha256": made.sha256},
    )
    return {"photo": str(made.pk), "row": row.pk}


@transaction.atomic
def photo_remove(*, actor: Actor, row: JobChargePoint, photo: str) -> Mapping[str, object]:
    """Delete the bytes of a photo; that it was there stays on record.

    Raises ActionRefused for one that is not of this row.
    """
    try:
        pk = UUID(photo)
    except ValueError:
        raise ActionRefused(NOT_THERE) from None
    found = row.photos.select_for_update().filter(pk=pk).first()
    if found is None:
        raise ActionRefused(NOT_THERE)
    if found.removed_at is None:
        found.removed_at = timezone.now()
        found.save(update_fields=["removed_at"])
        audit_record(
            actor=actor,
            act="photo_removed",
            obj=row.charge_point,
            place=row.charge_point.place,
            before={"photo": str(found.pk), "shows": found.get_kind_display(), "sha256": found.sha256},
        )
        transaction.on_commit(partial(photo_drop, found.pk))
    return {"photo": str(found.pk), "removed": True}
