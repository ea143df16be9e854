"""Payment methods of drivers and teams. References of cards come in and never go out again."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from chargepoints.choices import WALLETS, PaymentKind
from chargepoints.models import Driver, PaymentMethod
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Team

FACTS = ("name", "kind", "currency", "provider", "credit_limit", "is_default", "is_active")


@transaction.atomic
def payment_method_create(*, actor: Actor, owner: Driver | Team, fields: dict[str, Any]) -> PaymentMethod:
    """A new one of a driver or a team; a driver's first is the default. Raises ValidationError by field."""
    others = _others(owner)
    method = PaymentMethod(
        organisation_id=owner.organisation_id,
        driver=owner if isinstance(owner, Driver) else None,
        team=owner if isinstance(owner, Team) else None,
        is_default=not any(other.is_default for other in others),
        **_kept(fields["kind"], fields),
    )
    method.full_clean()
    method.save(force_insert=True)
    audit_record(actor=actor, act="created", obj=method, place=method.place, after=_facts(method))
    return method


@transaction.atomic
def payment_method_edit(*, actor: Actor, method: PaymentMethod, fields: dict[str, Any]) -> None:
    """Its name and how far a wallet may go below zero; a card's reference only when another is given."""
    stored = _locked(method)
    before = _facts(stored)
    stored.name = fields["name"]
    if stored.kind in WALLETS:
        stored.credit_limit = fields["credit_limit"]
    if stored.kind == PaymentKind.CARD and fields.get("reference"):
        stored.reference = fields["reference"]
    stored.full_clean()
    stored.save(update_fields=["name", "credit_limit", "reference"])
    audit_record(actor=actor, act="edited", obj=stored, place=stored.place, before=before, after=_facts(stored))


@transaction.atomic
def payment_method_default(*, actor: Actor, method: PaymentMethod) -> None:
    """Make it the one that pays unless a key names another."""
    owner = method.driver or method.team
    if owner is None:
        return
    others = _others(owner)
    if method.pk in {other.pk for other in others if other.is_default}:
        return
    for other in others:
        if other.is_default:
            other.is_default = False
            other.save(update_fields=["is_default"])
    stored = _locked(method)
    stored.is_default = True
    stored.save(update_fields=["is_default"])
    audit_record(actor=actor, act="made_default", obj=stored, place=stored.place)


@transaction.atomic
def payment_method_switch(*, actor: Actor, method: PaymentMethod, active: bool) -> None:
    """Switch it off or on. What it holds and owes stays; running charges keep what was held for them."""
    stored = _locked(method)
    if stored.is_active != active:
        stored.is_active = active
        stored.save(update_fields=["is_active"])
        act = "switched_on" if active else "switched_off"
        audit_record(actor=actor, act=act, obj=stored, place=stored.place)


def _kept(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """What a method of this kind has."""
    is_card = kind == PaymentKind.CARD
    return {
        "kind": kind,
        "name": fields["name"] or PaymentKind(kind).label,
        "currency": fields["currency"],
        "provider": fields["provider"] if is_card else "",
        "reference": fields["reference"] if is_card else "",
        "credit_limit": (fields["credit_limit"] or Decimal(0)) if kind in WALLETS else Decimal(0),
    }


def _others(owner: Driver | Team) -> list[PaymentMethod]:
    """All of the owner, who is locked: two people cannot make two defaults."""
    type(owner).objects.select_for_update().get(pk=owner.pk)
    mine = {"driver": owner} if isinstance(owner, Driver) else {"team": owner}
    return list(PaymentMethod.objects.select_for_update().filter(**mine))


def _facts(method: PaymentMethod) -> dict[str, object]:
    ending = {"card_ending": method.reference[-4:]} if method.reference else {}
    return facts_of(method, *FACTS) | ending


def _locked(method: PaymentMethod) -> PaymentMethod:
    return PaymentMethod.objects.select_for_update(of=("self",)).get(pk=method.pk)
