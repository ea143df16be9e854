"""Prices, payment methods, bills and the books. Money moves on the desk; here it is looked up."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chargepoints.forms.prices import currency_checked
from chargepoints.models import (
    Bill,
    HomeCharger,
    KeyLimit,
    LedgerAccount,
    LedgerLine,
    LedgerMovement,
    Payment,
    PaymentMethod,
    Price,
    PriceGroup,
    SpotPrice,
    SpotSource,
)
from hub.admin import HistoryAdmin, HistoryInline, ScopedAdmin, link, moment


class PriceInline(HistoryInline[Price, PriceGroup]):
    """What the group says and said. New prices are made on the desk, where the old one is ended with them."""

    model = Price
    organisation_path = "price_group__organisation"
    fields = readonly_fields = ("valid_from", "valid_to", "per_kwh", "per_minute", "start_fee", "vat_percent")


class PriceGroupAdminForm(ModelForm[PriceGroup]):
    """A price group in a currency that Hub can count."""

    def clean_currency(self) -> str:
        """None with thousandths."""
        return currency_checked(self.cleaned_data["currency"])


@admin.register(PriceGroup)
class PriceGroupAdmin(ScopedAdmin[PriceGroup]):
    """Price groups."""

    form = PriceGroupAdminForm
    organisation_path = "organisation"
    list_display = ("name", "currency", "is_default", "authorise_amount", "organisation", moment("archived_at"))
    list_filter = ("is_default", ("organisation", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "description")
    inlines = (PriceInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: PriceGroup | None = None) -> tuple[str, ...]:
        """Bills were written in its currency."""
        return ("organisation", "currency") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Bills refer to it; it is archived on the desk."""
        return False


@admin.register(Price)
class PriceAdmin(HistoryAdmin[Price]):
    """What price groups say and said."""

    organisation_path = "price_group__organisation"
    list_display = ("price_group", moment("valid_from"), moment("valid_to"), "per_kwh", "per_minute", "start_fee")
    list_select_related = ("price_group",)
    search_fields = ("price_group__name",)


@admin.register(SpotSource)
class SpotSourceAdmin(HistoryAdmin[SpotSource]):
    """Sources of hourly prices."""

    organisation_path = "organisation"
    list_display = ("name", "currency", "organisation")
    list_select_related = ("organisation",)
    search_fields = ("name",)


@admin.register(SpotPrice)
class SpotPriceAdmin(HistoryAdmin[SpotPrice]):
    """Hourly prices."""

    organisation_path = "source__organisation"
    list_display = ("source", moment("starts_at"), "per_kwh")
    list_select_related = ("source",)
    ordering = ("-starts_at",)


@admin.register(PaymentMethod)
class PaymentMethodAdmin(HistoryAdmin[PaymentMethod]):
    """Where money comes from. References of cards are not shown."""

    organisation_path = "organisation"
    list_display = ("name", "kind", "driver", "team", "currency", "is_default", "is_active")
    list_select_related = ("driver", "team")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "driver__name", "driver__user_id")
    exclude = ("reference",)


@admin.register(Payment)
class PaymentAdmin(HistoryAdmin[Payment]):
    """The money of bills."""

    organisation_path = "payment_method__organisation"
    list_display = (moment("created_at"), "payment_method", "state", "authorised", "captured", "refunded", "currency")
    list_select_related = ("payment_method",)
    list_filter = ("state",)
    raw_id_fields = ("bill",)


@admin.register(Bill)
class BillAdmin(HistoryAdmin[Bill]):
    """Bills, each with its charge."""

    organisation_path = "organisation"
    list_display = (moment("started_at"), "of_charge", "site", "driver", "state", "energy_wh", "total", "currency")
    list_select_related = ("charge__charge_point", "site", "driver")
    list_filter = ("state", ("site", admin.RelatedOnlyFieldListFilter))
    search_fields = ("=charge__transaction_id", "driver__name", "driver__user_id")
    raw_id_fields = ("charge",)

    @admin.display(description="Charge")
    def of_charge(self, bill: Bill) -> SafeString | str:
        """The charge, as a link."""
        return link(bill.charge)


@admin.register(HomeCharger)
class HomeChargerAdmin(HistoryAdmin[HomeCharger]):
    """Chargers at drivers' homes."""

    organisation_path = "driver__organisation"
    list_display = ("charge_point", "driver", "per_kwh", "currency", moment("valid_from"), moment("valid_to"))
    list_select_related = ("charge_point", "driver")


@admin.register(KeyLimit)
class KeyLimitAdmin(HistoryAdmin[KeyLimit]):
    """Where keys work."""

    organisation_path = "charge_key__organisation"
    list_display = ("charge_key", "team", "site", "charge_point")
    list_select_related = ("charge_key", "team", "site", "charge_point")
    search_fields = ("charge_key__id_tag",)


class LedgerLineInline(HistoryInline[LedgerLine, LedgerMovement]):
    """The accounts that a movement touched."""

    model = LedgerLine
    organisation_path = "movement__organisation"
    fields = readonly_fields = ("account", "amount")


@admin.register(LedgerMovement)
class LedgerMovementAdmin(HistoryAdmin[LedgerMovement]):
    """Why money moved."""

    organisation_path = "organisation"
    list_display = (moment("at"), "kind", "key", "actor_name", "reason")
    list_filter = ("kind",)
    search_fields = ("key", "actor_name", "reason")
    inlines = (LedgerLineInline,)
    raw_id_fields = ("payment",)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(HistoryAdmin[LedgerAccount]):
    """Accounts and their balances."""

    organisation_path = "organisation"
    list_display = ("kind", "payment_method", "currency", "balance", "organisation")
    list_select_related = ("payment_method", "organisation")
    list_filter = ("kind", "currency")


@admin.register(LedgerLine)
class LedgerLineAdmin(HistoryAdmin[LedgerLine]):
    """Every amount on every account."""

    organisation_path = "movement__organisation"
    list_display = ("movement", "account", "amount")
    list_select_related = ("movement", "account__payment_method")
    ordering = ("-pk",)
