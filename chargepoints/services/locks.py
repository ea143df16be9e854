"""Taking charge points for a change: in the order and with the lock that the gateway's journal uses."""

from collections.abc import Iterable

from chargepoints import sql
from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Connection

_NAME = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1159))"


def charge_points_locked(*, pks: Iterable[int]) -> dict[int, ChargePoint]:
    """These charge points as they are now, with site, team and connection; nothing of theirs changes until the commit.

    A start of a charge waits for the same lock, so "no charge runs" stays true for as long as it is held.
    """
    ids = sorted(set(pks))
    list(Connection.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    return ChargePoint.objects.select_related("site__team__organisation", "connection").in_bulk(ids)


def charge_point_locked(*, charge_point: ChargePoint) -> ChargePoint:
    """One charge point, locked. Raises ActionRefused when it has been archived or deleted meanwhile."""
    found = charge_points_locked(pks=[charge_point.pk]).get(charge_point.pk)
    if found is None or found.archived_at is not None:
        raise ActionRefused("Somebody has archived this charge point meanwhile.")
    return found


def identities_locked(*, identities: Iterable[str]) -> None:
    """Until the commit nobody else may take or give up these identities, whatever their case. Before any row's lock."""
    for identity in sorted({identity.lower() for identity in identities if identity}):
        sql.rows(_NAME, identity)


def charges_refuse(*, charge_point: ChargePoint, what: str) -> None:
    """Raises ActionRefused while a charge runs on this charge point, which must be locked."""
    running = Charge.objects.filter(charge_point=charge_point, state__in=OPEN_CHARGE_STATES).count()
    if running:
        word = "a charge runs" if running == 1 else f"{running} charges run"
        raise ActionRefused(f"Not while {word}: {what}. Stop it first, or wait for its end.")
