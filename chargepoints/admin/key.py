"""Drivers and charge keys."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chargepoints.models import Charge, ChargeKey, Driver
from hub.admin import ScopedAdmin, ScopedInline, link, link_to_list


class ChargeKeyForm(forms.ModelForm[ChargeKey]):
    """A key whose driver is of its organisation."""

    def clean(self) -> dict[str, Any] | None:
        """Organisation and driver are chosen side by side."""
        cleaned = super().clean()
        organisation, driver = self.cleaned_data.get("organisation"), self.cleaned_data.get("driver")
        if organisation and driver and driver.organisation_id != organisation.pk:
            raise forms.ValidationError("This driver belongs to another organisation.")
        return cleaned


class ChargeKeyInline(ScopedInline[ChargeKey, Driver]):
    """The keys of a driver. New ones are made on their own page, where the organisation is chosen."""

    model = ChargeKey
    organisation_path = "organisation"
    fields = ("id_tag", "type", "state", "expires_at", "parent_id_tag")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the key's own page."""
        return False


@admin.register(Driver)
class DriverAdmin(ScopedAdmin[Driver]):
    """Drivers."""

    organisation_path = "organisation"
    list_display = ("name", "user_id", "email", "operator", "keys")
    list_select_related = ("organisation",)
    list_filter = (("organisation", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "user_id", "email", "charge_keys__id_tag")
    inlines = (ChargeKeyInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Driver]:
        """With the keys that the list names."""
        return super().get_queryset(request).prefetch_related("charge_keys")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A driver stays with their organisation: keys and charges do too."""
        return ("organisation",) if obj else ()

    @admin.display(description="Organisation", ordering="organisation__name")
    def operator(self, driver: Driver) -> SafeString | str:
        """The organisation, as a link."""
        return link(driver.organisation)

    @admin.display(description="Charge keys")
    def keys(self, driver: Driver) -> str:
        """Their id tags."""
        return ", ".join(key.id_tag for key in driver.charge_keys.all()) or "-"


@admin.register(ChargeKey)
class ChargeKeyAdmin(ScopedAdmin[ChargeKey]):
    """RFID cards and app tokens."""

    form = ChargeKeyForm
    organisation_path = "organisation"
    list_display = ("id_tag", "type", "state", "holder", "expires_at", "parent_id_tag", "operator", "charges")
    list_select_related = ("organisation", "driver")
    list_filter = ("state", "type", ("organisation", admin.RelatedOnlyFieldListFilter))
    search_fields = ("id_tag", "parent_id_tag", "driver__name", "driver__user_id")
    autocomplete_fields = ("driver",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A key stays with its organisation."""
        return ("organisation",) if obj else ()

    @admin.display(description="Driver", ordering="driver__name")
    def holder(self, key: ChargeKey) -> SafeString | str:
        """The driver, as a link."""
        return link(key.driver)

    @admin.display(description="Organisation", ordering="organisation__name")
    def operator(self, key: ChargeKey) -> SafeString | str:
        """The organisation, as a link."""
        return link(key.organisation)

    @admin.display()
    def charges(self, key: ChargeKey) -> SafeString:
        """The way to what was charged with it."""
        return link_to_list(Charge, "Charges", charge_key__id__exact=key.pk)
