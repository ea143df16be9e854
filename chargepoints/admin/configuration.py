"""What chargers have been told: settings, local lists, charging profiles, reservations. To be read only."""

from django.contrib import admin

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import ChargingProfile, ConfigurationItem, LocalList, Reservation
from hub.admin import moment


@admin.register(ConfigurationItem)
class ConfigurationItemAdmin(ChargePointHistory[ConfigurationItem]):
    """Settings as chargers told or accepted them."""

    list_display = ("key", "box", "value", "is_readonly", "needs_reboot", moment("reported_at"))
    list_filter = ("is_readonly", "needs_reboot")
    search_fields = ("key", "charge_point__name", "charge_point__identity")
    ordering = ("charge_point", "key")


@admin.register(LocalList)
class LocalListAdmin(ChargePointHistory[LocalList]):
    """The local authorisation list of each charge point."""

    list_display = ("box", "version", "in_doubt", moment("updated_at"))
    list_filter = ("in_doubt",)
    ordering = ("charge_point",)


@admin.register(ChargingProfile)
class ChargingProfileAdmin(ChargePointHistory[ChargingProfile]):
    """Charging profiles that chargers have accepted."""

    list_display = (
        "box",
        "connector_number",
        "purpose",
        "stack_level",
        "profile_id",
        "transaction_id",
        moment("set_at"),
    )
    list_filter = ("purpose",)
    search_fields = ("=profile_id", "=transaction_id", "charge_point__name", "charge_point__identity")
    ordering = ("charge_point", "connector_number", "purpose", "-stack_level")


@admin.register(Reservation)
class ReservationAdmin(ChargePointHistory[Reservation]):
    """Connectors kept for keys."""

    list_display = (
        moment("made_at"),
        "box",
        "connector_number",
        "id_tag",
        "parent_id_tag",
        "state",
        moment("expires_at"),
        moment("ended_at"),
    )
    list_filter = ("state",)
    search_fields = ("id_tag", "=reservation_id", "charge_point__name", "charge_point__identity")
    ordering = ("-pk",)
