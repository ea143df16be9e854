"""What is known of a charger's settings."""

from django.db.models import QuerySet

from chargepoints.models import ChargePoint, ConfigurationItem


def configuration_of(charge_point: ChargePoint) -> QuerySet[ConfigurationItem]:
    """Every known setting, by name."""
    return ConfigurationItem.objects.filter(charge_point=charge_point).order_by("key")


def configuration_value(charge_point: ChargePoint, key: str) -> str | None:
    """The value of a setting, None when it is not known. Keys are compared without regard to case."""
    items = ConfigurationItem.objects.filter(charge_point=charge_point, key__iexact=key)
    return items.values_list("value", flat=True).first()


def configuration_number(charge_point: ChargePoint, key: str) -> int | None:
    """The value of a setting that is a positive number; None for one that is unknown or is none."""
    value = (configuration_value(charge_point, key) or "").strip()
    return int(value) or None if value.isdecimal() and len(value) < 10 else None
