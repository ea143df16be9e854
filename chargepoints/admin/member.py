"""Memberships, with the sites that they are limited to."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chargepoints.models import Site, SiteLimit
from hub.admin import ScopedAdmin, ScopedInline, link
from hub.teams.admin import MemberForm
from hub.teams.models import ApiKey, Member


class SiteLimitFormSet(forms.BaseInlineFormSet[SiteLimit, Member, forms.ModelForm[SiteLimit]]):
    """Sites of the membership's own organisation, and of its team if it has one."""

    def clean(self) -> None:
        """Raises ValidationError for a site that the membership could never see."""
        super().clean()
        for form in self.forms:
            site = getattr(form, "cleaned_data", {}).get("site")
            if site is not None and not self._within(site):
                raise forms.ValidationError(f"{site} is not a site of this membership's organisation or team.")

    def _within(self, site: Site) -> bool:
        member = self.instance
        same_team = member.team_id is None or site.team_id == member.team_id
        return same_team and site.team.organisation_id == member.organisation_id


class SiteLimitInline(ScopedInline[SiteLimit, Member]):
    """With any of these, the member sees only these sites."""

    model = SiteLimit
    formset = SiteLimitFormSet
    organisation_path = "site__team__organisation"
    autocomplete_fields = ("site",)
    show_change_link = False
    verbose_name_plural = "Only these sites"


@admin.register(Member)
class MemberAdmin(ScopedAdmin[Member]):
    """Who has which role where."""

    form = MemberForm
    organisation_path = "organisation"
    list_display = ("who", "role", "operator", "team", "limited_to")
    list_select_related = ("user", "organisation", "team", "api_key")
    list_filter = ("role", ("organisation", admin.RelatedOnlyFieldListFilter))
    search_fields = ("user__username", "user__first_name", "user__last_name", "user__email", "api_key__name")
    ordering = ("organisation__name", "user__username", "pk")
    autocomplete_fields = ("user", "team")
    inlines = (SiteLimitInline,)
    goes_along = (ApiKey,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        """With what the list counts."""
        return super().get_queryset(request).annotate(limit_count=Count("site_limits"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A membership stays one person's in one organisation."""
        return ("user", "organisation") if obj else ()

    @admin.display(description="Person or API key", ordering="user__username")
    def who(self, member: Member) -> str:
        """Who has the role; a program's key has a membership of its own."""
        key = getattr(member, "api_key", None)
        return f"API key {key}" if key else str(member.user or "nobody")

    @admin.display(description="Organisation", ordering="organisation__name")
    def operator(self, member: Member) -> SafeString | str:
        """The organisation, as a link."""
        return link(member.organisation)

    @admin.display(description="Sites", ordering="limit_count")
    def limited_to(self, member: Member) -> str:
        """All, or how many."""
        count = getattr(member, "limit_count", 0)
        return f"only {count}" if count else "all"
