"""A photo of a job that is still there."""

from uuid import UUID

from installer.models import InstallerJob, JobPhoto
from installer.selectors.rows import rows_of


def photo_of(job: InstallerJob, pk: UUID) -> JobPhoto | None:
    """This photo for whoever has a link of this job; None when it was removed or is of something else."""
    return JobPhoto.objects.filter(row__in=rows_of(job), pk=pk, removed_at=None).first()
