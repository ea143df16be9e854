"""What programs asked for under keys of their own."""

from django.contrib import admin

from chargepoints.models import IdempotencyKey
from hub.admin import HistoryAdmin, moment


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(HistoryAdmin[IdempotencyKey]):
    """The same key again gives the same command; kept for a day."""

    organisation_path = "api_key__member__organisation"
    list_display = ("key", "api_key", "command", moment("created_at"))
    list_select_related = ("api_key", "command__charge_point")
    search_fields = ("=key", "api_key__name")
    ordering = ("-created_at",)
