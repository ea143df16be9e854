"""Maintenance periods, to be read only: they are planned and ended on the desk, which derives the states."""

from django.contrib import admin

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import MaintenancePeriod
from hub.admin import moment


@admin.register(MaintenancePeriod)
class MaintenancePeriodAdmin(ChargePointHistory[MaintenancePeriod]):
    """When charge points are, were and will be in maintenance."""

    list_display = (moment("starts_at"), moment("ends_at"), "box", "reason", "author_name", moment("created_at"))
    list_filter = (("ends_at", admin.EmptyFieldListFilter),)
    search_fields = ("charge_point__name", "charge_point__identity", "reason", "author_name")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
