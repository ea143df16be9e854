"""The photos of a job that are still there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from installer.models import InstallerJob, JobPhoto
from installer.selectors.rows import rows_of


def photos_of(job: InstallerJob) -> Mapping[int, Sequence[JobPhoto]]:
    """By row of the job, in the order in which they came; rows without any are not in it. One query."""
    found: dict[int, list[JobPhoto]] = defaultdict(list)
    for photo in JobPhoto.objects.filter(row__job=job, removed_at=None).order_by("received_at", "pk"):
        found[photo.row_id].append(photo)
    return found


def photo_of(job: InstallerJob, pk: UUID) -> JobPhoto | None:
    """This photo for whoever has a link of this job; None when it was removed or is of something else."""
    return JobPhoto.objects.filter(row__in=rows_of(job), pk=pk, removed_at=None).first()
