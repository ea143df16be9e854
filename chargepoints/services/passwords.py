"""Passwords that people set: typed, or made and shown once. On record, but never their text."""

import secrets

from django.core.exceptions import ValidationError
from django.db import transaction

from chargepoints.choices import Category
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, ConnectionAttempt
from chargepoints.services.changes import changed
from chargepoints.services.credentials import LONGEST, SHORTEST, password_hmac
from chargepoints.services.locks import charge_point_locked
from chargepoints.services.notes import note_append
from hub.audit.records import Actor, audit_record

# What is typed on chargers' small keypads and read out loud: no 0 and O, no 1, l and I. 20 of 57 are 116 bits.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MADE_LENGTH = 20


def password_made() -> str:
    """A random password that can be typed into a charger."""
    return "".join(secrets.choice(_LETTERS) for _ in range(MADE_LENGTH))


def password_chosen(*, charge_point: ChargePoint, password: str | None) -> str:
    """What a charge point gets: `password`, a made one for an empty one, none for None or without any identity."""
    if password is None or not (charge_point.identity or charge_point.wanted_identity):
        return ""
    return password or password_made()


def password_store(*, charge_point: ChargePoint, password: str) -> None:
    """Store a password, or that there is none. Raises ValidationError for one of the wrong length.

    It belongs to the identity, or to the one that is claimed: it is good as soon as that is the charge point's.
    """
    name = charge_point.identity or charge_point.wanted_identity
    if password and not SHORTEST <= len(password.encode()) <= LONGEST:
        raise ValidationError(f"Use {SHORTEST} to {LONGEST} characters; chargers accept no others.")
    if password and not name:
        raise ValidationError("Set the identity first: the password belongs to it.")
    charge_point.password_hmac = password_hmac(name, password) if password else ""
    charge_point.next_password_hmac = ""
    charge_point.save(update_fields=["password_hmac", "next_password_hmac"])


@transaction.atomic
def password_give(*, actor: Actor, charge_point: ChargePoint, password: str = "") -> str:
    """Set a password, a made one when it is empty; its text, which is kept nowhere.

    A socket that is open stays open: the charger needs the new one when it calls next. Raises ValidationError for
    one of the wrong length or without an identity, ActionRefused for a charge point that is archived.
    """
    found = charge_point_locked(charge_point=charge_point)
    if not (found.identity or found.wanted_identity):
        raise ValidationError("Set the identity first: the password belongs to it.")
    given, how = password or password_made(), "typed" if password else "made"
    password_store(charge_point=found, password=given)
    note_append(
        charge_point_id=found.pk, action="Password", fact="set", text=f"by {actor.name}", category=Category.SECURITY
    )
    audit_record(
        actor=actor, act="password set", obj=found, place=found.place, before={}, after={"password": f"{how}, not kept"}
    )
    changed([found.pk], "head")
    return given


def password_adopt(*, actor: Actor, charge_point: ChargePoint, attempt: ConnectionAttempt) -> None:
    """Make the password that the charger offered in this refused handshake its own; nobody gets to know it.

    The charge point must be locked and without a connection. Raises ActionRefused where there is none to take.
    """
    if not attempt.password_hmac or attempt.identity.lower() != (charge_point.identity or "").lower():
        raise ActionRefused("The charger has not called with a password of its own.")
    charge_point.password_hmac, charge_point.next_password_hmac = attempt.password_hmac, ""
    charge_point.save(update_fields=["password_hmac", "next_password_hmac"])
    ConnectionAttempt.objects.filter(charge_point=charge_point).update(password_hmac="")
    source = f"from {attempt.remote_address}"
    note_append(
        charge_point_id=charge_point.pk,
        action="Password",
        fact="taken over",
        text=f"by {actor.name}: what the charger offered {source}",
        category=Category.SECURITY,
    )
    audit_record(
        actor=actor,
        act="password set",
        obj=charge_point,
        place=charge_point.place,
        before={},
        after={"password": f"what the charger offered {source}"},
    )
    changed([charge_point.pk], "head")
