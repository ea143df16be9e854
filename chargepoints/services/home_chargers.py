"""Which charger is a driver's at home, at which rate and when. Every change is on record."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction

from chargepoints.exceptions import ChangeRefused
from chargepoints.models import ChargePoint, Driver, HomeCharger
from chargepoints.selectors.home_charging import home_clash
from hub.audit.records import Actor, Place, audit_record, facts_of

_FACTS = ("charge_point", "driver", "per_kwh", "currency", "valid_from", "valid_to")


@transaction.atomic
def home_charger_assign(
    *,
    actor: Actor,
    charge_point: ChargePoint,
    driver: Driver,
    per_kwh: Decimal,
    currency: str,
    valid_from: datetime,
    valid_to: datetime | None = None,
) -> HomeCharger:
    """Make a charger a driver's home charger for a time, at a rate per kWh.

    Raises ChangeRefused for a charger of another organisation, an end before the begin, and for a time in which the
    charger is somebody's already.
    """
    if charge_point.site.team.organisation_id != driver.organisation_id:
        raise ChangeRefused("The charger and the driver belong to different organisations.")
    _free(charge_point, valid_from, valid_to)
    made = HomeCharger.objects.create(
        charge_point=charge_point,
        driver=driver,
        per_kwh=per_kwh,
        currency=currency,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    audit_record(actor=actor, act="created", obj=made, place=_place(made), after=facts_of(made, *_FACTS))
    return made


@transaction.atomic
def home_charger_edit(
    *,
    actor: Actor,
    home_charger: HomeCharger,
    per_kwh: Decimal,
    currency: str,
    valid_from: datetime,
    valid_to: datetime | None,
) -> HomeCharger:
    """Change rate and time; statements of months before follow. Raises ChangeRefused as above."""
    stored = HomeCharger.objects.select_for_update(of=("self",)).select_related("charge_point__site", "driver")
    changed = stored.get(pk=home_charger.pk)
    before = facts_of(changed, *_FACTS)
    _free(changed.charge_point, valid_from, valid_to, besides=changed.pk)
    changed.per_kwh, changed.currency = per_kwh, currency
    changed.valid_from, changed.valid_to = valid_from, valid_to
    changed.save(update_fields=["per_kwh", "currency", "valid_from", "valid_to"])
    audit_record(
        actor=actor, act="edited", obj=changed, place=_place(changed), before=before, after=facts_of(changed, *_FACTS)
    )
    return changed


@transaction.atomic
def home_charger_remove(*, actor: Actor, home_charger: HomeCharger) -> None:
    """Remove it as if it had never been: nothing is paid back for that time."""
    audit_record(
        actor=actor,
        act="removed",
        obj=home_charger,
        place=_place(home_charger),
        before=facts_of(home_charger, *_FACTS),
    )
    home_charger.delete()


def _free(charge_point: ChargePoint, since: datetime, until: datetime | None, besides: int | None = None) -> None:
    """Raises ChangeRefused unless the charger is nobody's then. Holds its row, so that two at once see each other."""
    if until is not None and until <= since:
        raise ChangeRefused("The last day must not be before the first one.")
    ChargePoint.objects.select_for_update(of=("self",)).get(pk=charge_point.pk)
    clash = home_clash(charge_point, since, until, besides)
    if clash is not None:
        raise ChangeRefused(
            f"{charge_point} is {clash.driver}'s home charger {home_span(clash)}. End that first, or choose other days."
        )


def home_span(home_charger: HomeCharger) -> str:
    """From when to when, in days of the charger's site; `charge_point.site` must be loaded."""
    zone = ZoneInfo(home_charger.charge_point.site.time_zone)
    since = home_charger.valid_from.astimezone(zone)
    if home_charger.valid_to is None:
        return f"from {since:%Y-%m-%d} on"
    until = home_charger.valid_to.astimezone(zone)
    if until.time() == time.min:
        return f"from {since:%Y-%m-%d} to {until - timedelta(days=1):%Y-%m-%d}"
    return f"from {since:%Y-%m-%d} until {until:%Y-%m-%d %H:%M}"


def _place(home_charger: HomeCharger) -> Place:
    return Place(home_charger.driver.organisation_id)
