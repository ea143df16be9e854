"""Which charge points an installer works on: the gateway lets them in before they are active."""

from collections.abc import Collection

from chargepoints.services.charge_points import charge_points_commission
from installer.choices import WORKABLE
from installer.models import JobChargePoint


def commissioning_refresh(*, charge_point_ids: Collection[int]) -> None:
    """Make `commissioning` of these charge points say whether they are in a job that is open or in progress."""
    ids = set(charge_point_ids)
    rows = JobChargePoint.objects.filter(charge_point__in=ids, job__state__in=WORKABLE)
    open_ids = set(rows.values_list("charge_point_id", flat=True))
    charge_points_commission(charge_point_ids=open_ids, on=True)
    charge_points_commission(charge_point_ids=ids - open_ids, on=False)
