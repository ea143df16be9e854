"""Sites."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from chargepoints.models import Charge, ChargePoint, Command, Connector, Site
from hub.admin import ArchivedFilter, HistoryInline, ScopedAdmin, archived, link, link_to_list
from hub.audit.models import AuditEntry


class ChargePointInline(HistoryInline[ChargePoint, Site]):
    """What stands on a site."""

    model = ChargePoint
    fields = readonly_fields = ("name", "identity", "model", "integration", "state", "is_active", "archived_at")
    organisation_path = "site__team__organisation"


@admin.register(Site)
class SiteAdmin(ScopedAdmin[Site]):
    """Sites."""

    organisation_path = "team__organisation"
    desk_page = "site"
    list_display = ("name", "city", "owner", "operator", "charge_points", "power_limit", "time_zone", archived)
    list_select_related = ("team__organisation",)
    list_filter = (
        ArchivedFilter,
        ("team", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("name", "city", "address", "team__name")
    ordering = ("name",)
    autocomplete_fields = ("team",)
    readonly_fields = ("elsewhere", "created_at", "archived_at")
    fieldsets = (
        (None, {"fields": ("team", "name", "elsewhere")}),
        ("Where", {"fields": ("address", "city", ("latitude", "longitude"), "time_zone")}),
        ("Facts", {"fields": ("phone", "power_limit_w", "notes", "created_at", "archived_at")}),
    )
    inlines = (ChargePointInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """With what the list counts."""
        return super().get_queryset(request).annotate(charge_point_count=Count("charge_points"))

    @admin.display(description="See also")
    def elsewhere(self, site: Site) -> SafeString | str:
        """The way to what stands here and what happened here."""
        if site.pk is None:
            return "-"
        at = {"charge_point__site__id__exact": site.pk}
        lists = (
            link_to_list(ChargePoint, "Charge points", site__id__exact=site.pk),
            link_to_list(Connector, "Connectors", **at),
            link_to_list(Charge, "Charges", **at),
            link_to_list(Command, "Commands", **at),
            link_to_list(AuditEntry, "Audit log", site_id=site.pk),
        )
        return format_html_join(" · ", "{}", ((each,) for each in lists))

    @admin.display(description="Team", ordering="team__name")
    def owner(self, site: Site) -> SafeString | str:
        """The team, as a link."""
        return link(site.team)

    @admin.display(description="Organisation", ordering="team__organisation__name")
    def operator(self, site: Site) -> SafeString | str:
        """The organisation, as a link."""
        return link(site.team.organisation)

    @admin.display(ordering="charge_point_count")
    def charge_points(self, site: Site) -> SafeString:
        """How many charge points it has."""
        count = getattr(site, "charge_point_count", 0)
        return link_to_list(ChargePoint, str(count), site__id__exact=site.pk)

    @admin.display(description="Power limit", ordering="power_limit_w")
    def power_limit(self, site: Site) -> str:
        """In kW."""
        return f"{site.power_limit_w / 1000:g} kW" if site.power_limit_w else "-"
