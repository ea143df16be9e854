"""People, invitations and the places that a person may put people in."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django_otp.plugins.otp_totp.models import TOTPDevice

from chargepoints.models import ChargePoint, Site
from chargepoints.permissions import (
    Person,
    invitations_for,
    members_for,
    memberships_of,
    organisations_for,
    teams_for,
)
from hub.teams.choices import RIGHTS, Right, Role
from hub.teams.models import Invitation, Member, Organisation, SignIn, Team, User


@dataclass(frozen=True, slots=True)
class Scope:
    """A whole organisation, or one team of it."""

    organisation: Organisation
    team: Team | None = None

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"team-{self.team.pk}" if self.team else f"organisation-{self.organisation.pk}"

    def __str__(self) -> str:
        return f"{self.organisation}, {self.team}" if self.team else f"All of {self.organisation}"

    def holds(self, site: Site) -> bool:
        """Whether the site lies in it; `site.team` must be loaded."""
        return site.team_id == self.team.pk if self.team else site.team.organisation_id == self.organisation.pk


def scopes_for(person: Person) -> list[Scope]:
    """Where `person` manages people, by name: organisations, each before its teams."""
    whole = {found.pk: found for found in organisations_for(person, Right.PEOPLE)}
    teams = teams_for(person, Right.PEOPLE).select_related("organisation")
    scopes = [Scope(organisation) for organisation in whole.values()]
    scopes += [Scope(team.organisation, team) for team in teams]
    return sorted(scopes, key=lambda s: (s.organisation.name, s.organisation.pk, s.team.name if s.team else ""))


def may_give(person: Person, scope: Scope, role: str) -> bool:
    """Whether `person` may make somebody `role` there: nobody gives what they do not have in the whole of it."""
    own = memberships_of(person).filter(organisation=scope.organisation, site_limits__isnull=True)
    wide_enough = Q(team__isnull=True) | Q(team=scope.team) if scope.team else Q(team__isnull=True)
    roles = own.filter(wide_enough).values_list("role", flat=True)
    rights: frozenset[Right] = frozenset().union(*(RIGHTS[each] for each in roles))
    return Right.PEOPLE in rights and RIGHTS[role] <= rights


def sites_to_choose(scopes: Iterable[Scope]) -> QuerySet[Site]:
    """The sites to which memberships in these places can be limited."""
    scopes = list(scopes)
    organisations = [scope.organisation for scope in scopes if scope.team is None]
    teams = [scope.team for scope in scopes if scope.team is not None]
    inside = Q(team__organisation__in=organisations) | Q(team__in=teams)
    return Site.objects.filter(inside, archived_at=None).select_related("team__organisation").order_by("name", "pk")


def people_for(person: Person) -> QuerySet[Member]:
    """The memberships of people that `person` manages; those of API keys are none of theirs."""
    return members_for(person).filter(user__isnull=False)


def people_find(person: Person, words: Iterable[str], role: str) -> QuerySet[Member]:
    """Those that match every word and the role, with second factor (`has_second_factor`) and `seen_at`."""
    found = people_for(person)
    for word in words:
        found = found.filter(
            Q(user__username__icontains=word)
            | Q(user__first_name__icontains=word)
            | Q(user__last_name__icontains=word)
            | Q(user__email__icontains=word)
            | Q(team__name__icontains=word)
        )
    if role:
        found = found.filter(role=role)
    seen = SignIn.objects.filter(user=OuterRef("user")).values("user").annotate(at=Max("seen_at")).values("at")
    device = TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)
    return (
        found.select_related("user", "organisation", "team")
        .prefetch_related("site_limits__site")
        .annotate(has_second_factor=Exists(device), seen_at=Subquery(seen))
        .order_by("organisation__name", "user__first_name", "user__username", F("team").asc(nulls_first=True), "pk")
    )


def invitations_open(person: Person) -> QuerySet[Invitation]:
    """Invitations that nobody has accepted or revoked, the newest first; those that ran out too."""
    return invitations_for(person).filter(accepted_at=None, revoked_at=None).select_related("organisation", "team")


def is_last_admin(member: Member) -> bool:
    """Whether nobody else would administer the whole organisation."""
    if member.role != Role.ADMIN or member.team_id is not None or member.site_limits.exists():
        return False
    others = Member.objects.filter(
        organisation=member.organisation_id,
        role=Role.ADMIN,
        team__isnull=True,
        site_limits__isnull=True,
        user__is_active=True,
    )
    return not others.exclude(pk=member.pk).exists()


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody loses with a membership."""

    sites: int
    charge_points: int
    memberships_left: int
    invitations: int


def reach_of(member: Member) -> Reach:
    """How much this membership opens, counted without what other memberships open as well."""
    sites = Site.objects.filter(team__organisation=member.organisation_id, archived_at=None)
    if member.team_id is not None:
        sites = sites.filter(team=member.team_id)
    limits = [limit.site_id for limit in member.site_limits.all()]
    if limits:
        sites = sites.filter(pk__in=limits)
    return Reach(
        sites=sites.count(),
        charge_points=ChargePoint.objects.filter(site__in=sites, archived_at=None).count(),
        memberships_left=Member.objects.filter(user=member.user).exclude(pk=member.pk).count(),
        invitations=Invitation.objects.filter(
            invited_by=member.user, organisation=member.organisation_id, accepted_at=None, revoked_at=None
        ).count(),
    )


def wholly_theirs(person: Person, user: User) -> bool:
    """Whether `person` manages everything that `user` belongs to: only then may they touch the account itself."""
    if user.is_superuser or user.pk == person.pk:
        return False
    theirs = Member.objects.filter(user=user).aggregate(
        all=Count("pk"), managed=Count("pk", filter=Q(pk__in=people_for(person)))
    )
    return bool(theirs["all"]) and theirs["all"] == theirs["managed"]
