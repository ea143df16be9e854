"""Ways in: API keys, invitations and sign-ins in the administration. Keys and tokens themselves are shown nowhere."""

from django.contrib import admin
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from hub.admin import HistoryAdmin, moment
from hub.audit.recorded import record
from hub.teams.models import ApiKey, Invitation, Member, SignIn


@admin.register(ApiKey)
class ApiKeyAdmin(HistoryAdmin[ApiKey]):
    """Programs' ways in. They are made on the desk, where the key is shown once; here they can be revoked."""

    organisation_path = "member__organisation"
    list_display = ("name", "prefix", "member", "state", moment("last_used_at"), moment("expires_at"), "created_by")
    list_select_related = ("member__organisation", "member__team", "member__user", "created_by")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "member__role")
    search_fields = ("name", "prefix", "created_by__username")
    fields = (
        *("name", "prefix", "member", "state", "created_by", "created_at"),
        *("expires_at", "last_used_at", "last_used_from", "revoked_at"),
    )
    readonly_fields = fields
    ordering = ("name", "pk")
    actions = ("revoke",)  # type: ignore[assignment]

    @admin.display()
    def state(self, key: ApiKey) -> str:
        """Whether it opens anything."""
        if key.revoked_at:
            return "revoked"
        return "works" if key.is_active else "expired"

    @admin.action(description="Revoke: let no program in with them any more")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the keys at once, on record."""
        self.message_user(request, f"{revoke(request, queryset, self.organisation_path)} revoked.")


@admin.register(Invitation)
class InvitationAdmin(HistoryAdmin[Invitation]):
    """Offers of a membership. They are made on the desk, which mails them; here they can be revoked."""

    organisation_path = "organisation"
    list_display = ("email", "role", "organisation", "team", "state", moment("created_at"), "invited_by")
    list_select_related = ("organisation", "team", "invited_by")
    list_filter = ("role", ("accepted_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("email", "invited_by__username")
    date_hierarchy = "created_at"
    fields = (
        *("email", "organisation", "team", "role", "site_ids", "state", "invited_by", "created_at"),
        *("sent_at", "expires_at", "accepted_at", "accepted_by", "revoked_at"),
    )
    readonly_fields = fields
    ordering = ("-created_at", "-pk")
    actions = ("revoke",)  # type: ignore[assignment]

    @admin.display()
    def state(self, invitation: Invitation) -> str:
        """What became of it."""
        if invitation.accepted_at:
            return "accepted"
        if invitation.revoked_at:
            return "revoked"
        return "open" if invitation.expires_at > timezone.now() else "expired"

    @admin.action(description="Revoke: let nobody join with them any more")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """End the open ones at once, on record."""
        open_ones = queryset.filter(accepted_at__isnull=True)
        self.message_user(request, f"{revoke(request, open_ones, self.organisation_path)} revoked.")


@admin.register(SignIn)
class SignInAdmin(HistoryAdmin[SignIn]):
    """Where people have signed in from."""

    organisation_path = "user__memberships__organisation"
    list_display = (moment("started_at"), "user", "address", "user_agent", moment("seen_at"), moment("ended_at"))
    list_select_related = ("user",)
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__username", "user__first_name", "user__last_name", "=address")
    date_hierarchy = "started_at"
    fields = ("user", "address", "user_agent", "started_at", "seen_at", "ended_at", "end_reason")
    readonly_fields = fields
    ordering = ("-started_at", "-pk")

    def scoped(self, rows: QuerySet[SignIn], organisations: frozenset[int]) -> QuerySet[SignIn]:
        """Without doubling for a person who has several memberships."""
        return rows.filter(Exists(Member.objects.filter(user=OuterRef("user"), organisation__in=organisations)))


@transaction.atomic
def revoke(request: HttpRequest, rows: QuerySet[ApiKey] | QuerySet[Invitation], path: str) -> int:
    """Revoke those that are not; how many."""
    now = timezone.now()
    ended: list[ApiKey | Invitation] = list(rows.filter(revoked_at__isnull=True))
    for row in ended:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        record(request, "revoked", row, path)
    return len(ended)
