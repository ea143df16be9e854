"""What the hand-over report of a job is made of, in a constant number of queries."""

from collections.abc import Sequence

from django.db.models import Prefetch

from chargepoints.models import Connector
from installer.models import InstallerJob, JobChargePoint, JobPhoto


def rows_reported(job: InstallerJob, *, is_public: bool) -> Sequence[JobChargePoint]:
    """The charge points of the job with connectors, results, notes and photos.

    `is_public`: without those that are no longer at the job's site, or archived: they are not the installer's any more.
    """
    rows = job.rows.select_related("charge_point").prefetch_related(
        Prefetch("charge_point__connectors", queryset=Connector.objects.order_by("number")),
        Prefetch("photos", queryset=JobPhoto.objects.filter(removed_at=None).order_by("received_at", "pk")),
        "steps",
        "notes",
    )
    if is_public:
        rows = rows.filter(charge_point__site=job.site_id, charge_point__archived_at=None)
    return list(rows)
