"""Power over time, from the meter samples."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from django.db.models import Avg, FloatField, IntegerField, Value
from django.db.models.functions import Cast, Extract, Floor

from chargepoints.models import ChargePoint, MeterSample

SPAN = timedelta(hours=6)
BUCKET = 120

Curve = list[tuple[datetime, float]]


def power_curves(charge_point: ChargePoint, now: datetime, span: timedelta = SPAN) -> dict[int, Curve]:
    """By connector, the mean W of each two minutes in which there was a reading: one query."""
    numbers = [connector.number for connector in charge_point.connectors.all()]
    since = now - span
    bucket = Floor(Extract("at", "epoch") / Value(float(BUCKET)), output_field=IntegerField())
    rows = (
        MeterSample.objects.filter(
            charge_point=charge_point,
            connector_number__in=numbers,
            measurand="Power.Active.Import",
            phase="",
            at__gte=since,
            at__lte=now,
            received_at__gte=since,
            value__isnull=False,
        )
        .order_by()
        .annotate(bucket=bucket)
        .values_list("connector_number", "bucket")
        .annotate(watts=Avg(Cast("value", FloatField())))
        .order_by("connector_number", "bucket")
    )
    curves: dict[int, Curve] = defaultdict(list)
    for number, at, watts in rows:
        curves[number].append((datetime.fromtimestamp(at * BUCKET, UTC), watts))
    return {number: curves[number] for number in numbers}
