"""Maintenance: periods that people plan, start and end, and the flag of the charge point that follows from them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, MaintenancePeriod
from chargepoints.services.locks import charge_point_locked
from chargepoints.services.notes import note_append
from chargepoints.services.states import states_refresh
from hub.audit.records import Actor, audit_record, facts_of

# What was typed as now has passed when it arrives.
JUST_NOW = timedelta(minutes=2)
_RECORDED = ("starts_at", "ends_at", "reason")


@transaction.atomic
def maintenance_start(
    *,
    actor: Actor,
    charge_point: ChargePoint,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    reason: str = "",
) -> MaintenancePeriod:
    """Plan a maintenance, or start it now (None). Raises ActionRefused with a sentence when the times do not fit."""
    found, now = charge_point_locked(charge_point=charge_point), timezone.now()
    if starts_at is not None and starts_at < now - JUST_NOW:
        raise ActionRefused("The start has passed. Leave it empty to start now.")
    begin = max(starts_at or now, now)
    if ends_at is not None and ends_at <= begin:
        raise ActionRefused("The end must be after the start.")
    others = MaintenancePeriod.objects.filter(charge_point=found).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=begin))
    if ends_at is not None:
        others = others.filter(starts_at__lt=ends_at)
    if others.exists():
        raise ActionRefused("It overlaps with another maintenance of this charge point. End or cancel that one first.")
    period = MaintenancePeriod.objects.create(
        charge_point=found, starts_at=begin, ends_at=ends_at, reason=reason, author_name=actor.name[:160]
    )
    audit_record(
        actor=actor,
        act="planned" if begin > now else "started",
        obj=period,
        place=found.place,
        after={"charge_point": found.name, **facts_of(period, *_RECORDED)},
    )
    maintenance_settle(charge_point=found)
    return period


@transaction.atomic
def maintenance_end(*, actor: Actor, period: MaintenancePeriod) -> str:
    """End a maintenance that runs, or cancel a planned one: "ended", "cancelled", or "" when it was over already."""
    found, now = charge_point_locked(charge_point=period.charge_point), timezone.now()
    present = MaintenancePeriod.objects.filter(pk=period.pk).first()
    if present is None or (present.ends_at is not None and present.ends_at <= now):
        return ""
    before = {"charge_point": found.name, **facts_of(present, *_RECORDED)}
    if present.starts_at >= now:
        audit_record(actor=actor, act="cancelled", obj=present, place=found.place, before=before)
        present.delete()
        return "cancelled"
    present.ends_at = now
    present.save(update_fields=["ends_at"])
    after = {"charge_point": found.name, **facts_of(present, *_RECORDED)}
    audit_record(actor=actor, act="ended", obj=present, place=found.place, before=before, after=after)
    maintenance_settle(charge_point=found)
    return "ended"


@transaction.atomic
def maintenance_clear(*, actor: Actor, charge_point: ChargePoint) -> bool:
    """Take the flag off a charge point that has it without a period, as from before periods were kept."""
    found = charge_point_locked(charge_point=charge_point)
    if not found.maintenance or MaintenancePeriod.objects.filter(running_at(), charge_point=found).exists():
        return False
    audit_record(
        actor=actor,
        act="maintenance ended",
        obj=found,
        place=found.place,
        before=facts_of(found, "maintenance", "maintenance_reason"),
        after={"maintenance": False, "maintenance_reason": ""},
    )
    _flag(found, is_on=False, reason="")
    return True


def maintenance_settle(*, charge_point: ChargePoint) -> bool:
    """Make the flag of a locked charge point what its periods say of now; whether it changed."""
    running = MaintenancePeriod.objects.filter(running_at(), charge_point=charge_point).first()
    is_on, reason = running is not None, running.reason if running else ""
    if (charge_point.maintenance, charge_point.maintenance_reason) == (is_on, reason):
        return False
    _flag(charge_point, is_on=is_on, reason=reason)
    return True


def maintenance_settle_due() -> int:
    """Start and end what was planned; how many charge points changed. May run as often as it likes."""
    periods = MaintenancePeriod.objects.filter(charge_point=OuterRef("pk"))
    reason = Subquery(periods.filter(running_at()).order_by("-starts_at").values("reason")[:1])
    due = (
        ChargePoint.objects.filter(Exists(periods), archived_at__isnull=True)
        .annotate(runs=Exists(periods.filter(running_at())), why=Coalesce(reason, Value("")))
        .filter(~Q(maintenance=F("runs")) | ~Q(maintenance_reason=F("why")))
    )
    settled = 0
    for charge_point in list(due.order_by("pk")):
        with transaction.atomic():
            try:
                settled += maintenance_settle(charge_point=charge_point_locked(charge_point=charge_point))
            except ActionRefused:
                continue
    return settled


def running_at(now: datetime | None = None) -> Q:
    """The periods that run at `now`."""
    at = now or timezone.now()
    return Q(starts_at__lte=at) & (Q(ends_at__isnull=True) | Q(ends_at__gt=at))


def _flag(charge_point: ChargePoint, *, is_on: bool, reason: str) -> None:
    was_on = charge_point.maintenance
    charge_point.maintenance, charge_point.maintenance_reason = is_on, reason
    if was_on != is_on:
        note_append(
            charge_point_id=charge_point.pk, action="Maintenance", fact="started" if is_on else "ended", text=reason
        )
    charge_point.save(update_fields=["maintenance", "maintenance_reason"])
    states_refresh(charge_point_ids=[charge_point.pk])
