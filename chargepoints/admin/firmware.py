"""Firmware files, the versions of chargers and one-time addresses, to be read only."""

from django.contrib import admin

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import FirmwareFile, FirmwareVersion, Transfer
from hub.admin import HistoryAdmin, moment


@admin.register(FirmwareFile)
class FirmwareFileAdmin(HistoryAdmin[FirmwareFile]):
    """The library; files are added and archived on the desk."""

    organisation_path = "organisation"
    desk_page = "firmware_file"
    list_display = (moment("uploaded_at"), "version", "vendor", "name", "size", "uploaded_by_name")
    list_filter = (("archived_at", admin.EmptyFieldListFilter), "vendor")
    search_fields = ("version", "name", "=sha256")
    ordering = ("-uploaded_at",)


@admin.register(FirmwareVersion)
class FirmwareVersionAdmin(ChargePointHistory[FirmwareVersion]):
    """Since when chargers run what."""

    list_display = (moment("since"), "box", "version")
    search_fields = ("version", "charge_point__name", "charge_point__identity")
    ordering = ("-since",)


@admin.register(Transfer)
class TransferAdmin(ChargePointHistory[Transfer]):
    """One-time addresses for files. What they open is known to the charger only."""

    list_display = (moment("created_at"), "box", "kind", "firmware", moment("expires_at"), moment("used_at"), "uses")
    list_select_related = ("charge_point", "firmware")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    ordering = ("-pk",)
