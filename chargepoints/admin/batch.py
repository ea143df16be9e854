"""Remote actions for many charge points, to be read only."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import BatchRow, CommandBatch
from hub.admin import HistoryAdmin, link, link_to_list, moment


@admin.register(CommandBatch)
class CommandBatchAdmin(HistoryAdmin[CommandBatch]):
    """Bulk actions and firmware waves."""

    organisation_path = "organisation"
    desk_page = "batch"
    list_display = (moment("created_at"), "kind", "state", "state_why", "organisation", "author_name", "reason")
    list_select_related = ("organisation",)
    exclude = ("firmware",)
    list_filter = ("kind", "state")
    search_fields = ("author_name", "reason")
    readonly_fields = ("its_firmware", "chargers")

    @admin.display(description="Firmware")
    def its_firmware(self, batch: CommandBatch) -> SafeString | str:
        """The file of a wave."""
        return link(batch.firmware)

    @admin.display(description="Charge points")
    def chargers(self, batch: CommandBatch) -> SafeString:
        """The way to its rows."""
        return link_to_list(BatchRow, "Charge points", batch__id__exact=str(batch.pk))


@admin.register(BatchRow)
class BatchRowAdmin(ChargePointHistory[BatchRow]):
    """What became of each charge point of a bulk action."""

    list_display = ("box", "batch", "position", "state", "why", "tries", moment("started_at"), moment("ended_at"))
    list_select_related = ("charge_point", "batch")
    list_filter = ("state",)
    ordering = ("-pk",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Bulk actions link here."""
        return lookup == "batch__id__exact" or super().lookup_allowed(lookup, value, request)
