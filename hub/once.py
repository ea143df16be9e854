"""Secrets that are shown once: kept for two minutes between a POST and the page after it, encrypted, then gone.

So they stand in no address, no session and no database. Whoever is not there in time makes a new one.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from redis.exceptions import RedisError

from hub import bus

SECONDS = 120


def once_keep(*, session_key: str | None, what: str, secret: str) -> None:
    """Keep `secret` for this session under a name such as `charge-point:42`. Raises RedisError."""
    bus.client().set(_key(session_key, what), _box().encrypt(secret.encode()), ex=SECONDS)


def once_take(*, session_key: str | None, what: str) -> str:
    """What was kept; nothing the second time, later, in another session, or while Redis is away."""
    try:
        found = bus.client().getdel(_key(session_key, what))
    except RedisError:
        return ""
    if not isinstance(found, bytes):
        return ""
    try:
        return _box().decrypt(found).decode()
    except InvalidToken:
        return ""


def _key(session_key: str | None, what: str) -> str:
    return "hub:once:" + hashlib.sha256(f"{session_key}:{what}".encode()).hexdigest()


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"once:{settings.SECRET_KEY}".encode()).digest()))
