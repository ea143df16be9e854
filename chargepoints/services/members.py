"""Changing and ending memberships."""

from collections.abc import Sequence

from django.db import transaction

from chargepoints.exceptions import MemberRefused
from chargepoints.models import Site, SiteLimit
from chargepoints.selectors.members import Scope, is_last_admin, may_give, wholly_theirs
from hub.account.second_factor import device_of, second_factor_off
from hub.audit.records import Actor, Place, audit_record
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation, User

LAST_ADMIN = "This is the last Admin of the organisation. Make somebody else Admin first."
OWN_ROLE = "Nobody changes their own role. Ask another admin."
ALREADY = "This person is a member there already. Change that membership instead."
NOT_YOURS = "You can only give rights that you have there yourself."


def member_facts(member: Member) -> dict[str, object]:
    """What the audit log keeps of a membership."""
    sites = sorted(limit.site.name for limit in member.site_limits.select_related("site"))
    return {
        "person": str(member.user),
        "role": Role(member.role).label,
        "team": member.team.name if member.team else "",
        "sites": sites or "all",
    }


@transaction.atomic
def member_edit(*, actor: Actor, by: User, member: Member, role: str, scope: Scope, sites: Sequence[Site]) -> None:
    """Give a member another role, team or other sites. Raises MemberRefused."""
    found = _locked(member)
    _refuse_own(by, found)
    if not may_give(by, scope, role) or scope.organisation.pk != found.organisation_id:
        raise MemberRefused(NOT_YOURS)
    was_last, before = is_last_admin(found), member_facts(found)
    if was_last and (role != Role.ADMIN or scope.team is not None or sites):
        raise MemberRefused(LAST_ADMIN)
    twin = Member.objects.filter(user=found.user, organisation=found.organisation, team=scope.team)
    if twin.exclude(pk=found.pk).exists():
        raise MemberRefused(ALREADY)
    found.role, found.team = role, scope.team
    found.save(update_fields=["role", "team"])
    sites_set(found, sites)
    audit_record(actor=actor, act="edited", obj=found, place=place_of(found), before=before, after=member_facts(found))


@transaction.atomic
def member_remove(*, actor: Actor, by: User, member: Member) -> None:
    """End a membership. Raises MemberRefused for the last Admin, and for oneself."""
    found = _locked(member)
    _refuse_own(by, found)
    if is_last_admin(found):
        raise MemberRefused(LAST_ADMIN)
    audit_record(actor=actor, act="removed", obj=found, place=place_of(found), before=member_facts(found))
    found.delete()


@transaction.atomic
def member_second_factor_off(*, actor: Actor, by: User, member: Member) -> None:
    """Remove the second factor of somebody who has lost phone and codes. Raises MemberRefused."""
    user = member.user
    if user is None or not wholly_theirs(by, user):
        raise MemberRefused("This person also belongs elsewhere, so it is not yours to remove.")
    if device_of(user) is None:
        raise MemberRefused("This person has no second factor.")
    second_factor_off(actor=actor, user=user, reason="by an admin")


@transaction.atomic
def second_factor_require(*, actor: Actor, organisation: Organisation, required: bool) -> None:
    """Say whether the people of an organisation must have a second factor."""
    found = Organisation.objects.select_for_update().get(pk=organisation.pk)
    before = {"requires_second_factor": found.requires_second_factor}
    found.requires_second_factor = required
    found.save(update_fields=["requires_second_factor"])
    after = {"requires_second_factor": required}
    audit_record(actor=actor, act="edited", obj=found, place=Place(found.pk), before=before, after=after)


def sites_set(member: Member, sites: Sequence[Site]) -> None:
    """Limit the membership to `sites`; none: no limit."""
    SiteLimit.objects.filter(member=member).delete()
    SiteLimit.objects.bulk_create(SiteLimit(member=member, site=site) for site in sites)


def place_of(member: Member) -> Place:
    """Where acts on a membership are recorded."""
    return Place(member.organisation_id, member.team_id)


def _locked(member: Member) -> Member:
    """The row as it is now. The organisation's row keeps two people from removing each other."""
    Organisation.objects.select_for_update().get(pk=member.organisation_id)
    found = Member.objects.select_for_update(of=("self",)).filter(pk=member.pk, user__isnull=False).first()
    if found is None:
        raise MemberRefused("This membership has ended meanwhile.")
    return found


def _refuse_own(by: User, member: Member) -> None:
    if member.user_id == by.pk:
        raise MemberRefused(OWN_ROLE)
