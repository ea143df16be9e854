"""The same request of a program twice: one command (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from chargepoints import sql
from chargepoints.models import Command, IdempotencyKey
from hub.teams.models import ApiKey

KEPT_FOR = timedelta(hours=24)
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 2206))"


class KeyReused(Exception):
    """This key was used for another request."""


class KeyInFlight(Exception):
    """The first request with this key is being worked on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under a key of the program's own; `body` is all that makes it this request."""

    api_key: ApiKey
    key: str
    body: bytes

    @property
    def fingerprint(self) -> str:
        """What is kept of the body."""
        return hashlib.sha256(self.body).hexdigest()


def command_once(*, asked: Asked, create: Callable[[], Command]) -> tuple[Command, bool]:
    """The command of this request, and whether it was there already: made once, however often it is asked for.

    Raises KeyReused, KeyInFlight, and what `create` raises: a request that was refused has used up no key.
    """
    with transaction.atomic():
        if not sql.rows(_LOCK, f"{asked.api_key.pk} {asked.key}")[0][0]:
            raise KeyInFlight
        known = _known(asked)
        if known is not None:
            return known, True
        try:
            with transaction.atomic():
                command = create()
                IdempotencyKey.objects.create(
                    api_key=asked.api_key, key=asked.key, fingerprint=asked.fingerprint, command=command
                )
        except IntegrityError:
            # The lock makes this impossible; the constraint makes it certain that there is one command.
            known = _known(asked)
            if known is None:
                raise
            return known, True
        return command, False


def _known(asked: Asked) -> Command | None:
    rows = IdempotencyKey.objects.select_related("command__charge_point__site__team", "command__author")
    found = rows.filter(api_key=asked.api_key, key=asked.key).first()
    if found is None:
        return None
    if found.created_at < timezone.now() - KEPT_FOR:
        found.delete()
        return None
    if found.fingerprint != asked.fingerprint:
        raise KeyReused
    return found.command


def idempotency_keys_forget() -> int:
    """Delete what is older than a day; how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]
