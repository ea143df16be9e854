"""Public links: made, found, revoked. Whoever holds a link that works is let in; nobody is told why one does not."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from hub.audit.choices import ActorKind
from hub.audit.records import Actor, audit_record
from installer.choices import WORKABLE, LinkState
from installer.models import InstallerJob, JobLink

VALID_FOR, VALID_AT_MOST = timedelta(days=14), timedelta(days=180)
NOTED_EVERY, RECORDED_EVERY = timedelta(minutes=1), timedelta(hours=1)
PIN_TRIES, PIN_RESTS = 5, timedelta(minutes=15)


@transaction.atomic
def link_make(
    *, actor: Actor, job: InstallerJob, label: str, expires_at: datetime | None = None, pin: str = ""
) -> tuple[JobLink, str]:
    """A new link and its token, which is in no row: show it once. Raises ActionRefused.

    `pin`: up to eight digits that are asked for besides; empty: none.
    """
    until = expires_at or timezone.now() + VALID_FOR
    link_check(job=job, expires_at=until, pin=pin)
    token = secrets.token_urlsafe(32)
    link = JobLink.objects.create(
        job=job,
        token_sha256=_digest(token),
        label=label[:160] or "the installer",
        pin_hmac=_pin(token, pin) if pin else "",
        expires_at=until,
        made_by_name=actor.name[:160],
    )
    audit_record(
        actor=actor,
        act="created",
        obj=link,
        place=job.place,
        after={"job": job.number, "for": link.label, "expires_at": until, "pin": "asked for" if pin else "none"},
    )
    return link, token


def link_check(*, job: InstallerJob, expires_at: datetime, pin: str) -> None:
    """Raise ActionRefused when such a link cannot be made."""
    now = timezone.now()
    if job.state not in WORKABLE:
        raise ActionRefused(f"The job is {job.get_state_display().lower()}. Nobody needs a link for it any more.")
    if not now < expires_at <= now + VALID_AT_MOST:
        raise ActionRefused(f"A link works for {VALID_AT_MOST.days} days at most, and not into the past.")
    if pin and not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        raise ActionRefused("A PIN has four to eight digits.")


@transaction.atomic
def link_revoke(*, actor: Actor, link: JobLink) -> bool:
    """Let nobody in by this link any more; False when that was so already."""
    found = JobLink.objects.select_for_update(of=("self",)).select_related("job__site__team").get(pk=link.pk)
    if found.revoked_at is not None:
        return False
    found.revoked_at, found.revoked_by_name = timezone.now(), actor.name[:160]
    found.save(update_fields=["revoked_at", "revoked_by_name"])
    audit_record(actor=actor, act="revoked", obj=found, place=found.place, after={"job": found.job.number})
    return True


def link_find(token: str) -> JobLink | None:
    """The link of this token if it works; None whatever is wrong with it."""
    rows = JobLink.objects.select_related("job__site__team__organisation")
    found = rows.filter(token_sha256=_digest(token)).first()
    return found if found is not None and found.state is LinkState.WORKS else None


@transaction.atomic
def link_used(*, link: JobLink, actor: Actor) -> None:
    """Note that somebody came by it, once a minute, and put it on record when nobody had for an hour."""
    now, before = timezone.now(), link.used_at
    if before is not None and before > now - NOTED_EVERY:
        return
    # Of two requests at once one is the first.
    if not JobLink.objects.filter(pk=link.pk, used_at=before).update(used_at=now):
        return
    if before is None or before < now - RECORDED_EVERY:
        audit_record(actor=actor, act="opened", obj=link, place=link.place, after={"job": link.job.number})


@transaction.atomic
def pin_check(*, actor: Actor, link: JobLink, token: str, pin: str) -> bool:
    """Whether this is the PIN. After five wrong ones the link rests for 15 minutes, whatever is typed; on record."""
    found = JobLink.objects.select_for_update().get(pk=link.pk)
    now = timezone.now()
    if found.pin_rests_until is not None and found.pin_rests_until > now:
        return False
    if hmac.compare_digest(found.pin_hmac, _pin(token, pin.strip())):
        found.pin_failures, found.pin_rests_until = 0, None
    else:
        found.pin_failures += 1
        if found.pin_failures % PIN_TRIES == 0:
            found.pin_rests_until = now + PIN_RESTS
            audit_record(
                actor=actor,
                act="pin_refused",
                obj=found,
                place=link.place,
                after={"wrong": found.pin_failures, "rests_until": found.pin_rests_until},
            )
    found.save(update_fields=["pin_failures", "pin_rests_until"])
    return found.pin_failures == 0


def link_actor(link: JobLink, address: str) -> Actor:
    """The link as the author of what is done by it."""
    return Actor(ActorKind.JOB_LINK, f"{link.label}, job {link.job.number}"[:160], link.pk, address)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _pin(token: str, pin: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"job-pin:{token}:{pin}".encode(), hashlib.sha256).hexdigest()
