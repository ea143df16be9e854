"""The handshake of a charger: who it says it is, and whether to believe it. No query here, no answer sent."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from chargepoints.certificates import Presented
from chargepoints.choices import Refusal
from chargepoints.selectors.admission import Admission, Issued
from chargepoints.services.credentials import SHORTEST, password_hmac, password_which
from chargepoints.services.strangers import Stranger
from ocpp_gateway.client_certificates import certificate_name, presented
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
    Refusal.DOWNGRADE: 401,
    Refusal.BAD_CERTIFICATE: 401,
}

# What was offered may be its own password, of which we do not know yet: a person can take it over.
ADOPTABLE = frozenset({Refusal.UNKNOWN_IDENTITY, Refusal.NO_PASSWORD_SET, Refusal.WRONG_PASSWORD})


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
    certificate: Presented | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """What an accepted handshake has proved.

    `credential` is `current`, `next` or "" as in `Opened`. `name` is the common name of the client certificate where
    it is a serial number, which the boot must repeat (B01.FR.11); empty otherwise.
    """

    profile: int
    credential: str = ""
    certificate: str = ""
    name: str = ""


def hello(scope: Mapping[str, Any], *, trust_proxy: bool, certificate_header: str = "") -> Hello:
    """Read an ASGI websocket scope (H1, H7). `trust_proxy`: TLS ends at a proxy in front of us that says so.

    Only then is `certificate_header` read, in which the proxy hands over the client's certificate.
    """
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.split(b"?", 1)[0].decode("ascii", "replace")
    identity = _identity(path)
    headers = {name.lower(): value for name, value in scope.get("headers", [])}
    user, password = _basic(headers.get(b"authorization", b""))
    client = scope.get("client") or ("", 0)
    forwarded = headers.get(b"x-forwarded-proto", b"") in {b"https", b"wss"}
    encrypted = scope.get("scheme") == "wss" or (trust_proxy and forwarded)
    return Hello(
        identity=identity if _IDENTITY.fullmatch(identity) else "",
        offered_identity=identity,
        user_name=user,
        password=password,
        subprotocols=list(scope.get("subprotocols") or ()),
        remote_address=str(client[0]),
        path=path,
        encrypted=encrypted,
        certificate=presented(scope, certificate_header if trust_proxy else "") if encrypted else None,
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


def offered_hmac(greeting: Hello) -> str:
    """What to keep of a password that we do not know; empty for none, or one too short to be any."""
    if not greeting.identity or greeting.user_name is None or len(greeting.password) < SHORTEST:
        return ""
    return password_hmac(greeting.identity, greeting.password)


def stranger(greeting: Hello, version: Version | None) -> Stranger | None:
    """An unknown charger that could be taken in as it comes: its own user name or none, a password or none."""
    made = offered_hmac(greeting)
    is_open = greeting.user_name is None
    is_itself = is_open or str(greeting.user_name).lower() == greeting.identity.lower()
    if not greeting.identity or version is None or not is_itself or not (made or is_open):
        return None
    return Stranger(greeting.identity, greeting.remote_address, made)


def choose_version(offered: Sequence[str], supported: Sequence[Version]) -> Version | None:
    """The first of the charger's list that we speak (H3)."""
    spoken = {str(version): version for version in supported}
    return next((spoken[name] for name in offered if name in spoken), None)


def judge(
    greeting: Hello, version: Version | None, known: Admission | None, issued: Issued | None = None
) -> Trust | Refusal:
    """What this handshake proves, or why it is refused.

    The password is checked also for unknown identities: equal time. `issued` is what we know of the client
    certificate by its fingerprint.
    """
    if not greeting.identity:
        return Refusal.BAD_IDENTITY
    stored, staged = (known.password_hmac, known.next_password_hmac) if known else ("", "")
    which = password_which(greeting.identity, greeting.password, stored, staged)
    if known is not None and known.is_strict and not _is_exact(greeting, known):
        which = ""
    if version is None:
        return Refusal.WRONG_SUBPROTOCOL if greeting.subprotocols else Refusal.NO_SUBPROTOCOL
    if known is None:
        return Refusal.UNKNOWN_IDENTITY
    if greeting.user_name is not None and greeting.user_name.lower() != greeting.identity.lower():
        return Refusal.WRONG_USER
    trust = _trust(greeting, known, which, issued)
    if isinstance(trust, Trust) and not known.may_connect:
        return Refusal.INACTIVE
    # A lower profile than it must have, or has ever had, is refused whatever else is right (H8, TC_083).
    return Refusal.DOWNGRADE if isinstance(trust, Trust) and trust.profile < known.security_profile else trust


def _trust(greeting: Hello, known: Admission, which: str, issued: Issued | None) -> Trust | Refusal:
    if greeting.certificate is not None:
        name = certificate_name(greeting.certificate, known, issued)
        if name is not None:
            serial = "" if name.lower() == known.identity.lower() else name
            return Trust(3, certificate=greeting.certificate.fingerprint, name=serial)
        if not which or known.security_profile == 3:
            return Refusal.BAD_CERTIFICATE
    if which:
        return Trust(2 if greeting.encrypted else 1, credential=which)
    if known.security_profile == 0 and (greeting.user_name is None or not known.password_hmac):
        return Trust(0)
    if greeting.user_name is None:
        return Refusal.DOWNGRADE if known.security_profile == 3 else Refusal.NO_CREDENTIALS
    return Refusal.WRONG_PASSWORD if known.password_hmac else Refusal.NO_PASSWORD_SET


def _is_exact(greeting: Hello, known: Admission) -> bool:
    """Whether the password came as it was set, not in its other form, hexadecimal or not (D4)."""
    made = password_hmac(greeting.identity, greeting.password)
    return made in {known.password_hmac, known.next_password_hmac}


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
    if greeting.user_name is not None and not _is_exact(greeting, known):
        found["hex-password"] = ""
    return found
