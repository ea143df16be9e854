"""Drivers: made, changed, blocked, archived. Who may is the caller's."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import Charge, Driver, LedgerAccount
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Organisation

FACTS = ("name", "user_id", "email", "phone", "note")


@transaction.atomic
def driver_create(*, actor: Actor, organisation: Organisation, fields: dict[str, Any]) -> Driver:
    """A new driver. Raises ValidationError by field."""
    driver = Driver(organisation=organisation, **{name: fields[name] for name in FACTS})
    driver.full_clean()
    driver.save(force_insert=True)
    audit_record(actor=actor, act="created", obj=driver, place=driver.place, after=facts_of(driver, *FACTS))
    return driver


@transaction.atomic
def driver_edit(*, actor: Actor, driver: Driver, fields: dict[str, Any]) -> Driver:
    """Change what is known of a driver. Raises ValidationError by field."""
    stored = _locked(driver)
    before = facts_of(stored, *FACTS)
    for name in FACTS:
        setattr(stored, name, fields[name])
    stored.full_clean()
    stored.save(update_fields=FACTS)
    audit_record(
        actor=actor, act="edited", obj=stored, place=stored.place, before=before, after=facts_of(stored, *FACTS)
    )
    return stored


@transaction.atomic
def driver_block(*, actor: Actor, driver: Driver, blocked: bool, reason: str = "") -> None:
    """Let none of the driver's keys work, or let them work again. A running charge goes on."""
    stored = _locked(driver)
    if stored.is_blocked != blocked:
        stored.is_blocked = blocked
        stored.save(update_fields=["is_blocked"])
        audit_record(
            actor=actor, act="blocked" if blocked else "unblocked", obj=stored, place=stored.place, reason=reason
        )


@transaction.atomic
def driver_archive(*, actor: Actor, driver: Driver, reason: str = "") -> None:
    """Take a driver off the lists; none of their keys works any more, and all history is kept.

    Raises ChangeRefused while a charge of theirs runs or their wallets are not empty.
    """
    stored = _locked(driver)
    if stored.archived_at is not None:
        return
    if why := driver_kept_by(stored):
        raise ChangeRefused(why)
    stored.archived_at = timezone.now()
    stored.save(update_fields=["archived_at"])
    audit_record(actor=actor, act="archived", obj=stored, place=stored.place, reason=reason)


@transaction.atomic
def driver_restore(*, actor: Actor, driver: Driver) -> None:
    """Bring an archived driver back, with all keys."""
    stored = _locked(driver)
    if stored.archived_at is not None:
        stored.archived_at = None
        stored.save(update_fields=["archived_at"])
        audit_record(actor=actor, act="restored", obj=stored, place=stored.place)


def driver_kept_by(driver: Driver) -> str:
    """Why a driver cannot be archived now, with what to do; empty when they can."""
    if Charge.objects.filter(charge_key__driver=driver, state__in=OPEN_CHARGE_STATES).exists():
        return f"A charge of {driver} is running. Archive the driver when it has ended."
    money = LedgerAccount.objects.filter(payment_method__driver=driver).exclude(balance=0)
    if money.exists():
        return f"The wallet of {driver} is not empty. Pay out what is in it, or settle what is owed, first."
    return ""


def _locked(driver: Driver) -> Driver:
    return Driver.objects.select_for_update().get(pk=driver.pk)
