"""Sites."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chargepoints.models import ChargePoint, Site
from hub.admin import HistoryInline, ScopedAdmin, link, link_to_list


class ChargePointInline(HistoryInline[ChargePoint, Site]):
    """What stands on a site."""

    model = ChargePoint
    fields = readonly_fields = ("name", "identity", "model", "integration", "state", "is_active")
    organisation_path = "site__team__organisation"


@admin.register(Site)
class SiteAdmin(ScopedAdmin[Site]):
    """Sites."""

    organisation_path = "team__organisation"
    list_display = ("name", "city", "owner", "operator", "charge_points", "power_limit", "time_zone")
    list_select_related = ("team__organisation",)
    list_filter = (("team", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "city", "address", "team__name")
    ordering = ("name",)
    autocomplete_fields = ("team",)
    inlines = (ChargePointInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """With what the list counts."""
        return super().get_queryset(request).annotate(charge_point_count=Count("charge_points"))

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
