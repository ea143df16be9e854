"""Sign-in in two steps. Django's `login` comes after both: no session exists that has passed only one."""

import time
from dataclasses import dataclass

from django.contrib.auth import authenticate, login
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from hub.account.lockout import wait_minutes
from hub.account.records import person_record
from hub.account.second_factor import device_of
from hub.audit.choices import ActorKind
from hub.audit.records import Actor
from hub.http import remote_address
from hub.teams.models import User

BACKEND = "hub.account.backends.Backend"
FIRST_STEP = "first_step"
FIRST_STEP_SECONDS = 5 * 60


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a user name and a password."""

    user: User | None = None
    wait_minutes: int = 0


def password_try(request: HttpRequest, username: str, password: str) -> Tried:
    """The person, if name and password are right and neither has been tried too often.

    Nothing tells whether the name exists: not the answer, and not the time that it takes.
    """
    if wait := wait_minutes(request, username):
        return Tried(wait_minutes=wait)
    user = authenticate(request, username=username, password=password)
    if isinstance(user, User):
        return Tried(user)
    _failure_record(request, username)
    return Tried(wait_minutes=wait_minutes(request, username))


def first_step_keep(request: HttpRequest, user: User, then: str) -> None:
    """Remember, in a session that is nobody's, that the password was right; `then` is where to go afterwards."""
    request.session.cycle_key()
    request.session[FIRST_STEP] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": int(time.time()),
        "next": then,
    }


def first_step_of(request: HttpRequest) -> tuple[User, str] | None:
    """Who has given the right password within the last five minutes, and where they want to go."""
    kept = request.session.get(FIRST_STEP)
    if not kept or time.time() - kept["at"] > FIRST_STEP_SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["hash"], user.get_session_auth_hash()):
        return None
    return user, str(kept["next"])


def needs_code(user: User) -> bool:
    """Whether the password alone is not enough."""
    return device_of(user) is not None


@transaction.atomic
def sign_in(request: HttpRequest, user: User, how: str = "password") -> None:
    """Begin the session. Both steps must have been taken."""
    request.session.pop(FIRST_STEP, None)
    login(request, user, backend=BACKEND)
    person_record(actor=Actor.asking(request), act="signed_in", user=user, reason=how)


@transaction.atomic
def code_failure_record(request: HttpRequest, user: User) -> None:
    """Put on record that the password was right and the code was not."""
    person_record(actor=_nobody(request), act="sign_in_failed", user=user, reason="wrong code")


def _failure_record(request: HttpRequest, username: str) -> None:
    """On record where somebody of that name is; for other names the same work is done and undone."""
    with transaction.atomic():
        user = User.objects.filter(username=username).first()
        person_record(
            actor=_nobody(request),
            act="sign_in_failed",
            user=user or User(pk=0, username="nobody"),
            reason="wrong password",
        )
        if user is None:
            transaction.set_rollback(True)


def _nobody(request: HttpRequest) -> Actor:
    return Actor(ActorKind.PERSON, "Not signed in", address=remote_address(request))
