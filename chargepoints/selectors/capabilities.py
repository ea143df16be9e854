"""What a charger can do, as far as it has told: by its settings, and by what it answered to commands before."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, DateTimeField, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from chargepoints.choices import CommandStatus, Effect, ReservationState
from chargepoints.models import ChargePoint, Command, ConfigurationItem, InstalledCertificate, Reservation
from chargepoints.offers import PROFILES_KEY, Known
from chargepoints.reports import NOT_SUPPORTED

REMEMBERED = timedelta(days=180)
_ANSWERED = (CommandStatus.ACCEPTED, CommandStatus.REJECTED, CommandStatus.FAILED)
_FIRMWARE = ("firmware", "signed_firmware")
_WORDS = frozenset({"NotSupported", "NotImplemented"})
# Their answer is about the one message that was asked for.
_OF_A_MESSAGE = frozenset({"trigger", "extended_trigger"})
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def known_of(charge_point: ChargePoint) -> Known:
    """What is known of a charge point with its site and connectors loaded: two queries."""
    profiles, reservations, roots = _told(charge_point)
    return Known(
        profiles=profiles_read(profiles),
        refused=refused_kinds(charge_point),
        connectors=len(charge_point.connectors.all()),
        reservations=reservations,
        roots=roots,
    )


def profiles_of(charge_point: ChargePoint) -> Known:
    """Its feature profiles only: one query."""
    item = ConfigurationItem.objects.filter(charge_point=charge_point, key__iexact=PROFILES_KEY)
    return Known(profiles=profiles_read(item.values_list("value", flat=True).first()))


def profiles_read(value: str | None) -> list[str] | None:
    """The feature profiles in a setting; None for one that is unknown, or does not even name Core as each must."""
    found = [part.strip() for part in (value or "").replace(";", ",").split(",")]
    found = [part for part in found if part]
    return found if "core" in {part.lower() for part in found} else None


def _told(charge_point: ChargePoint) -> tuple[str | None, int, int]:
    item = ConfigurationItem.objects.filter(charge_point=OuterRef("pk"), key__iexact=PROFILES_KEY)
    reserved = Reservation.objects.filter(
        charge_point=OuterRef("pk"), state=ReservationState.ACTIVE, expires_at__gt=timezone.now()
    )
    listed = InstalledCertificate.objects.filter(charge_point=OuterRef("pk"))
    counted = [
        found.order_by().values("charge_point").annotate(n=Count("pk")).values("n") for found in (reserved, listed)
    ]
    row = ChargePoint.objects.filter(pk=charge_point.pk).values_list(
        Subquery(item.values("value")[:1]), Subquery(counted[0]), Subquery(counted[1])
    )[0]
    return row[0], row[1] or 0, row[2] or 0


def refused_kinds(charge_point: ChargePoint) -> dict[str, datetime]:
    """The kinds of command that the charger does not support, by its last answer to each since its last update
    of firmware, with the moment of that answer in the site's time: one query. It may learn: ask again."""
    since = timezone.now() - REMEMBERED
    mine = Command.objects.filter(charge_point=charge_point, created_at__gte=since).order_by()
    updated = mine.filter(kind__in=_FIRMWARE, effect=Effect.SEEN).values("charge_point")
    updated_at = Coalesce(
        Subquery(updated.annotate(at=Max("effect_at")).values("at")), Value(_LONG_AGO), output_field=DateTimeField()
    )
    # A message written by hand says nothing of the others; what was never sent says nothing of the charger.
    answered = mine.filter(~Q(kind="call"), status__in=_ANSWERED, sent_at__isnull=False, answered_at__gt=updated_at)
    last = answered.order_by("kind", "-created_at").distinct("kind")
    zone = ZoneInfo(charge_point.site.time_zone)
    return {
        kind: at.astimezone(zone)
        for kind, status, word, at in last.values_list("kind", "status", "answer", "answered_at")
        if at and _is_refusal(kind, status, word)
    }


def _is_refusal(kind: str, status: str, word: str) -> bool:
    if status == CommandStatus.ACCEPTED:
        return False
    return word == NOT_SUPPORTED or (word in _WORDS and kind not in _OF_A_MESSAGE)
