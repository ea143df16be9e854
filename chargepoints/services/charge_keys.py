"""Charge keys: added, changed, blocked, removed. Who may is the caller's."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Model

from chargepoints.choices import KeyState
from chargepoints.models import Charge, ChargeKey, ChargePoint, KeyLimit, Site
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Organisation, Team

FACTS = ("id_tag", "driver", "label", "type", "expires_at", "parent_id_tag", "allows_concurrent", "payment_method")
Places = Iterable[Team | Site | ChargePoint]


@transaction.atomic
def charge_key_create(
    *, actor: Actor, organisation: Organisation, fields: dict[str, Any], places: Places = ()
) -> ChargeKey:
    """A new key; it works at `places` only, if there are any. Raises ValidationError by field."""
    key = ChargeKey(organisation=organisation, **{name: fields[name] for name in FACTS})
    key.full_clean()
    key.save(force_insert=True)
    works_at = _limit(key, places)
    after = facts_of(key, *FACTS) | {"works_at": works_at}
    audit_record(actor=actor, act="created", obj=key, place=key.place, after=after)
    return key


@transaction.atomic
def charge_key_edit(*, actor: Actor, key: ChargeKey, fields: dict[str, Any], places: Places = ()) -> ChargeKey:
    """Change a key and where it works. Raises ValidationError by field."""
    stored = _locked(key)
    before = facts_of(stored, *FACTS) | {"works_at": _places(stored)}
    for name in FACTS:
        setattr(stored, name, fields[name])
    stored.full_clean()
    stored.save(update_fields=FACTS)
    after = facts_of(stored, *FACTS) | {"works_at": _limit(stored, places)}
    audit_record(actor=actor, act="edited", obj=stored, place=stored.place, before=before, after=after)
    return stored


@transaction.atomic
def charge_key_block(*, actor: Actor, key: ChargeKey, blocked: bool, reason: str = "") -> None:
    """Let a key not work, or work again. A running charge goes on."""
    stored = _locked(key)
    state = KeyState.BLOCKED if blocked else KeyState.ACTIVE
    if stored.state != state:
        stored.state = state
        stored.save(update_fields=["state"])
        act = "blocked" if blocked else "unblocked"
        audit_record(actor=actor, act=act, obj=stored, place=stored.place, reason=reason)


@transaction.atomic
def charge_key_remove(*, actor: Actor, key: ChargeKey, reason: str = "") -> bool:
    """Delete a key that was never used; one that was is blocked, and stays with its charges. Whether it is gone."""
    stored = _locked(key)
    if charge_key_used(stored):
        charge_key_block(actor=actor, key=stored, blocked=True, reason=reason)
        return False
    audit_record(
        actor=actor,
        act="deleted",
        obj=stored,
        place=stored.place,
        before=facts_of(stored, *FACTS),
        reason=reason,
    )
    stored.delete()
    return True


def charge_key_used(key: ChargeKey) -> bool:
    """Whether anything was ever charged with it."""
    return Charge.objects.filter(charge_key=key).exists()


def _limit(key: ChargeKey, places: Places) -> list[str]:
    wanted = {(_field(place), place.pk): place for place in places}
    for limit in KeyLimit.objects.filter(charge_key=key):
        one = next(
            (name, number)
            for name, number in (
                ("team", limit.team_id),
                ("site", limit.site_id),
                ("charge_point", limit.charge_point_id),
            )
            if number
        )
        if one in wanted:
            del wanted[one]
        else:
            limit.delete()
    KeyLimit.objects.bulk_create(KeyLimit(charge_key=key, **{name: place}) for (name, _), place in wanted.items())
    return _places(key)


def _places(key: ChargeKey) -> list[str]:
    limits = KeyLimit.objects.filter(charge_key=key).select_related("team", "site", "charge_point")
    return sorted(str(limit.team or limit.site or limit.charge_point) for limit in limits)


def _field(place: Model) -> str:
    return {Team: "team", Site: "site", ChargePoint: "charge_point"}[type(place)]


def _locked(key: ChargeKey) -> ChargeKey:
    return ChargeKey.objects.select_for_update(of=("self",)).select_related("driver", "payment_method").get(pk=key.pk)
