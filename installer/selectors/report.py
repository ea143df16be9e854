"""What the hand-over report of a job is made of, in a constant number of queries."""

from collections.abc import Sequence

from django.db.models import Prefetch

from chargepoints.models import Connector
from installer.models import InstallerJob, JobChargePoint, JobPhoto
from installer.selectors.rows import rows_of


def rows_reported(job: InstallerJob, *, is_public: bool) -> Sequence[JobChargePoint]:
    """The charge points of the job with connectors, results, notes and photos.

    `is_public`: without those that are no longer at the job's site, or archived: they are not the installer's any more.
    """
    rows = (
        (rows_of(job) if is_public else job.rows.all())
        .select_related("charge_point")
        .prefetch_related(
            Prefetch("charge_point__connectors", queryset=Connector.objects.order_by("number")),
            Prefetch("photos", queryset=JobPhoto.objects.filter(removed_at=None).order_by("received_at", "pk")),
            "steps",
            "notes",
        )
    )
    return list(rows)
