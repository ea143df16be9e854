"""What chargers have uploaded, as rows to be read; the bytes are taken away on the desk only, where it is recorded."""

from django.contrib import admin

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import DiagnosticsFile
from chargepoints.received import size_words
from hub.admin import moment


@admin.register(DiagnosticsFile)
class DiagnosticsFileAdmin(ChargePointHistory[DiagnosticsFile]):
    """Diagnostics and logs, complete or not."""

    list_display = ("name", "box", moment("received_at"), "length", "is_complete", "deleted_why")
    list_filter = ("is_complete",)
    search_fields = ("name", "charge_point__name", "charge_point__identity", "=sha256")
    ordering = ("-received_at",)

    @admin.display(description="Size", ordering="size")
    def length(self, file: DiagnosticsFile) -> str:
        """For people."""
        return size_words(file.size)
