"""The handshake of a charger: who it says it is, and whether to believe it. No query here, no answer sent."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from chargepoints.choices import Refusal
from chargepoints.selectors.admission import Admission
from chargepoints.services.credentials import password_forms, password_matches
from ocpp_gateway.encoding import clean
from ocpp_gateway.errors import Version

# OCPP 2.1 part 4, 3.1.1, without a colon because of Basic authentication; 48 for all versions (H2).
_IDENTITY = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")

HTTP_STATUS: dict[Refusal, int] = {
    Refusal.BAD_IDENTITY: 400,
    Refusal.NO_SUBPROTOCOL: 400,
    Refusal.WRONG_SUBPROTOCOL: 400,
    Refusal.INACTIVE: 403,
    Refusal.TOO_MANY: 429,
    # One status for unknown and for wrong, so that nobody can find out which identities exist (SECURITY A4).
    Refusal.UNKNOWN_IDENTITY: 401,
    Refusal.NO_CREDENTIALS: 401,
    Refusal.WRONG_USER: 401,
    Refusal.WRONG_PASSWORD: 401,
    Refusal.NO_PASSWORD_SET: 401,
}


@dataclass(frozen=True, slots=True)
class Hello:
    """What a handshake offers. `identity` is empty when the path does not end in a usable one."""

    identity: str
    offered_identity: str
    user_name: str | None
    password: bytes
    subprotocols: Sequence[str]
    remote_address: str
    path: str
    encrypted: bool


def hello(scope: Mapping[str, Any], *, trust_proxy: bool) -> Hello:
    """Read an ASGI websocket scope (H1, H7). `trust_proxy`: TLS ends at a proxy in front of us that says so."""
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.split(b"?", 1)[0].decode("ascii", "replace")
    identity = _identity(path)
    headers = {name.lower(): value for name, value in scope.get("headers", [])}
    user, password = _basic(headers.get(b"authorization", b""))
    client = scope.get("client") or ("", 0)
    forwarded = headers.get(b"x-forwarded-proto", b"") in {b"https", b"wss"}
    return Hello(
        identity=identity if _IDENTITY.fullmatch(identity) else "",
        offered_identity=identity,
        user_name=user,
        password=password,
        subprotocols=list(scope.get("subprotocols") or ()),
        remote_address=str(client[0]),
        path=path,
        encrypted=scope.get("scheme") == "wss" or (trust_proxy and forwarded),
    )


def _identity(path: str) -> str:
    """The last path segment behind `/ocpp/`, decoded once; one trailing slash is tolerated (H1, D3)."""
    segment = path.partition("/ocpp/")[2].removesuffix("/").rsplit("/", 1)[-1]
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return ""


def _basic(header: bytes) -> tuple[str | None, bytes]:
    """User name and password bytes of a Basic header, split at the first colon; a password may not be text (H7)."""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() != b"basic":
        return None, b""
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).partition(b":")
    except binascii.Error:
        return None, b""
    return (user.decode("utf-8", "replace"), password) if colon else (None, b"")


def choose_version(offered: Sequence[str], supported: Sequence[Version]) -> Version | None:
    """The first of the charger's list that we speak (H3)."""
    spoken = {str(version): version for version in supported}
    return next((spoken[name] for name in offered if name in spoken), None)


def refusal(greeting: Hello, version: Version | None, known: Admission | None) -> Refusal | None:
    """Why this handshake is refused, or None. The password is checked also for unknown identities: equal time."""
    if not greeting.identity:
        return Refusal.BAD_IDENTITY
    stored = known.password_hmac if known else ""
    matches = password_matches(greeting.identity, greeting.password, stored) or (
        _other_form(greeting, known) and known is not None and not known.is_strict
    )
    if version is None:
        return Refusal.WRONG_SUBPROTOCOL if greeting.subprotocols else Refusal.NO_SUBPROTOCOL
    return _distrust(greeting, known, matches)


def _other_form(greeting: Hello, known: Admission | None) -> bool:
    """Whether the password is right in its other form, hexadecimal or not (D4)."""
    stored = known.password_hmac if known else ""
    return any(password_matches(greeting.identity, form, stored) for form in password_forms(greeting.password))


def assumed_version(greeting: Hello, known: Admission | None, supported: Sequence[Version]) -> Version | None:
    """The version set for a charger that offers none at all; its answer carries no header (D1, H5)."""
    if greeting.subprotocols or known is None or known.is_strict:
        return None
    return next((version for version in supported if version == known.assume_version), None)


def oddities(greeting: Hello, known: Admission) -> dict[str, str]:
    """What is odd about a handshake that is accepted, by rule of `chargepoints.rules`."""
    found: dict[str, str] = {}
    if not greeting.subprotocols:
        found["no-subprotocol"] = known.assume_version
    if greeting.path.endswith("/"):
        found["trailing-slash"] = clean(greeting.path)
    if greeting.identity != known.identity:
        found["identity-case"] = greeting.identity
    if not password_matches(greeting.identity, greeting.password, known.password_hmac):
        found["hex-password"] = ""
    return found


def _distrust(greeting: Hello, known: Admission | None, matches: bool) -> Refusal | None:
    if known is None:
        return Refusal.UNKNOWN_IDENTITY
    if greeting.user_name is None:
        return Refusal.NO_CREDENTIALS
    if greeting.user_name.lower() != greeting.identity.lower():
        return Refusal.WRONG_USER
    if not matches:
        return Refusal.WRONG_PASSWORD if known.password_hmac else Refusal.NO_PASSWORD_SET
    return None if known.is_active else Refusal.INACTIVE
