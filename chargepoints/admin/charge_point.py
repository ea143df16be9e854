"""Charge points and connectors."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from chargepoints.exceptions import ActionRefused
from chargepoints.models import (
    Charge,
    ChargePoint,
    ChargingProfile,
    Command,
    ConfigurationItem,
    Connection,
    ConnectionAttempt,
    Connector,
    IssuedCertificate,
    LinkPeriod,
    LogLine,
    MaintenancePeriod,
    MeterSample,
    Reservation,
    SecurityEvent,
    StatusChange,
)
from chargepoints.selectors.identity import charge_points_identified
from chargepoints.services.commands import command_create
from chargepoints.services.credentials import LONGEST, SHORTEST, password_set
from chargepoints.services.states import states_refresh
from hub.admin import ArchivedFilter, ScopedAdmin, ScopedInline, archived, link, link_to_list, moment
from hub.audit.models import AuditEntry
from hub.http import remote_address

REPORTED = (
    "vendor",
    "model",
    "serial",
    "firmware",
    "meter_type",
    "meter_serial",
    "iccid",
    "imsi",
    "booted_at",
    "box_status",
    "box_error_code",
)
HISTORY = (
    *(LogLine, Charge, StatusChange, Command, LinkPeriod, ConnectionAttempt, MeterSample),
    *(ConfigurationItem, ChargingProfile, Reservation, SecurityEvent, IssuedCertificate, MaintenancePeriod),
)


class ChargePointForm(forms.ModelForm[ChargePoint]):
    """A charge point; a password goes in and never comes out."""

    new_password = forms.CharField(
        required=False,
        min_length=SHORTEST,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text=f"{SHORTEST} to {LONGEST} characters, the same as in the charger. Empty: no change. "
        "It is never shown again.",
    )

    def clean_identity(self) -> str | None:
        """Trimmed, and nobody else's in any case (OCPP identities are compared without regard to it)."""
        identity = (self.cleaned_data.get("identity") or "").strip() or None
        if identity and charge_points_identified(identity).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another charge point has this identity already.")
        return identity

    def clean(self) -> dict[str, Any] | None:
        """A password belongs to an identity."""
        cleaned = super().clean()
        if self.cleaned_data.get("new_password") and not self.cleaned_data.get("identity"):
            self.add_error("new_password", "Set the identity first: the password belongs to it.")
        return cleaned


class ConnectorInline(ScopedInline[Connector, ChargePoint]):
    """The cables and sockets; what they report cannot be edited."""

    model = Connector
    organisation_path = "charge_point__site__team__organisation"
    fields = ("number", "type", "max_power_w", "status", "error_code", "power_w")
    readonly_fields = ("status", "error_code", "power_w")


@admin.register(ChargePoint)
class ChargePointAdmin(ScopedAdmin[ChargePoint]):
    """Charge points. One with a history cannot be deleted; it is deactivated instead."""

    form = ChargePointForm
    organisation_path = "site__team__organisation"
    desk_page = "charge_point"
    goes_along = (Connection, MaintenancePeriod)
    list_display = ("name", "identity", "place", "integration", "state", "model", "firmware", "is_active", archived)
    list_select_related = ("site__team__organisation", "connection")
    list_filter = (
        "integration",
        "state",
        "is_active",
        "maintenance",
        ArchivedFilter,
        ("site", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("name", "identity", "serial", "sticker", "model", "site__name")
    autocomplete_fields = ("site",)
    inlines = (ConnectorInline,)
    readonly_fields = (
        *REPORTED,
        "integration",
        "state",
        *("created_at", "archived_at", "maintenance", "maintenance_reason", "registration_told"),
        *("small_ids_given", "has_password"),
        *("elsewhere", "wanted_identity", "former_identity"),
    )
    fieldsets = (
        (None, {"fields": ("site", "name", "identity", "sticker", "location", "note", "elsewhere")}),
        ("Identities", {"classes": ("collapse",), "fields": ("wanted_identity", "former_identity", "archived_at")}),
        ("Security", {"fields": ("security_profile", "has_password", "new_password")}),
        (
            "Operation",
            {
                "fields": (
                    ("integration", "state"),
                    "is_active",
                    ("maintenance", "maintenance_reason"),
                    ("registration", "registration_told"),
                    "heartbeat_interval",
                    ("assume_version", "is_strict"),
                    ("small_transaction_ids", "small_ids_given"),
                )
            },
        ),
        ("What it says of itself", {"fields": (*REPORTED, "created_at")}),
    )

    def save_model(self, request: HttpRequest, obj: ChargePoint, form: Any, change: bool) -> None:
        """Store, set the new password, and derive the states anew."""
        password = form.cleaned_data.get("new_password")
        with transaction.atomic():
            if change and "identity" in form.changed_data and obj.password_hmac and not password:
                obj.password_hmac = obj.next_password_hmac = ""
                messages.warning(request, "The password belonged to the old identity. Set a new one.")
            super().save_model(request, obj, form, change)
            if password:
                password_set(charge_point=obj, password=password)
            states_refresh(charge_point_ids=[obj.pk])
        if change and "registration" in form.changed_data:
            self._boot(request, obj)

    def _boot(self, request: HttpRequest, obj: ChargePoint) -> None:
        """Another registration is told at the next boot: ask for it once. A rejected charger boots by itself."""
        try:
            command_create(
                charge_point=obj,
                kind="trigger",
                parameters={"message": "BootNotification", "connector": None},
                author=request.user if request.user.is_authenticated else None,
                author_address=remote_address(request),
                reason=f"Registration set to {obj.registration}.",
            )
        except ActionRefused:
            messages.info(request, "The registration is told to the charger when it boots next.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only one that has never been seen."""
        used = obj is not None and (
            obj.charges.exists() or obj.link_periods.exists() or obj.status_changes.exists() or obj.commands.exists()
        )
        return not used and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting one by one, where the history is looked at."""
        return {}

    @admin.display(description="Site", ordering="site__name")
    def place(self, charge_point: ChargePoint) -> SafeString | str:
        """The site, as a link."""
        return link(charge_point.site)

    @admin.display(description="Password set", boolean=True)
    def has_password(self, charge_point: ChargePoint) -> bool:
        """Whether the charger can sign in."""
        return bool(charge_point.password_hmac)

    @admin.display(description="See also")
    def elsewhere(self, charge_point: ChargePoint) -> SafeString | str:
        """The way to its site, its connectors, and everything that is kept about it."""
        if charge_point.pk is None:
            return "-"
        lists = [
            (
                link_to_list(
                    model, capfirst(str(model._meta.verbose_name_plural)), charge_point__id__exact=charge_point.pk
                ),
            )
            for model in HISTORY
        ]
        audit = link_to_list(AuditEntry, "Audit log", noun="charge_point", object_id=charge_point.pk)
        return format_html(
            "{} · {} · {} · {} · {}",
            link(charge_point.site, "Site"),
            link_to_list(Connector, "Connectors", charge_point__id__exact=charge_point.pk),
            link(getattr(charge_point, "connection", None), "Connection"),
            format_html_join(" · ", "{}", lists),
            audit,
        )


@admin.register(Connector)
class ConnectorAdmin(ScopedAdmin[Connector]):
    """Connectors; what they report cannot be edited."""

    organisation_path = "charge_point__site__team__organisation"
    list_display = ("__str__", "box", "type", "max_power_w", "status", "error_code", "power_w", moment("status_since"))
    list_select_related = ("charge_point__site",)
    list_filter = ("status", "type")
    search_fields = ("charge_point__name", "charge_point__identity")
    autocomplete_fields = ("charge_point",)
    desk_page = "charge_point"
    readonly_fields = (
        "elsewhere",
        "status",
        "raw_status",
        "error_code",
        "vendor_error_code",
        "info",
        "status_at",
        "status_since",
        "power_w",
        "register_wh",
        "metered_at",
    )

    def desk_key(self, obj: Connector) -> object:
        """The desk shows it on its charge point's page."""
        return obj.charge_point_id

    @admin.display(description="See also")
    def elsewhere(self, connector: Connector) -> SafeString | str:
        """The way to its charge point and to what was charged at it."""
        if connector.pk is None:
            return "-"
        charges = link_to_list(Charge, "Charges", connector__id__exact=connector.pk)
        return format_html("{} · {}", link(connector.charge_point), charges)

    @admin.display(description="Charge point", ordering="charge_point__name")
    def box(self, connector: Connector) -> SafeString | str:
        """The charge point, as a link."""
        return link(connector.charge_point)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connector]:
        """By charge point and number."""
        return super().get_queryset(request).order_by("charge_point__name", "charge_point", "number")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting one by one, where charges protect their connector."""
        return {}
