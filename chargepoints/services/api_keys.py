"""API keys: made, used, revoked. The key itself is given back once and not kept."""

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chargepoints.models import Site, SiteLimit
from chargepoints.selectors.api_keys import api_key_hash
from hub.audit.records import Actor, Place, audit_record
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Member, Organisation, Team, User

USED_EVERY = timedelta(minutes=1)
_PREFIX = string.ascii_lowercase + string.digits
# 43 of 62 letters are 256 bits, and a double click marks the whole key.
_SECRET, SECRET_LENGTH = string.ascii_letters + string.digits, 43


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """What a new key shall be; without sites it works in all of its team or organisation."""

    name: str
    organisation: Organisation
    role: Role
    team: Team | None = None
    sites: Sequence[Site] = ()
    expires_at: datetime | None = None


@transaction.atomic
def api_key_create(*, actor: Actor, author: User | None, wanted: KeyWanted) -> tuple[ApiKey, str]:
    """A new key, and the only time that it is to be seen. Whoever calls has checked that `author` may give it."""
    member = Member.objects.create(organisation=wanted.organisation, team=wanted.team, role=wanted.role)
    SiteLimit.objects.bulk_create(SiteLimit(member=member, site=site) for site in wanted.sites)
    prefix = _random(_PREFIX, 8)
    secret = f"hub_{prefix}_{_random(_SECRET, SECRET_LENGTH)}"
    made = ApiKey.objects.create(
        member=member,
        name=wanted.name,
        prefix=f"hub_{prefix}",
        key_hash=api_key_hash(secret),
        created_by=author,
        expires_at=wanted.expires_at,
    )
    facts = {
        "name": made.name,
        "prefix": made.prefix,
        "role": member.get_role_display(),
        "team": str(wanted.team or "all"),
        "sites": [site.name for site in wanted.sites] or "all",
        "expires_at": made.expires_at,
    }
    audit_record(actor=actor, act="created", obj=made, place=_place(member), after=facts)
    return made, secret


@transaction.atomic
def api_key_revoke(*, actor: Actor, api_key: ApiKey) -> None:
    """It works no more, from the next request on. A key that is revoked already stays as it is."""
    revoked = ApiKey.objects.filter(pk=api_key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    if revoked:
        after: dict[str, object] = {"name": api_key.name, "prefix": api_key.prefix}
        audit_record(actor=actor, act="revoked", obj=api_key, place=_place(api_key.member), after=after)


def api_key_used(*, api_key: ApiKey, address: str) -> None:
    """Note when and from where the key was used; at most once a minute, so that reading does not write."""
    now = timezone.now()
    if api_key.last_used_at is not None and api_key.last_used_at > now - USED_EVERY:
        return
    old = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USED_EVERY)
    ApiKey.objects.filter(old, pk=api_key.pk).update(last_used_at=now, last_used_from=address[:64])


def _random(letters: str, length: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(length))


def _place(member: Member) -> Place:
    return Place(member.organisation_id, member.team_id)
