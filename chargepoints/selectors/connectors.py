"""What is known of connectors besides their state."""

from collections.abc import Iterable

from django.db.models import Count

from chargepoints.models import Charge, ChargePoint, StatusChange


def connectors_used(charge_point: ChargePoint, numbers: Iterable[int] | None = None) -> dict[int, str]:
    """Connectors that have a history, by number, and which in words: they cannot be removed. Two queries."""
    charges = Charge.objects.filter(charge_point=charge_point, connector__isnull=False)
    reported = StatusChange.objects.filter(charge_point=charge_point, connector_number__gt=0)
    if numbers is not None:
        wanted = list(numbers)
        charges, reported = charges.filter(connector__number__in=wanted), reported.filter(connector_number__in=wanted)
    found: dict[int, str] = {}
    for number, count in reported.order_by().values_list("connector_number").annotate(n=Count("pk")):
        found[number] = f"the charger has reported {count} status{'es' if count > 1 else ''} of it"
    for number, count in charges.order_by().values_list("connector__number").annotate(n=Count("pk")):
        found[number] = f"it has {count} charge{'s' if count > 1 else ''}"
    return found
