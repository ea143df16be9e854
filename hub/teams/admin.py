"""Organisations, teams and people in the administration."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.admin import ScopedAdmin, ScopedInline, administered, is_superuser, link, link_to_list
from hub.teams import access_admin
from hub.teams.models import ApiKey, Invitation, Member, Organisation, SignIn, Team, User

if TYPE_CHECKING:
    _DjangoUserAdmin = DjangoUserAdmin[User]
else:
    _DjangoUserAdmin = DjangoUserAdmin

__all__ = ["MemberForm", "access_admin"]

# Roles decide here, not Django's groups and permission rows.
admin.site.unregister(Group)


class TeamInline(ScopedInline[Team, Organisation]):
    """The teams of an organisation."""

    model = Team
    organisation_path = "organisation"


@admin.register(Organisation)
class OrganisationAdmin(ScopedAdmin[Organisation]):
    """Operators. Only superusers make and remove them."""

    organisation_path = "pk"
    list_display = ("name", "teams", "people")
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (TeamInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        """With what the list counts."""
        return (
            super()
            .get_queryset(request)
            .annotate(team_count=Count("teams", distinct=True), people_count=Count("members__user", distinct=True))
        )

    @admin.display(ordering="team_count")
    def teams(self, organisation: Organisation) -> SafeString:
        """How many teams it has."""
        count = getattr(organisation, "team_count", 0)
        return link_to_list(Team, str(count), organisation__id__exact=organisation.pk)

    @admin.display(ordering="people_count")
    def people(self, organisation: Organisation) -> SafeString:
        """How many people are members."""
        count = getattr(organisation, "people_count", 0)
        return link_to_list(Member, str(count), organisation__id__exact=organisation.pk)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)


class TeamMemberInline(ScopedInline[Member, Team]):
    """People who are members of one team only."""

    model = Member
    fields = ("user", "api_key", "role")
    readonly_fields = ("user", "api_key", "role")
    organisation_path = "organisation"
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the member's own page, where organisation and team are chosen together."""
        return False


@admin.register(Team)
class TeamAdmin(ScopedAdmin[Team]):
    """Teams."""

    organisation_path = "organisation"
    list_display = ("name", "operator")
    list_select_related = ("organisation",)
    list_filter = (("organisation", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("name", "organisation__name")
    inlines = (TeamMemberInline,)
    goes_along = (ApiKey, Invitation)

    @admin.display(description="Organisation", ordering="organisation__name")
    def operator(self, team: Team) -> SafeString | str:
        """The organisation, as a link."""
        return link(team.organisation)

    def get_readonly_fields(self, request: HttpRequest, obj: Team | None = None) -> tuple[str, ...]:
        """A team stays with its organisation: its sites' history belongs there."""
        return ("organisation",) if obj else ()


class MemberForm(forms.ModelForm[Member]):
    """A membership whose team is of its organisation."""

    def clean(self) -> dict[str, Any] | None:
        """Organisation and team are chosen side by side."""
        cleaned = super().clean()
        organisation, team = self.cleaned_data.get("organisation"), self.cleaned_data.get("team")
        if organisation and team and team.organisation_id != organisation.pk:
            raise forms.ValidationError("This team belongs to another organisation.")
        if "user" in self.fields and not self.cleaned_data.get("user"):
            self.add_error("user", "Choose a person. Keys of programs are made on the desk.")
        return cleaned


class MembershipInline(ScopedInline[Member, User]):
    """What a person may do, and where."""

    model = Member
    form = MemberForm
    fields = ("organisation", "team", "role")
    organisation_path = "organisation"

    def get_min_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """An Admin makes people of their own organisation; without one they would lose sight of them."""
        return 0 if obj is not None or is_superuser(request) else 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The first membership of a new person must be filled in."""
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(User)
class UserAdmin(ScopedAdmin[User], _DjangoUserAdmin):
    """People. An Admin edits those who belong to their organisations and to no other."""

    act_without_form = "password_set"
    goes_along = (SignIn, ApiKey)
    organisation_path = "memberships__organisation"
    list_display = ("username", "first_name", "last_name", "email", "roles", "is_staff", "is_active")
    list_filter = ("is_active", "is_staff", "memberships__role")
    inlines = (MembershipInline,)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Desk", {"fields": ("theme", "density")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": "Staff who are Admin of an organisation see this administration.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def scoped(self, rows: QuerySet[User], organisations: frozenset[int]) -> QuerySet[User]:
        """Without doubling a person who has several memberships."""
        return rows.filter(Exists(Member.objects.filter(user=OuterRef("pk"), organisation__in=organisations)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With the memberships that the list shows: those in the organisations of the person who looks."""
        memberships = Member.objects.select_related("organisation")
        if not is_superuser(request):
            memberships = memberships.filter(organisation__in=administered(request))
        return super().get_queryset(request).prefetch_related(Prefetch("memberships", memberships))

    @admin.display(description="Memberships")
    def roles(self, user: User) -> str:
        """Role and organisation of each membership."""
        return ", ".join(f"{m.get_role_display()} ({m.organisation})" for m in user.memberships.all())

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes superusers."""
        fixed = ("last_login", "date_joined")
        return fixed if is_superuser(request) else (*fixed, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not a superuser, and nobody who also belongs elsewhere: a new password would open that too."""
        return super().has_change_permission(request, obj) and self._wholly_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changes, and never oneself."""
        if obj is not None and obj.pk == request.user.pk:
            return False
        return super().has_delete_permission(request, obj) and self._wholly_theirs(request, obj)

    def _wholly_theirs(self, request: HttpRequest, obj: User | None) -> bool:
        if obj is None or is_superuser(request):
            return True
        elsewhere = Member.objects.filter(user=obj).exclude(organisation__in=administered(request))
        return not obj.is_superuser and not elsewhere.exists()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting one by one, where each person is checked."""
        return {}
