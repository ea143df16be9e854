"""The sessions of people: a row for each, kept beside Django's own so that they can be told apart and ended."""

import time
from datetime import UTC, datetime, timedelta

from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from hub.account.records import person_record
from hub.audit.records import Actor
from hub.http import remote_address
from hub.teams.models import SignIn, User

SEEN = "seen"
SEEN_EVERY = timedelta(minutes=5)
KEPT = timedelta(days=180)


def session_began(request: HttpRequest, user: User) -> None:
    """Note a new session of `user`, with where it began."""
    moment = timezone.now()
    SignIn.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        address=remote_address(request)[:64],
        user_agent=request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")[:255],
        started_at=moment,
        seen_at=moment,
    )
    request.session[SEEN] = int(moment.timestamp())


def session_seen(request: HttpRequest) -> None:
    """Note that the session is in use, every five minutes at most; the session itself remembers when it was."""
    moment = int(time.time())
    if moment - int(request.session.get(SEEN, 0)) < SEEN_EVERY.total_seconds():
        return
    request.session[SEEN] = moment
    key = request.session.session_key or ""
    SignIn.objects.filter(session_key=key).update(seen_at=datetime.fromtimestamp(moment, UTC))


def session_ended(session_key: str, reason: str) -> None:
    """Note that a session is over."""
    SignIn.objects.filter(session_key=session_key, ended_at=None).update(ended_at=timezone.now(), end_reason=reason)


def sessions_of(user: User) -> list[SignIn]:
    """The sessions of `user` that run, the last used first."""
    running = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    rows = SignIn.objects.filter(user=user, ended_at=None, session_key__in=running)
    return list(rows.order_by("-seen_at", "-pk"))


@transaction.atomic
def sessions_end(*, actor: Actor, user: User, keys: list[str], reason: str) -> int:
    """End these sessions of `user`; how many there were. Their live sockets close at the next heartbeat.

    A session that is gone from the database is one that nobody has: a request under way cannot bring it back.
    """
    rows = SignIn.objects.filter(user=user, ended_at=None, session_key__in=keys)
    ended = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=ended).delete()
    rows.update(ended_at=timezone.now(), end_reason=reason)
    if ended:
        person_record(actor=actor, act="sessions_ended", user=user, after={"sessions": len(ended)}, reason=reason)
    return len(ended)


def sessions_end_all(*, actor: Actor, user: User, reason: str, but: str | None = None) -> int:
    """End all sessions of `user`, except the one with the key `but`."""
    rows = SignIn.objects.filter(user=user, ended_at=None).exclude(session_key=but or "")
    return sessions_end(actor=actor, user=user, keys=list(rows.values_list("session_key", flat=True)), reason=reason)


def sessions_tidy() -> None:
    """Forget what ran out: Django's rows at once, ours half a year after their end."""
    moment = timezone.now()
    Session.objects.filter(expire_date__lte=moment).delete()
    running = Session.objects.values("session_key")
    SignIn.objects.filter(ended_at=None).exclude(session_key__in=running).update(ended_at=moment, end_reason="ran out")
    SignIn.objects.filter(ended_at__lte=moment - KEPT).delete()


def session_renew(request: HttpRequest, user: User) -> None:
    """Keep this session when its person has a new password: under another key, like Django does."""
    old = request.session.session_key
    update_session_auth_hash(request, user)
    SignIn.objects.filter(session_key=old or "").update(session_key=request.session.session_key or "")
