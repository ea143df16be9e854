"""Hourly prices: sources made, hours stored. Nothing is fetched."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from chargepoints.models import SpotPrice, SpotSource
from chargepoints.selectors.spot import Difference, hours_compare
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Organisation


@transaction.atomic
def spot_source_create(*, actor: Actor, organisation: Organisation, name: str, currency: str) -> SpotSource:
    """A new source. Raises ValidationError by field."""
    source = SpotSource(organisation=organisation, name=name, currency=currency)
    source.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError as taken:
        raise ValidationError({"name": "There is a source of that name already. Choose another name."}) from taken
    audit_record(actor=actor, act="created", obj=source, place=source.place, after=facts_of(source, "name", "currency"))
    return source


@transaction.atomic
def spot_prices_store(*, actor: Actor, source: SpotSource, hours: Mapping[datetime, Decimal]) -> Difference:
    """Store hours (UTC, each the begin of one) with their price per kWh; those that are there get the new price.

    The same again changes nothing. Bills that were computed stay as they are.
    """
    source = SpotSource.objects.select_for_update().get(pk=source.pk)
    told = hours_compare(source.pk, hours)
    if not told.new and not told.changed:
        return told
    SpotPrice.objects.bulk_create(
        [SpotPrice(source=source, starts_at=at, per_kwh=price) for at, price in sorted(hours.items())],
        update_conflicts=True,
        unique_fields=["source", "starts_at"],
        update_fields=["per_kwh"],
        batch_size=1000,
    )
    before = {f"{at:%Y-%m-%d %H:%M}": old for at, old, _ in told.changed[:24]}
    after = {f"{at:%Y-%m-%d %H:%M}": new for at, _, new in told.changed[:24]}
    figures = {"first": min(hours), "last": max(hours), "new_hours": told.new, "changed_hours": len(told.changed)}
    audit_record(
        actor=actor, act="prices_stored", obj=source, place=source.place, before=before, after={**after, **figures}
    )
    return told
