"""Moving a charge point to another site: where it can go, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.models import Charge, ChargePoint, Site, SiteLimit
from chargepoints.offers import CHARGE_RUNNING
from chargepoints.permissions import Person, members_for, sites_for
from hub.teams.choices import Right, roles_with
from hub.teams.models import Member

TARGETS_SHOWN = 20
NAMES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that is different afterwards. `icon` is a name of the sprite."""

    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class Move:
    """What follows from moving a charge point to `target`; `refusal` says why it cannot be, if so."""

    target: Site
    refusal: str
    consequences: list[Consequence]


def move_targets(person: Person, charge_point: ChargePoint, query: str = "") -> QuerySet[Site]:
    """Where `person` may move a charge point: sites in which they may edit, of the same organisation.

    A charge point stays in its organisation, because its charges and its log do.
    """
    found = sites_for(person, Right.EDIT).filter(team__organisation=charge_point.site.team.organisation_id)
    for word in query.split():
        found = found.filter(Q(name__icontains=word) | Q(city__icontains=word) | Q(team__name__icontains=word))
    return found.exclude(pk=charge_point.site_id).select_related("team").order_by("name", "pk")


def move_refusal(charge_point: ChargePoint, target: Site) -> str:
    """Why the facts forbid the move, in one sentence; empty when they do not."""
    running = Charge.objects.filter(charge_point=charge_point, state__in=OPEN_CHARGE_STATES)
    clash = ChargePoint.objects.filter(site=target, name=charge_point.name, archived_at__isnull=True)
    is_foreign = target.team.organisation_id != charge_point.site.team.organisation_id
    if charge_point.archived_at is not None:
        found = f"{charge_point} is archived. Restore it first."
    elif target.archived_at is not None:
        found = f"{target} is archived. Restore it first, or choose another site."
    elif target.pk == charge_point.site_id:
        found = f"{charge_point} is on {target} already."
    elif is_foreign:
        found = "A charge point stays in its organisation. Archive it here and create it there."
    elif running.exists():
        found = CHARGE_RUNNING
    elif clash.exists():
        found = f"{target} has another charge point called {charge_point.name}. Rename one of the two first."
    else:
        found = ""
    return found


def move_of(person: Person, charge_point: ChargePoint, target: Site) -> Move:
    """What moving `charge_point` to `target` means, for `person` to read before they decide."""
    here = charge_point.site
    found = [Consequence("users", words) for words in _people(person, here, target)]
    if target.team_id != here.team_id:
        found.insert(0, Consequence("building-2", f"Its team is {target.team} instead of {here.team}."))
    if target.time_zone != here.time_zone:
        words = f"Its times are shown for {target.time_zone} instead of {here.time_zone}."
        found.append(Consequence("clock", words))
    if target.power_limit_w != here.power_limit_w:
        words = f"Its power counts against {_limit(target)} instead of {_limit(here)}."
        found.append(Consequence("gauge", words))
    found.append(
        Consequence("scroll-text", "Its charges, its log and its commands go with it. Address and password stay.")
    )
    return Move(target, move_refusal(charge_point, target), found)


def _limit(site: Site) -> str:
    return f"{site.power_limit_w / 1000:g} kW" if site.power_limit_w else "no limit"


def _people(person: Person, here: Site, target: Site) -> list[str]:
    before, after = _members_of(here), _members_of(target)
    known = set(members_for(person).values_list("pk", flat=True))
    found = []
    for members, words in (
        ([before[who] for who in before.keys() - after.keys()], "no longer see it"),
        ([after[who] for who in after.keys() - before.keys()], "see it from then on"),
    ):
        if members:
            found.append(f"{_named(members, known)} {words if len(members) > 1 else _singular(words)}.")
    return found


def _members_of(site: Site) -> dict[tuple[str, int | None], Member]:
    """Who sees a site, each person and API key once."""
    limits = SiteLimit.objects.filter(member=OuterRef("pk"))
    members = (
        Member.objects.filter(organisation=site.team.organisation_id, role__in=roles_with(Right.VIEW))
        .filter(Q(team__isnull=True) | Q(team=site.team_id))
        .filter(~Exists(limits) | Exists(limits.filter(site=site.pk)))
        .filter(Q(user__is_active=True) | Q(api_key__revoked_at__isnull=True, user__isnull=True))
        .select_related("user", "api_key")
    )
    return {("user", each.user_id) if each.user_id else ("key", each.pk): each for each in members}


def _named(members: Iterable[Member], known: set[int]) -> str:
    """Names where the person manages these members, a number where they do not."""
    listed = list(members)
    if len(listed) > NAMES_SHOWN or not {each.pk for each in listed} <= known:
        return "One person or API key" if len(listed) == 1 else f"{len(listed)} people and API keys"
    names = sorted(str(each.user) if each.user else f"API key {each.api_key}" for each in listed)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _singular(words: str) -> str:
    return words.replace("see ", "sees ")
