"""Who may see and do what: one function per noun, asked by every view, fragment, live topic and API call.

Each returns a queryset, so that a foreign object is simply not there (404), whatever asks for it.
"""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from chargepoints.models import Charge, ChargePoint, Command, ConnectionAttempt, Driver, Site, SiteLimit
from hub.teams.choices import RIGHTS, Right, roles_with
from hub.teams.models import Member, User

Person = User | AnonymousUser


def sites_for(user: Person, right: Right = Right.VIEW) -> QuerySet[Site]:
    """The sites in which `user` has `right`: by organisation or team, and within the membership's site limits."""
    if not user.is_authenticated or not user.is_active:
        return Site.objects.none()
    limits = SiteLimit.objects.filter(member=OuterRef("pk"))
    grants = (
        Member.objects.filter(user=user, role__in=roles_with(right))
        .filter(Q(team__isnull=True) | Q(team=OuterRef("team")))
        .filter(organisation=OuterRef("team__organisation"))
        .filter(~Exists(limits) | Exists(limits.filter(site=OuterRef(OuterRef("pk")))))
    )
    return Site.objects.filter(Exists(grants))


def charge_points_for(user: Person, right: Right = Right.VIEW) -> QuerySet[ChargePoint]:
    """The charge points for which `user` has `right`."""
    return ChargePoint.objects.filter(site__in=sites_for(user, right))


def charges_for(user: Person, right: Right = Right.VIEW) -> QuerySet[Charge]:
    """The charges that `user` may see (or act on, with another right)."""
    return Charge.objects.filter(charge_point__site__in=sites_for(user, right))


def commands_for(user: Person, right: Right = Right.VIEW) -> QuerySet[Command]:
    """The commands that `user` may see."""
    return Command.objects.filter(charge_point__site__in=sites_for(user, right))


def drivers_for(user: Person) -> QuerySet[Driver]:
    """The drivers of the organisations in which `user` may start a charge for somebody."""
    if not user.is_authenticated or not user.is_active:
        return Driver.objects.none()
    organisations = Member.objects.filter(user=user, role__in=roles_with(Right.COMMAND)).values("organisation")
    return Driver.objects.filter(organisation__in=organisations)


def attempts_for(user: Person) -> QuerySet[ConnectionAttempt]:
    """Refused handshakes of the user's charge points.

    Knocks of identities that belong to nobody are nobody's: they carry no organisation, so administrators of the
    portal see them in Django admin.
    """
    return ConnectionAttempt.objects.filter(charge_point__site__in=sites_for(user))


def rights_on(user: Person, charge_point: ChargePoint) -> frozenset[Right]:
    """Everything `user` may do with this charge point; empty when it is not theirs to see."""
    limits = SiteLimit.objects.filter(member=OuterRef("pk"))
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    team = charge_point.site.team
    roles = (
        Member.objects.filter(user=user, organisation=team.organisation_id)
        .filter(Q(team__isnull=True) | Q(team=team))
        .filter(~Exists(limits) | Exists(limits.filter(site=charge_point.site_id)))
        .values_list("role", flat=True)
    )
    return frozenset().union(*(RIGHTS[role] for role in roles))
