"""Giving somebody a link: shown once to who makes it, or sent by e-mail, in which case only the mail has it."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction

from chargepoints.exceptions import ActionRefused
from hub.audit.records import Actor
from hub.queue import enqueue_on_commit
from installer.choices import MailKind
from installer.models import InstallerJob, JobLink, JobMail
from installer.services.jobs import job_locked
from installer.services.links import link_check, link_make, link_revoke


@dataclass(frozen=True, slots=True)
class LinkWanted:
    """A link that somebody asks for. `email`: where it is sent; empty: it is shown."""

    label: str
    expires_at: datetime
    pin: str = ""
    email: str = ""


@transaction.atomic
def link_give(*, actor: Actor, job: InstallerJob, wanted: LinkWanted, base: str) -> str:
    """Make a link and return its token, or have a worker make and mail it: then "". `base`: the portal's address.

    Raises ActionRefused. A PIN waits for the worker encrypted, and never stands in the mail.
    """
    found = job_locked(job)
    link_check(job=found, expires_at=wanted.expires_at, pin=wanted.pin)
    if not wanted.email:
        return link_make(actor=actor, job=found, label=wanted.label, expires_at=wanted.expires_at, pin=wanted.pin)[1]
    mail = JobMail.objects.create(
        job=found,
        kind=MailKind.LINK,
        to=wanted.email,
        base=base[:255],
        label=wanted.label[:160],
        expires_at=wanted.expires_at,
        pin_sealed=pin_seal(wanted.pin),
        asked_by={"kind": str(actor.kind), "name": actor.name, "id": actor.pk, "address": actor.address},
    )
    enqueue_on_commit("jobs.mail", mail.pk)
    return ""


@transaction.atomic
def link_renew(*, actor: Actor, link: JobLink, wanted: LinkWanted, base: str) -> str:
    """Give a new link in the place of an old one, which lets nobody in from now on. Raises ActionRefused."""
    if not link_revoke(actor=actor, link=link):
        raise ActionRefused("Somebody has revoked this link meanwhile. Make another one.")
    return link_give(actor=actor, job=link.job, wanted=wanted, base=base)


def pin_seal(pin: str) -> str:
    """As it may wait in a row; nothing for none."""
    return _box().encrypt(pin.encode()).decode() if pin else ""


def pin_open(sealed: str) -> str:
    """The PIN again. Raises ActionRefused when it was sealed with another server key."""
    try:
        return _box().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise ActionRefused("The server's key has changed meanwhile. Ask for the link again.") from None


def _box() -> Fernet:
    key = hashlib.sha256(f"job-pin-sealed:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
