"""The second factor: a code of an authenticator app (TOTP, RFC 6238), and ten recovery codes for when it is lost."""

import math
import secrets
from base64 import b32encode
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_otp.models import ThrottlingMixin
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from hub.account.records import person_record
from hub.audit.records import Actor
from hub.teams.models import Member, User

RECOVERY_CODES = 10
NAME = "Authenticator app"
# Without letters and digits that are taken for each other.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code was worth; `wait_s` seconds before the next one is looked at."""

    is_good: bool
    wait_s: int = 0
    was_recovery: bool = False


_ASKED = Exists(Member.objects.filter(user=OuterRef("pk"), organisation__requires_second_factor=True))
_HAS = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))


def people_with_needs() -> QuerySet[User]:
    """People, each with `needs_second_factor`: an organisation asks for one and they have none."""
    return User.objects.annotate(needs_second_factor=_ASKED & ~_HAS)


def needs_second_factor(user: object) -> bool:
    """Whether this person sees nothing before a second factor is set up."""
    if not isinstance(user, User):
        return False
    known = getattr(user, "needs_second_factor", None)
    if known is None:
        return User.objects.filter(_ASKED, ~_HAS, pk=user.pk).exists()
    return bool(known)


def device_of(user: User) -> TOTPDevice | None:
    """The authenticator app of `user`, if they have set one up."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()
    return found


def device_begin(user: User) -> TOTPDevice:
    """The app that is being set up; the same one until it is confirmed, so that a page can be loaded again."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("pk").first()
    if found is None:
        found = TOTPDevice.objects.create(user=user, name=NAME, confirmed=False)
    return found


def secret_text(device: TOTPDevice) -> str:
    """The secret as apps take it when typed: base32 in groups of four."""
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@transaction.atomic
def device_confirm(*, actor: Actor, user: User, code: str) -> tuple[Verdict, list[str]]:
    """Switch the second factor on, if `code` comes from the app that is being set up; then the recovery codes."""
    User.objects.select_for_update().get(pk=user.pk)
    device = TOTPDevice.objects.select_for_update().get(pk=device_begin(user).pk)
    verdict = _verdict(device, _digits(code))
    if not verdict.is_good:
        return verdict, []
    TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    person_record(actor=actor, act="second_factor_on", user=user)
    return verdict, _codes_make(user)


@transaction.atomic
def recovery_codes_renew(*, actor: Actor, user: User) -> list[str]:
    """New recovery codes; the old ones stop working."""
    person_record(actor=actor, act="recovery_codes_renewed", user=user)
    return _codes_make(user)


def recovery_codes_left(user: User) -> int:
    """How many recovery codes have not been used."""
    return int(StaticToken.objects.filter(device__user=user).count())


@transaction.atomic
def second_factor_off(*, actor: Actor, user: User, reason: str = "") -> None:
    """Remove app and recovery codes."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    person_record(actor=actor, act="second_factor_off", user=user, reason=reason)


@transaction.atomic
def code_check(user: User, code: str) -> Verdict:
    """Look at a code of the app (six digits) or a recovery code. Each code is good once; wrong ones cost time."""
    digits = _digits(code)
    if len(digits) == 6 and digits.isdigit():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        return _verdict(device, digits) if device else Verdict(False)
    static = StaticDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
    if static is None or not digits or len(digits) > 16:
        return Verdict(False)
    found = _verdict(static, digits)
    return Verdict(found.is_good, found.wait_s, was_recovery=found.is_good)


def _codes_make(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Recovery codes")
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digits(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _verdict(device: TOTPDevice | StaticDevice, code: str) -> Verdict:
    if device.verify_token(code):
        return Verdict(True)
    return Verdict(False, _wait(device))


def _wait(device: ThrottlingMixin) -> int:
    is_allowed, told = device.verify_is_allowed()
    if is_allowed or not told:
        return 0
    seconds: float = (told["locked_until"] - timezone.now()).total_seconds()
    return max(1, math.ceil(seconds))
