"""Passwords of charge points: machine keys, checked by one HMAC instead of a slow hash.

They are random and long (16 characters or more), so guessing is hopeless however fast the check is, while a slow
hash would let a reconnect storm take the gateway down (ARCHITECTURE, "Storms").
"""

import hashlib
import hmac

from django.conf import settings
from django.core.exceptions import ValidationError

from chargepoints.models import ChargePoint

# OCPP 1.6 security whitepaper A00.FR.205: 16 to 20 bytes; 2.0.1: 16 to 40 characters; 2.1 allows 64.
SHORTEST, LONGEST = 16, 64


def password_hmac(identity: str, password: bytes | str) -> str:
    """What is stored instead of the password. Bytes, because a 1.6 password need not be text (H7)."""
    secret = password.encode() if isinstance(password, str) else password
    key = hashlib.sha256(f"charge-point-password:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, identity.lower().encode() + b"\x00" + secret, hashlib.sha256).hexdigest()


def password_matches(identity: str, password: bytes, stored: str) -> bool:
    """Whether `password` is the one; takes the same time for every answer, also when none is stored."""
    return hmac.compare_digest(password_hmac(identity, password), stored or "-" * 64) and bool(stored)


def password_forms(password: bytes) -> list[bytes]:
    """Other forms of the same password: bytes for its hexadecimal text, and the text for bytes (D4, QUIRKS 1.5)."""
    forms = [password.hex().encode(), password.hex().upper().encode()]
    try:
        forms += [bytes.fromhex(password.decode("ascii")), password.lower(), password.upper()]
    except ValueError:
        return forms
    return [form for form in forms if form != password]


def password_set(*, charge_point: ChargePoint, password: str) -> None:
    """Store a new password; raises ValidationError for one of the wrong length or without an identity."""
    if not SHORTEST <= len(password.encode()) <= LONGEST:
        raise ValidationError(f"Use {SHORTEST} to {LONGEST} characters; chargers accept no others.")
    if not charge_point.identity:
        raise ValidationError("Set the identity first: the password belongs to it.")
    charge_point.password_hmac = password_hmac(charge_point.identity, password)
    charge_point.save(update_fields=["password_hmac"])
