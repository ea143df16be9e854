"""Passwords of charge points: machine keys, checked by one HMAC instead of a slow hash.

They are random and long (16 characters or more), so guessing is hopeless however fast the check is, while a slow
hash would let a reconnect storm take the gateway down (ARCHITECTURE, "Storms").
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError

from chargepoints import sql
from chargepoints.choices import CommandStatus
from chargepoints.models import ChargePoint
from chargepoints.reports import Answer
from chargepoints.services.changes import changed

# OCPP 1.6 security whitepaper A00.FR.205: 16 to 20 bytes; 2.0.1: 16 to 40 characters; 2.1 allows 64.
SHORTEST, LONGEST = 16, 64
ROTATED_BYTES = 20
CURRENT, NEXT = "current", "next"


def password_hmac(identity: str, password: bytes | str) -> str:
    """What is stored instead of the password. Bytes, because a 1.6 password need not be text (H7)."""
    secret = password.encode() if isinstance(password, str) else password
    key = hashlib.sha256(f"charge-point-password:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, identity.lower().encode() + b"\x00" + secret, hashlib.sha256).hexdigest()


def password_spellings(password: bytes) -> list[bytes]:
    """What the charger may mean: the bytes, the bytes that their hex text stands for, or the hex text of them (D4)."""
    found = [password, password.hex().encode(), password.hex().upper().encode()]
    if len(password) >= 2 * SHORTEST:
        try:
            # Digits only: `fromhex` would skip white space.
            digits = password.decode("ascii")
            found += [bytes.fromhex(digits) if digits.isalnum() else b"", password.lower(), password.upper()]
        except ValueError:
            found.append(b"")
    return [spelling for spelling in found if spelling]


def password_which(identity: str, password: bytes, current: str, staged: str) -> str:
    """`current`, `next` or "": which of the stored passwords this is, in any spelling of D4.

    The work depends on what was sent only, so that it takes the same time whether or not one is stored.
    """
    which = ""
    for spelling in password_spellings(password) or [b""]:
        made = password_hmac(identity, spelling)
        is_current = hmac.compare_digest(made, current or "-" * 64)
        is_next = hmac.compare_digest(made, staged or "-" * 64)
        if not which:
            which = NEXT if is_next else CURRENT if is_current else ""
    return which


def password_matches(identity: str, password: bytes, stored: str) -> bool:
    """Whether `password` is the one; takes the same time for every answer, also when none is stored."""
    return bool(password_which(identity, password, stored, ""))


def password_set(*, charge_point: ChargePoint, password: str) -> None:
    """Store a new password; raises ValidationError for one of the wrong length or without an identity."""
    if not SHORTEST <= len(password.encode()) <= LONGEST:
        raise ValidationError(f"Use {SHORTEST} to {LONGEST} characters; chargers accept no others.")
    if not charge_point.identity:
        raise ValidationError("Set the identity first: the password belongs to it.")
    charge_point.password_hmac = password_hmac(charge_point.identity, password)
    charge_point.next_password_hmac = ""
    charge_point.save(update_fields=["password_hmac", "next_password_hmac"])


def password_stage(*, charge_point_id: int) -> str:
    """Make a random password, good from now on beside the old one; its hexadecimal text, which is kept nowhere."""
    charge_point = ChargePoint.objects.select_for_update().get(pk=charge_point_id)
    password = secrets.token_bytes(ROTATED_BYTES)
    charge_point.next_password_hmac = password_hmac(charge_point.identity or "", password)
    charge_point.save(update_fields=["next_password_hmac"])
    return password.hex()


_SWITCH = """
UPDATE chargepoints_chargepoint SET password_hmac = next_password_hmac, next_password_hmac = ''
WHERE id = ANY(%s) AND next_password_hmac <> ''
"""
_DROP = "UPDATE chargepoints_chargepoint SET next_password_hmac = '' WHERE id = ANY(%s) AND next_password_hmac <> ''"
# While the new password is on its way the old one proves nothing.
_ARRIVED = """
UPDATE chargepoints_chargepoint p SET next_password_hmac = ''
WHERE p.id = ANY(%s) AND p.next_password_hmac <> '' AND NOT EXISTS (
    SELECT FROM chargepoints_command m
    WHERE m.charge_point_id = p.id AND m.kind = 'rotate_password' AND m.status = 'sent')
"""


def passwords_answered(*, answers: Sequence[Answer]) -> None:
    """What a charger said of its new password (CSMS.md 2.2): Accepted, the new one only; refused, the old one only.

    After silence, an error or "after a reboot" both are good until the next login tells which it has.
    """
    taken = [answer.charge_point_id for answer in answers if _word(answer) == "Accepted"]
    refused = [answer.charge_point_id for answer in answers if answer.outcome == CommandStatus.REJECTED]
    sql.execute(_SWITCH, taken)
    sql.execute(_DROP, refused)
    changed(taken + refused, "head")


def _word(answer: Answer) -> str:
    return str((answer.response or {}).get("status", ""))


def passwords_used(*, used: Sequence[tuple[int, str]]) -> None:
    """Logins with (charge point, `current` or `next`): the first good one after a rotation decides what stays."""
    if used:
        sql.execute(_SWITCH, [pk for pk, which in used if which == NEXT])
        sql.execute(_ARRIVED, [pk for pk, which in used if which == CURRENT])
