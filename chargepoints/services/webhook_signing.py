"""Secrets of webhooks, sealed in the database, and what is signed with them (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

PREFIX = "whsec_"
_BYTES = 32


class SecretLost(Exception):
    """A secret was sealed with another server key; a new one must be made."""


def secret_new() -> str:
    """256 random bits, as receivers type them in."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def secret_seal(secret: str) -> str:
    """As it may lie in the database."""
    return _box().encrypt(secret.encode()).decode()


def secret_open(sealed: str) -> str:
    """The secret again. Raises SecretLost."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretLost from error


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of id, time and body, each parted by a full stop."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _box() -> Fernet:
    key = hashlib.sha256(f"webhook:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
