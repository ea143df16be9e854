"""Webhooks and what was sent to them. They are made on the desk; secrets are shown nowhere."""

from django.contrib import admin

from chargepoints.models import Webhook, WebhookDelivery
from hub.admin import HistoryAdmin, moment


@admin.register(Webhook)
class WebhookAdmin(HistoryAdmin[Webhook]):
    """Addresses that are told what happens."""

    organisation_path = "organisation"
    list_display = ("name", "url", "is_active", "failures", "organisation", "team", moment("created_at"))
    list_select_related = ("organisation", "team")
    list_filter = ("is_active",)
    search_fields = ("name", "url")
    exclude = ("secret", "previous_secret", "previous_until", "sending_until")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(HistoryAdmin[WebhookDelivery]):
    """Events on their way, newest first."""

    organisation_path = "webhook__organisation"
    list_display = (moment("created_at"), "webhook", "event", "state", "tries", "http_status", "error")
    list_select_related = ("webhook",)
    list_filter = ("state", "event")
    raw_id_fields = ("replay_of",)
