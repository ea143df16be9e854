"""What a gateway must know to let a charger in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chargepoints import sql
from chargepoints.choices import Registration

_ADMISSION = """
SELECT lower(p.identity), p.id, p.identity, p.password_hmac, p.next_password_hmac, p.security_profile, p.serial,
    p.is_active OR p.commissioning, p.is_strict, p.registration, p.registration_told, p.heartbeat_interval,
    p.assume_version
FROM chargepoints_chargepoint p WHERE lower(p.identity) = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Admission:
    """A registered charge point, as far as the handshake is concerned."""

    charge_point_id: int
    identity: str
    password_hmac: str
    next_password_hmac: str = ""
    security_profile: int = 1
    serial: str = ""
    may_connect: bool = True
    is_strict: bool = False
    registration: str = Registration.ACCEPTED
    registration_told: str = Registration.ACCEPTED
    heartbeat_interval: int | None = None
    assume_version: str = ""


def admissions(identities: Sequence[str]) -> dict[str, Admission]:
    """The charge points with these identities, by identity in lower case; one query for a storm of them."""
    found = sql.rows(_ADMISSION, sorted({identity.lower() for identity in identities}))
    return {row[0]: Admission(*row[1:]) for row in found}


_ISSUED = """
SELECT fingerprint, charge_point_id, state, not_after, chain FROM chargepoints_issuedcertificate
WHERE fingerprint = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Issued:
    """A client certificate of ours, as far as the handshake is concerned."""

    charge_point_id: int
    state: str
    not_after: datetime | None
    chain: str


def issued_certificates(fingerprints: Sequence[str]) -> dict[str, Issued]:
    """Our certificates by their SHA-256 fingerprint; one query for a storm of them."""
    return {row[0]: Issued(*row[1:]) for row in sql.rows(_ISSUED, sorted(set(fingerprints)))}


_REVOKED = """
SELECT DISTINCT fingerprint FROM chargepoints_issuedcertificate WHERE fingerprint = ANY(%s) AND state = 'revoked'
"""


def revoked_certificates(fingerprints: Iterable[str]) -> set[str]:
    """Those of these fingerprints whose certificate of ours has been revoked; one query."""
    return {row[0] for row in sql.rows(_REVOKED, sorted(set(fingerprints)))}
