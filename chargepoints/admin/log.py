"""Log lines and meter samples: partitioned tables without end, so every list is bound by an index.

Without a charge point (or a charge) only the last minutes are shown; with one, everything.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import Charge, LogLine, MeterSample
from chargepoints.selectors.identity import charge_points_identified
from hub.admin import LimitedPaginator, link, moment

M = TypeVar("M", bound=Model)
RECENT = timedelta(minutes=10)
A_DAY = timedelta(hours=24)
BY_CHARGE_POINT = "charge_point__id__exact"
BY_CHARGE = "charge_id__exact"


class ShortPaginator(LimitedPaginator[M]):
    """Pages are found by OFFSET here; more than these nobody turns by hand."""

    count_limit = 2_000


class LogLineList(ChangeList):
    """Rows are addressed by charge point and sequence, the key of the table."""

    def url_for_result(self, result: Model) -> str:
        """The page of one line."""
        assert isinstance(result, LogLine)
        return reverse("admin:chargepoints_logline_change", args=[f"{result.charge_point_id}-{result.seq}"])


@admin.register(LogLine)
class LogLineAdmin(ChargePointHistory[LogLine]):
    """What was said between chargers and the central system."""

    paginator = ShortPaginator
    list_display = (moment("at"), "box", "direction", "category", "action", "fact", "text", "problem")
    list_filter = ("category", "is_error")
    search_fields = ("charge_point__identity",)
    search_help_text = (
        "The whole identity of a charge point shows its newest lines; empty, the last 10 minutes of all. "
        "A list ends after 2,000 lines."
    )
    fields = (
        "box",
        "seq",
        "at",
        "direction",
        "category",
        "is_error",
        "action",
        "fact",
        "text",
        "message_id",
        "request",
        "answer",
        "latency_us",
        "connector_number",
        "transaction_id",
        "command_id",
        "generation",
    )
    readonly_fields = ("box",)
    ordering = ("-seq",)

    @admin.display(description="Error", ordering="is_error")
    def problem(self, line: LogLine) -> str:
        """A word where something went wrong; Django's red cross would stand on every good line."""
        return "error" if line.is_error else ""

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[ChangeList]:
        """With addresses by key."""
        return LogLineList

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogLine]:
        """Bound by sequence, unless one charge point is asked for."""
        rows = super().get_queryset(request)
        if BY_CHARGE_POINT in request.GET or request.GET.get("q"):
            return rows
        since = datetime.now(UTC) - RECENT
        return rows.filter(seq__gte=int(since.timestamp() * 1_000_000), at__gte=since)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LogLine], search_term: str
    ) -> tuple[QuerySet[LogLine], bool]:
        """By identity only, and by its id, so that the table's key is used."""
        if not search_term.strip():
            return queryset, False
        found = charge_points_identified(search_term.strip()).values_list("pk", flat=True)
        return queryset.filter(charge_point_id__in=list(found)), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> LogLine | None:
        """By `<charge point>-<sequence>`. Raises Http404."""
        charge_point, _, seq = object_id.partition("-")
        if not (charge_point.isdecimal() and seq.isdecimal() and len(object_id) < 36):
            raise Http404
        rows = ChargePointHistory.get_queryset(self, request)
        found: LogLine | None = rows.filter(charge_point_id=int(charge_point), seq=int(seq)).first()
        if found is None:
            raise Http404
        return found


@admin.register(MeterSample)
class MeterSampleAdmin(ChargePointHistory[MeterSample]):
    """Meter readings; shown in lists only, as one alone says nothing."""

    paginator = ShortPaginator
    list_display = (
        moment("received_at"),
        moment("at", "Its own time"),
        "box",
        "connector_number",
        "of_charge",
        "measurand",
        "phase",
        "value",
        "unit",
        "context",
        "raw",
    )
    list_display_links = None
    search_fields = ("charge_id",)
    search_help_text = (
        "The number of a charge shows all its samples; empty, the last 10 minutes. A list ends after 2,000 samples."
    )
    ordering = ("-received_at",)

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest | None = None) -> bool:
        """Charges link here by number."""
        return lookup in {BY_CHARGE, BY_CHARGE_POINT}

    def get_queryset(self, request: HttpRequest) -> QuerySet[MeterSample]:
        """Bound by time, unless one charge is asked for."""
        rows = super().get_queryset(request)
        if BY_CHARGE in request.GET or request.GET.get("q", "").strip().isdecimal():
            return rows.filter(charge_id__isnull=False)
        window = A_DAY if BY_CHARGE_POINT in request.GET else RECENT
        return rows.filter(received_at__gte=datetime.now(UTC) - window)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MeterSample], search_term: str
    ) -> tuple[QuerySet[MeterSample], bool]:
        """By the number of a charge only."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return (queryset.filter(charge_id=int(term)) if term.isdecimal() else queryset.none()), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> MeterSample | None:
        """There is no index by id, and no page. Raises Http404."""
        raise Http404

    @admin.display(description="Charge")
    def of_charge(self, sample: MeterSample) -> SafeString | str:
        """The charge, as a link."""
        return link(Charge(pk=sample.charge_id), str(sample.charge_id)) if sample.charge_id else "-"
