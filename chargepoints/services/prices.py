"""Price groups: made, changed, archived, and chosen by sites and charge points. Who may is the caller's.

A price is never changed once it counted: a change is a new price from a moment on, which ends the one before.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from chargepoints.exceptions import ChangeRefused
from chargepoints.models import ChargePoint, Price, PriceGroup, Site
from chargepoints.selectors.billing import price_at
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Organisation

GROUP_FIELDS = ("name", "description", "authorise_amount", "is_default")
PRICE_FIELDS = (
    *("includes_vat", "vat_percent", "start_fee", "per_kwh", "per_minute", "free_minutes", "minimum"),
    *("idle_per_minute", "idle_grace_minutes", "idle_maximum", "windows"),
    *("spot_source", "spot_factor", "spot_fallback", "spot_minimum", "spot_maximum"),
)
NAMED = 5
_SLACK = timedelta(minutes=2)


@transaction.atomic
def price_group_create(
    *, actor: Actor, organisation: Organisation, currency: str, fields: Mapping[str, object]
) -> PriceGroup:
    """A new price group that says nothing yet; `fields` are those of GROUP_FIELDS. Raises ValidationError by field."""
    group = PriceGroup(organisation=organisation, currency=currency)
    _group_fill(actor, group, fields)
    audit_record(
        actor=actor, act="created", obj=group, place=group.place, after=facts_of(group, "currency", *GROUP_FIELDS)
    )
    return group


@transaction.atomic
def price_group_edit(*, actor: Actor, price_group: PriceGroup, fields: Mapping[str, object]) -> PriceGroup:
    """Change what is not a price; its currency stays. Raises ValidationError by field."""
    group = _locked(price_group)
    before = facts_of(group, *GROUP_FIELDS)
    _group_fill(actor, group, fields)
    after = facts_of(group, *GROUP_FIELDS)
    audit_record(actor=actor, act="edited", obj=group, place=group.place, before=before, after=after)
    return group


@transaction.atomic
def price_group_archive(*, actor: Actor, price_group: PriceGroup, reason: str = "") -> None:
    """Put it away. Raises ChangeRefused while a site or charge point uses it, or all others would."""
    group = _locked(price_group)
    refusal = archive_refusal(group)
    if refusal:
        raise ChangeRefused(refusal)
    if group.archived_at is None:
        group.archived_at = timezone.now()
        group.save(update_fields=["archived_at"])
        audit_record(actor=actor, act="archived", obj=group, place=group.place, reason=reason)


@transaction.atomic
def price_group_restore(*, actor: Actor, price_group: PriceGroup) -> None:
    """Take it back. Raises ChangeRefused when another one has its name by now."""
    group = _locked(price_group)
    if group.archived_at is None:
        return
    group.archived_at = None
    try:
        with transaction.atomic():
            group.save(update_fields=["archived_at"])
    except IntegrityError as taken:
        raise ChangeRefused(f"There is another price group called {group} by now. Rename it first.") from taken
    audit_record(actor=actor, act="restored", obj=group, place=group.place)


def archive_refusal(group: PriceGroup) -> str:
    """Why it cannot be archived, in words; empty when it can."""
    if group.is_default:
        return "It is the default of sites without a price group. Make another one the default first."
    sites = list(group.sites.filter(archived_at__isnull=True).values_list("name", flat=True)[: NAMED + 1])
    points = group.charge_points.filter(archived_at__isnull=True).order_by("name").values_list("name", flat=True)
    names = [*(f"site {name}" for name in sites), *(f"charge point {name}" for name in points[: NAMED + 1])]
    if not names:
        return ""
    more = " and others" if len(names) > NAMED else ""
    return f"It is used by {', '.join(names[:NAMED])}{more}. Choose another price group there first."


@transaction.atomic
def price_change(
    *, actor: Actor, price_group: PriceGroup, valid_from: datetime | None, fields: Mapping[str, object]
) -> Price:
    """A new price from a moment on (None: now), until the next planned one; the one before ends then.

    `fields` are those of PRICE_FIELDS. Raises ChangeRefused for the past, for a moment at which a price begins
    already, and for an archived group; ValidationError by field.
    """
    group = _locked(price_group)
    begin = _begin(group, valid_from)
    before = price_at(group, begin)
    facts = price_facts(before) if before else {}
    made = _insert(actor, group, begin, fields)
    audit_record(
        actor=actor, act="price_changed", obj=group, place=group.place, before=facts or None, after=price_facts(made)
    )
    return made


@transaction.atomic
def price_replan(*, actor: Actor, price: Price, valid_from: datetime | None, fields: Mapping[str, object]) -> Price:
    """Change a planned price, and its moment. Raises ChangeRefused for one that counted, else as `price_change`."""
    group = _locked(price.price_group)
    found = _planned(price)
    facts = price_facts(found)
    _take_out(found)
    made = _insert(actor, group, _begin(group, valid_from), fields)
    after = price_facts(made)
    audit_record(actor=actor, act="price_changed", obj=group, place=group.place, before=facts, after=after)
    return made


@transaction.atomic
def price_remove(*, actor: Actor, price: Price) -> None:
    """Drop a planned price: the one before goes on. Raises ChangeRefused for one that counted."""
    group = _locked(price.price_group)
    found = _planned(price)
    facts = price_facts(found)
    _take_out(found)
    audit_record(actor=actor, act="price_removed", obj=group, place=group.place, before=facts)


@transaction.atomic
def site_price_group_set(*, actor: Actor, site: Site, price_group: PriceGroup | None) -> None:
    """Choose the prices of a site; None is the organisation's default. Raises ChangeRefused."""
    found = Site.objects.select_for_update(of=("self",)).select_related("team", "price_group").get(pk=site.pk)
    _set(actor, found, price_group, found.team.organisation_id)


@transaction.atomic
def charge_point_price_group_set(*, actor: Actor, charge_point: ChargePoint, price_group: PriceGroup | None) -> None:
    """Choose the prices of a charge point; None is the site's. Charges that run keep theirs. Raises ChangeRefused."""
    rows = ChargePoint.objects.select_for_update(of=("self",)).select_related("site__team", "price_group")
    found = rows.get(pk=charge_point.pk)
    _set(actor, found, price_group, found.site.team.organisation_id)


def price_facts(price: Price) -> dict[str, object]:
    """A price as the audit log keeps it."""
    return {"valid_from": price.valid_from, **facts_of(price, *PRICE_FIELDS)}


def _set(actor: Actor, found: Site | ChargePoint, wanted: PriceGroup | None, organisation_id: int) -> None:
    if wanted is not None:
        wanted = _locked(wanted)
        if wanted.organisation_id != organisation_id:
            raise ChangeRefused("This price group belongs to another organisation.")
        if wanted.archived_at is not None:
            raise ChangeRefused("Somebody has archived this price group meanwhile. Choose another.")
    before = facts_of(found, "price_group")
    found.price_group = wanted
    found.save(update_fields=["price_group"])
    after = facts_of(found, "price_group")
    audit_record(actor=actor, act="edited", obj=found, place=found.place, before=before, after=after)


def _locked(group: PriceGroup) -> PriceGroup:
    return PriceGroup.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=group.pk)


def _group_fill(actor: Actor, group: PriceGroup, fields: Mapping[str, object]) -> None:
    for name in GROUP_FIELDS:
        if name in fields:
            setattr(group, name, fields[name])
    group.full_clean(validate_unique=False, validate_constraints=False)
    if group.is_default:
        _default_before(actor, group)
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as taken:
        raise ValidationError({"name": "There is a price group of that name already. Choose another."}) from taken


def _default_before(actor: Actor, group: PriceGroup) -> None:
    """There is one default: the other one is none any more."""
    others = PriceGroup.objects.select_for_update(of=("self",)).filter(
        organisation=group.organisation_id, is_default=True
    )
    for other in others.exclude(pk=group.pk):
        other.is_default = False
        other.save(update_fields=["is_default"])
        told = {"is_default": True}, {"is_default": False}
        audit_record(actor=actor, act="edited", obj=other, place=other.place, before=told[0], after=told[1])


def _begin(group: PriceGroup, wanted: datetime | None) -> datetime:
    if group.archived_at is not None:
        raise ChangeRefused("This price group is archived. Restore it first.")
    now = timezone.now()
    if wanted is not None and wanted < now - _SLACK:
        raise ChangeRefused("This moment is over. A price can begin now or later, so that no bill changes.")
    begin = max(wanted or now, now)
    if group.prices.filter(valid_from=begin).exists():
        raise ChangeRefused("A price begins at this moment already. Change that one, or choose another moment.")
    return begin


def _insert(actor: Actor, group: PriceGroup, begin: datetime, fields: Mapping[str, object]) -> Price:
    after = group.prices.filter(valid_from__gt=begin).order_by("valid_from").first()
    before = price_at(group, begin)
    if before is not None:
        before.valid_to = begin
        before.save(update_fields=["valid_to"])
    wanted = {name: fields[name] for name in PRICE_FIELDS if name in fields}
    price = Price(price_group=group, valid_from=begin, created_by_name=actor.name[:160], **wanted)
    price.valid_to = after.valid_from if after else None
    price.full_clean()
    price.save(force_insert=True)
    return price


def _planned(price: Price) -> Price:
    """The row as it is now. Raises ChangeRefused unless it is planned and no bill has it."""
    found = Price.objects.select_for_update(of=("self",)).select_related("spot_source").filter(pk=price.pk).first()
    if found is None:
        raise ChangeRefused("Somebody has deleted this price meanwhile.")
    if found.valid_from <= timezone.now() or found.bills.exists():
        raise ChangeRefused("This price counts already: it stays as it is. Change the price from now on instead.")
    return found


def _take_out(price: Price) -> None:
    before = Price.objects.filter(price_group=price.price_group_id, valid_to=price.valid_from).first()
    until = price.valid_to
    price.delete()
    if before is not None:
        before.valid_to = until
        before.save(update_fields=["valid_to"])
