"""Organisations as their admins see them: their teams, and how much is in each."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from chargepoints.models import ChargePoint, Site, SiteLimit, Webhook
from chargepoints.permissions import Person, organisations_for
from hub.teams.choices import Right
from hub.teams.models import Invitation, Member, Organisation, Team


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team with what is in it; `sites` and `charge_points` without archived ones."""

    team: Team
    sites: int = 0
    archived_sites: int = 0
    charge_points: int = 0
    members: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether it can be removed."""
        return not (self.sites or self.archived_sites or self.members)


@dataclass(frozen=True, slots=True)
class OrganisationCard:
    """An organisation, its teams, and its members outside teams: of all of it, or of some sites only."""

    organisation: Organisation
    teams: list[TeamLine]
    members: int
    limited: int


def organisations_managed(person: Person) -> QuerySet[Organisation]:
    """The organisations in which `person` manages the teams."""
    return organisations_for(person, Right.PEOPLE)


def organisation_cards(person: Person) -> list[OrganisationCard]:
    """Each organisation that `person` manages, with its teams: eight queries, however many."""
    listed = list(organisations_managed(person).order_by("name", "pk"))
    teams = Team.objects.filter(organisation__in=listed).order_by("name", "pk")
    sites = Site.objects.filter(team__organisation__in=listed)
    boxes = ChargePoint.objects.filter(archived_at__isnull=True, site__team__organisation__in=listed)
    members = Member.objects.filter(organisation__in=listed)
    current = _counts(sites.filter(archived_at__isnull=True), "team")
    archived = _counts(sites.filter(archived_at__isnull=False), "team")
    standing = _counts(boxes, "site__team")
    inside = _counts(members.filter(team__isnull=False), "team")
    outside = members.filter(team__isnull=True)
    limits = SiteLimit.objects.filter(member=OuterRef("pk"))
    whole = _counts(outside.filter(~Exists(limits)), "organisation")
    limited = _counts(outside.filter(Exists(limits)), "organisation")
    cards = {each.pk: OrganisationCard(each, [], whole.get(each.pk, 0), limited.get(each.pk, 0)) for each in listed}
    for team in teams:
        figures = [counted.get(team.pk, 0) for counted in (current, archived, standing, inside)]
        cards[team.organisation_id].teams.append(TeamLine(team, *figures))
    return list(cards.values())


def team_contents(team: Team) -> list[str]:
    """What keeps a team from being removed, in words; nothing when it is empty."""
    open_offers = Invitation.objects.filter(
        team=team, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
    )
    counted = (
        (Site.objects.filter(team=team, archived_at__isnull=True).count(), "site", "sites"),
        (Site.objects.filter(team=team, archived_at__isnull=False).count(), "archived site", "archived sites"),
        (Member.objects.filter(team=team, api_key__isnull=True).count(), "member", "members"),
        (Member.objects.filter(team=team, api_key__isnull=False).count(), "API key", "API keys"),
        (open_offers.count(), "open invitation", "open invitations"),
        (Webhook.objects.filter(team=team).count(), "webhook", "webhooks"),
    )
    return [f"{number} {one if number == 1 else many}" for number, one, many in counted if number]


def _counts(rows: QuerySet[Any], path: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(path).annotate(n=Count("pk")))
