"""The audit log in the administration, to be read only. The desk's page says it in words; this one shows the rows."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.admin import HistoryAdmin, moment
from hub.audit.models import AuditEntry
from hub.audit.words import sentence


@admin.register(AuditEntry)
class AuditEntryAdmin(HistoryAdmin[AuditEntry]):
    """Who did what. Not even a superuser changes an entry."""

    organisation_path = "organisation"
    list_display = (moment("at"), "what", "address", "reason", "organisation")
    list_select_related = ("organisation", "team")
    list_filter = ("actor_kind", "noun")
    search_fields = ("actor_name", "object_name", "=object_id", "reason", "=act")
    search_help_text = "Who acted, on what (name or number), the reason, or the whole act, such as site.edited."
    fields = (
        *("at", "what", "actor_kind", "actor_id", "actor_name", "address", "act", "noun", "object_id"),
        *("object_name", "organisation", "team", "site_id", "reason", "before_text", "after_text"),
    )
    readonly_fields = ("what", "before_text", "after_text")
    ordering = ("-at", "-id")

    @admin.display(description="What", ordering="object_name")
    def what(self, entry: AuditEntry) -> str:
        """The whole act in a line."""
        return sentence(entry)

    @admin.display(description="Before")
    def before_text(self, entry: AuditEntry) -> SafeString:
        """The facts before, as JSON."""
        return _pretty(entry.before)

    @admin.display(description="After")
    def after_text(self, entry: AuditEntry) -> SafeString:
        """The facts after, as JSON."""
        return _pretty(entry.after)


def _pretty(facts: object) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(facts, indent=1, ensure_ascii=False))
