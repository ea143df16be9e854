"""API keys: by what was presented, and for the page."""

import hashlib
import re
from dataclasses import dataclass

from django.db.models import F, Prefetch, QuerySet
from django.utils import timezone

from chargepoints.models import Site, SiteLimit
from chargepoints.permissions import Person, api_keys_for, memberships_of, organisations_for, teams_for
from hub.teams.choices import RIGHTS, Right
from hub.teams.models import ApiKey, Organisation, Team

KEY_PATTERN = re.compile(r"hub_[a-z0-9]{8}_[A-Za-z0-9]{43}")


def api_key_hash(key: str) -> str:
    """SHA-256 in hexadecimal. A key is 256 random bits: there is nothing to guess that a slow hash would guard."""
    return hashlib.sha256(key.encode()).hexdigest()


def api_key_find(presented: str) -> ApiKey | None:
    """The key that works now and is this one; None for all others alike. Found by hash, so its letters take no time."""
    if not KEY_PATTERN.fullmatch(presented):
        return None
    found = ApiKey.objects.select_related("member__organisation", "member__team")
    key = found.filter(key_hash=api_key_hash(presented)).first()
    return key if key is not None and key.is_active else None


def api_keys_listed(person: Person) -> QuerySet[ApiKey]:
    """The keys that `person` manages, those that work first; with all that the page shows: two queries."""
    limited = SiteLimit.objects.select_related("site").order_by("site__name")
    return (
        api_keys_for(person)
        .select_related("member__organisation", "member__team", "created_by")
        .prefetch_related(Prefetch("member__site_limits", limited))
        .order_by(F("revoked_at").desc(nulls_first=True), "name", "pk")
    )


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where somebody may make keys, the whole of an operator or one team, and what they may do there themselves."""

    organisation: Organisation
    team: Team | None
    rights: frozenset[Right]

    @property
    def key(self) -> str:
        """For a form."""
        return f"team-{self.team.pk}" if self.team else f"organisation-{self.organisation.pk}"

    def __str__(self) -> str:
        return f"{self.organisation}, team {self.team}" if self.team else f"{self.organisation}, all teams"

    def holds(self, site: Site) -> bool:
        """Whether a key of this place could be limited to `site`; its team must be loaded."""
        return site.team_id == self.team.pk if self.team else site.team.organisation_id == self.organisation.pk


def key_places(person: Person) -> list[KeyPlace]:
    """Where `person` may make keys: three queries."""
    roles = memberships_of(person).filter(site_limits__isnull=True).values_list("organisation", "team", "role")
    held = [(organisation, team, RIGHTS[role]) for organisation, team, role in roles]

    def rights(organisation: int, team: int | None) -> frozenset[Right]:
        return frozenset().union(*(got for at, within, got in held if at == organisation and within in {None, team}))

    organisations = organisations_for(person, Right.PEOPLE).order_by("name")
    teams = teams_for(person, Right.PEOPLE).select_related("organisation").order_by("organisation__name", "name")
    whole = [KeyPlace(each, None, rights(each.pk, None)) for each in organisations]
    return whole + [KeyPlace(each.organisation, each, rights(each.organisation_id, each.pk)) for each in teams]


def api_key_state(key: ApiKey) -> str:
    """`works`, `revoked` or `expired`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "works"
