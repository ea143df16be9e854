"""What has happened to charge points, to be read only. Lists are ordered by what has an index."""

from typing import ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chargepoints.models import (
    Bill,
    Charge,
    ChargePoint,
    Command,
    Connection,
    ConnectionAttempt,
    Finding,
    GatewayProcess,
    LinkPeriod,
    MeterSample,
    StatusChange,
)
from chargepoints.withheld import tellable
from hub.admin import HistoryAdmin, link, link_to_list, moment

M = TypeVar("M", bound=Model)


class ChargePointHistory(HistoryAdmin[M]):
    """Rows that belong to a charge point."""

    organisation_path = "charge_point__site__team__organisation"
    list_select_related: ClassVar[tuple[str, ...]] = ("charge_point",)
    search_fields: ClassVar[tuple[str, ...]] = ("charge_point__name", "charge_point__identity")

    @admin.display(description="Charge point")
    def box(self, row: M) -> SafeString | str:
        """The charge point, as a link."""
        charge_point = getattr(row, "charge_point", None)
        return link(charge_point if isinstance(charge_point, ChargePoint) else None)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Sites, connectors and charges link here."""
        linked = {"charge_point__site__id__exact", "connector__id__exact", "charge__id__exact"}
        return lookup in linked or super().lookup_allowed(lookup, value, request)


@admin.register(Charge)
class ChargeAdmin(ChargePointHistory[Charge]):
    """Charging sessions."""

    list_display = (
        "transaction_id",
        "box",
        "connector",
        "state",
        "id_tag",
        moment("started_at"),
        moment("ended_at"),
        "energy",
        "stop_reason",
        "needs_review",
    )
    list_select_related = ("charge_point", "connector__charge_point")
    list_filter = ("state", "verdict", ("needs_review", admin.EmptyFieldListFilter))
    search_fields = ("=transaction_id", "id_tag", "charge_point__name", "charge_point__identity")
    readonly_fields = ("samples", "commands", "its_bill")
    ordering = ("-pk",)

    @admin.display(description="Bill")
    def its_bill(self, charge: Charge) -> SafeString | str:
        """Its bill, once there is one."""
        bill = Bill.objects.filter(charge=charge).first()
        return link(bill) if bill else ""

    @admin.display(ordering="energy_wh")
    def energy(self, charge: Charge) -> str:
        """In kWh."""
        return f"{charge.energy_wh / 1000:.3f} kWh"

    @admin.display(description="Meter samples")
    def samples(self, charge: Charge) -> SafeString:
        """The way to what was measured."""
        return link_to_list(MeterSample, "Meter samples", charge_id__exact=charge.pk)

    @admin.display(description="Commands")
    def commands(self, charge: Charge) -> SafeString:
        """The way to what was asked of it."""
        return link_to_list(Command, "Commands", charge__id__exact=charge.pk)


@admin.register(StatusChange)
class StatusChangeAdmin(ChargePointHistory[StatusChange]):
    """What connectors reported."""

    list_display = (
        moment("received_at"),
        "box",
        "connector_number",
        "status",
        "error_code",
        "vendor_error_code",
        "info",
    )
    list_filter = ("status",)
    ordering = ("-pk",)


@admin.register(Command)
class CommandAdmin(ChargePointHistory[Command]):
    """Remote actions and what became of them."""

    desk_page = "command"
    list_display = (moment("created_at"), "box", "kind", "status", "answer", "effect", "author_name", "reason")
    list_filter = ("kind", "status", "effect")
    search_fields = ("author_name", "charge_point__name", "charge_point__identity")
    exclude = ("parameters",)
    readonly_fields = ("given",)

    @admin.display(description="Parameters")
    def given(self, command: Command) -> str:
        """Without credentials, which stand in the row until it is sent."""
        return str(tellable(command.parameters))


@admin.register(Connection)
class ConnectionAdmin(ChargePointHistory[Connection]):
    """The link of each charge point now."""

    list_display = (
        "box",
        "is_connected",
        moment("connected_at"),
        moment("last_seen_at"),
        "subprotocol",
        "security_profile",
        "remote_address",
        "refused_reason",
    )
    list_filter = ("is_connected", "subprotocol", "refused_reason")
    ordering = ("charge_point__name", "pk")


@admin.register(LinkPeriod)
class LinkPeriodAdmin(ChargePointHistory[LinkPeriod]):
    """When charge points were connected."""

    list_display = (
        moment("started_at"),
        moment("ended_at"),
        "box",
        "subprotocol",
        "remote_address",
        "close_code",
        "close_reason",
    )
    ordering = ("-pk",)


@admin.register(ConnectionAttempt)
class ConnectionAttemptAdmin(ChargePointHistory[ConnectionAttempt]):
    """Refused handshakes. Those of unknown identities are nobody's: only superusers see them."""

    list_display = (
        moment("last_at"),
        "identity",
        "box",
        "reason",
        "http_status",
        "count",
        "remote_address",
        "subprotocols",
    )
    list_filter = ("reason",)
    search_fields = ("identity", "remote_address")


@admin.register(Finding)
class FindingAdmin(ChargePointHistory[Finding]):
    """Where charge points deviate from their protocol."""

    list_display = (moment("last_at"), "box", "rule", "detail", "count", "firmware", moment("first_at"))
    list_filter = ("rule",)
    ordering = ("-last_at",)


@admin.register(GatewayProcess)
class GatewayProcessAdmin(HistoryAdmin[GatewayProcess]):
    """The processes that hold the chargers' sockets; for superusers."""

    list_display = ("id", "host", "pid", moment("started_at"), moment("seen_at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[GatewayProcess]:
        """The last seen first."""
        return super().get_queryset(request).order_by("-seen_at")
