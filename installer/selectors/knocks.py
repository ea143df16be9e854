"""Chargers of a job that call with a password that we do not know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from chargepoints.choices import Refusal
from chargepoints.models import ChargePoint, ConnectionAttempt
from hub.limits import source_of

# A charge point without a password waits for its charger; one that has had another one is looked at with more care.
FIRST_PASSWORD, OTHER_PASSWORD = timedelta(hours=24), timedelta(minutes=15)
REASONS = (Refusal.UNKNOWN_IDENTITY, Refusal.NO_PASSWORD_SET, Refusal.WRONG_PASSWORD)
HIGHEST_PROFILE = 2


@dataclass(frozen=True, slots=True)
class Knock:
    """The newest handshake whose password can be taken over, and from how many places it was tried meanwhile."""

    attempt_id: int
    at: datetime
    sources: int

    @property
    def is_clear(self) -> bool:
        """Whether it can only be one charger: others may know the identity too."""
        return self.sources == 1


def knocks_of(charge_points: Sequence[ChargePoint]) -> dict[int, Knock]:
    """The knock of each charge point that has one, by its id; `connection` must be loaded. One query."""
    waiting = {point.pk: point for point in charge_points if _waits(point)}
    if not waiting:
        return {}
    now = timezone.now()
    attempts = (
        ConnectionAttempt.objects.filter(
            charge_point__in=waiting, reason__in=REASONS, last_at__gte=now - FIRST_PASSWORD
        )
        .exclude(password_hmac="")
        .order_by("last_at")
    )
    newest: dict[int, ConnectionAttempt] = {}
    sources: dict[int, set[str]] = {}
    for attempt in attempts:
        point = waiting[attempt.charge_point_id or 0]
        if _counts(point, attempt, now):
            newest[point.pk] = attempt
            sources.setdefault(point.pk, set()).add(source_of(attempt.remote_address))
    return {pk: Knock(attempt.pk, attempt.last_at, len(sources[pk])) for pk, attempt in newest.items()}


def _waits(point: ChargePoint) -> bool:
    """A password is of use to it, and no charger that has the right one is there."""
    return bool(point.identity) and not point.connection.is_connected and point.security_profile <= HIGHEST_PROFILE


def _counts(point: ChargePoint, attempt: ConnectionAttempt, now: datetime) -> bool:
    since = point.connection.connected_at
    return (
        attempt.identity.lower() == str(point.identity).lower()
        and (since is None or attempt.last_at > since)
        and attempt.last_at > now - (OTHER_PASSWORD if point.password_hmac else FIRST_PASSWORD)
    )
