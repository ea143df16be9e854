"""The operator's own certificate authority: a key and a certificate as files, never in the database.

`HUB_CA_DIR` holds `ca.pem` and `ca.key.pem`; gateways need the first only, workers both. An operator with a PKI
puts an intermediate authority's certificate and key there: its certificate is then sent along with each of ours.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

from chargepoints.certificates import (
    MAX_CHAIN,
    CertificateProblem,
    certificates_read,
    common_name,
    fingerprint,
    lifetime,
    pem,
)

CA_DAYS = 20 * 365


@dataclass(frozen=True, slots=True)
class Signed:
    """A new client certificate: the chain to send, leaf first and without the root, and what is kept of it."""

    chain: str
    fingerprint: str
    serial_number: str
    not_after: datetime


def certificate_path() -> Path:
    """Where the authority's certificate lies."""
    return Path(settings.CA_DIR) / "ca.pem"


def key_path() -> Path:
    """Where the authority's key lies; mode 0600."""
    return Path(settings.CA_DIR) / "ca.key.pem"


def authority() -> x509.Certificate | None:
    """The authority's certificate; None when there is no authority here. Read again when its file changes."""
    path = certificate_path()
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return None
    return _read(str(path), stamp)


@lru_cache(maxsize=4)
def _read(path: str, stamp: int) -> x509.Certificate | None:
    try:
        return certificates_read(Path(path).read_text())[0]
    except (OSError, UnicodeDecodeError, CertificateProblem):
        return None


def can_sign() -> bool:
    """Whether requests of chargers can be processed: an authority exists and the operator has a name."""
    return bool(settings.CA_ORGANISATION) and authority() is not None


def create() -> x509.Certificate:
    """Make key and certificate of a new authority. Raises CertificateProblem when there is one or no name is set."""
    if not settings.CA_ORGANISATION:
        raise CertificateProblem("Set HUB_CA_ORGANISATION first: the name that all certificates carry.")
    if certificate_path().exists() or key_path().exists():
        raise CertificateProblem(f"There is an authority in {settings.CA_DIR} already.")
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(settings.CA_ORGANISATION, f"{settings.CA_ORGANISATION} charger CA"[:64])
    start, end = lifetime(CA_DAYS)
    usage = x509.KeyUsage(**(_NO_USE | {"digital_signature": True, "key_cert_sign": True, "crl_sign": True}))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    Path(settings.CA_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(key_path(), secret, 0o600)
    _write(certificate_path(), pem(made).encode(), 0o644)
    return made


def sign(request: x509.CertificateSigningRequest, now: datetime) -> Signed:
    """A client certificate for the key of a request that was judged before. Raises CertificateProblem.

    Subject and extensions are ours: clientAuth only, no authority, a random serial number (A02, A20).
    """
    issuer, key = authority(), _key()
    if issuer is None:
        raise CertificateProblem("There is no authority here.")
    public = request.public_key()
    start, end = lifetime(settings.CA_LEAF_DAYS, now)
    made = (
        x509.CertificateBuilder(
            issuer.subject,
            _name(settings.CA_ORGANISATION, common_name(request)),
            public,
            x509.random_serial_number(),
            start,
            min(end, issuer.not_valid_after_utc),
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**(_NO_USE | {"digital_signature": True})), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    chain = pem(made) + ("" if issuer.issuer == issuer.subject else pem(issuer))
    if len(chain) > MAX_CHAIN:
        raise CertificateProblem(f"The chain is longer than {MAX_CHAIN} characters.")
    return Signed(chain, fingerprint(made), f"{made.serial_number:x}", made.not_valid_after_utc)


_NO_USE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


def _key() -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(key_path().read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise CertificateProblem("The authority's key cannot be read here.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise CertificateProblem("The authority's key is neither EC nor RSA.")
    return key


def _name(organisation: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
