"""Invitations by e-mail. The token is made where the mail is sent; only its hash is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from chargepoints.exceptions import MemberRefused
from chargepoints.models import Site
from chargepoints.selectors.members import Scope, may_give
from chargepoints.services.members import ALREADY, NOT_YOURS, member_facts, place_of, sites_set
from hub.audit.records import Actor, Place, audit_record
from hub.queue import enqueue_on_commit
from hub.teams.choices import Role
from hub.teams.models import Invitation, Member, User

VALID = timedelta(days=7)


@transaction.atomic
def invitation_create(
    *, actor: Actor, by: User, email: str, scope: Scope, role: str, sites: Sequence[Site], base: str
) -> Invitation:
    """Invite somebody; the mail is sent after the commit. `base` is the portal's address. Raises MemberRefused."""
    if not may_give(by, scope, role):
        raise MemberRefused(NOT_YOURS)
    theirs = Q(organisation=scope.organisation, team=scope.team)
    if Member.objects.filter(theirs, user__email__iexact=email, user__is_active=True).exists():
        raise MemberRefused(ALREADY)
    waiting = Invitation.objects.filter(theirs, email__iexact=email, accepted_at=None, revoked_at=None)
    if waiting.filter(expires_at__gt=timezone.now()).exists():
        raise MemberRefused("There is an open invitation for this address and place. Send that again, or revoke it.")
    made = Invitation.objects.create(
        organisation=scope.organisation,
        team=scope.team,
        role=role,
        site_ids=[site.pk for site in sites],
        email=email,
        token_hash=_nobody_knows(),
        invited_by=by,
        expires_at=timezone.now() + VALID,
    )
    after = {"email": email, "role": Role(role).label, "sites": sorted(site.name for site in sites) or "all"}
    audit_record(actor=actor, act="created", obj=made, place=_place(made), after=after)
    enqueue_on_commit("members.invitation_mail", made.pk, base)
    return made


@transaction.atomic
def invitation_resend(*, actor: Actor, by: User, invitation: Invitation, base: str) -> None:
    """Send a new link, for which `by` answers from now on; the old one stops working. Raises MemberRefused."""
    found = _open(invitation.pk)
    if found is None:
        raise MemberRefused("This invitation has been accepted or revoked meanwhile.")
    if not may_give(by, _scope(found), found.role):
        raise MemberRefused(NOT_YOURS)
    found.token_hash, found.sent_at, found.invited_by = _nobody_knows(), None, by
    found.expires_at = timezone.now() + VALID
    found.save(update_fields=["token_hash", "sent_at", "invited_by", "expires_at"])
    audit_record(actor=actor, act="sent_again", obj=found, place=_place(found))
    enqueue_on_commit("members.invitation_mail", found.pk, base)


@transaction.atomic
def invitation_revoke(*, actor: Actor, invitation: Invitation) -> None:
    """Take an invitation back. Raises MemberRefused when it is too late."""
    found = _open(invitation.pk)
    if found is None:
        raise MemberRefused("This invitation has been accepted or revoked meanwhile.")
    found.revoked_at = timezone.now()
    found.save(update_fields=["revoked_at"])
    audit_record(actor=actor, act="revoked", obj=found, place=_place(found))


@transaction.atomic
def invitation_mail(*, invitation_id: int, base: str) -> None:
    """Make the token and mail it. Raises OSError when the mail server does not take it; then nothing has changed."""
    found = _open(invitation_id)
    if found is None:
        return
    token = secrets.token_urlsafe(32)
    found.token_hash, found.sent_at = _hash(token), timezone.now()
    found.save(update_fields=["token_hash", "sent_at"])
    link = base.rstrip("/") + reverse("invitation", args=[token])
    text = render_to_string("chargepoints/people/mail/invitation.txt", {"invitation": found, "link": link})
    send_mail(f"{found.organisation} invites you to Hub", text, None, [found.email])


def invitation_find(token: str) -> Invitation | None:
    """The invitation behind the token of a link, if it works."""
    return invitation_of(_hash(token))


def invitation_of(token_hash: str) -> Invitation | None:
    """The invitation with this hash, if it works: not used, not revoked, not too old, and still worth it.

    It is worth what the person who sent it may give today.
    """
    rows = Invitation.objects.select_related("organisation", "team", "invited_by")
    found = rows.filter(token_hash=token_hash, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()).first()
    return found if found is not None and _is_worth(found) else None


@transaction.atomic
def invitation_accept(*, actor: Actor, user: User, invitation: Invitation) -> Member:
    """Make `user` the member that the invitation offers. Raises MemberRefused."""
    found = _open(invitation.pk)
    if found is None or found.token_hash != invitation.token_hash or not _is_worth(found):
        raise MemberRefused("This invitation does not work any more.")
    if Member.objects.filter(user=user, organisation=found.organisation, team=found.team).exists():
        raise MemberRefused("You are a member there already.")
    member = Member.objects.create(user=user, organisation=found.organisation, team=found.team, role=found.role)
    sites_set(member, _sites(found))
    found.accepted_at, found.accepted_by = timezone.now(), user
    found.save(update_fields=["accepted_at", "accepted_by"])
    audit_record(actor=actor, act="accepted", obj=found, place=_place(found))
    audit_record(actor=actor, act="added", obj=member, place=place_of(member), after=member_facts(member))
    return member


def _open(pk: int) -> Invitation | None:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("organisation", "team", "invited_by")
    return rows.filter(pk=pk, accepted_at=None, revoked_at=None).first()


def _is_worth(invitation: Invitation) -> bool:
    by = invitation.invited_by
    if by is None or not may_give(by, _scope(invitation), invitation.role):
        return False
    # Without the sites that it was limited to it would open all of them.
    return bool(_sites(invitation)) or not invitation.site_ids


def _sites(invitation: Invitation) -> list[Site]:
    scope = _scope(invitation)
    sites = Site.objects.filter(pk__in=invitation.site_ids, archived_at=None).select_related("team")
    return [site for site in sites if scope.holds(site)]


def _scope(invitation: Invitation) -> Scope:
    return Scope(invitation.organisation, invitation.team)


def _place(invitation: Invitation) -> Place:
    return Place(invitation.organisation_id, invitation.team_id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _nobody_knows() -> str:
    return _hash(secrets.token_urlsafe(32))
