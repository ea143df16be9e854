"""Certificates: requests of chargers judged, client certificates signed, what was presented read. No database here."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Lengths of CertificateSigned and of single certificates in OCPP 1.6 and 2.0.1.
MAX_CHAIN, MAX_PEM = 10_000, 5_500
# Checking a signature with a larger key costs more than any charger's request is worth.
LARGEST_RSA = 8192
_WEAK = (hashes.MD5, hashes.SHA1)
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, binascii.Error)


class CertificateProblem(Exception):
    """A certificate, request or signature that is not taken; the message says why in words."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A client certificate as the TLS layer hands it over; `certificate` is None when only its fingerprint is told."""

    fingerprint: str
    certificate: x509.Certificate | None = None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def common_name(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """The one CN of the subject; empty when there is none, or more than one."""
    return _attribute(certificate.subject, NameOID.COMMON_NAME)


def organisation_name(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """The one O of the subject; empty when there is none, or more than one."""
    return _attribute(certificate.subject, NameOID.ORGANIZATION_NAME)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else ""


def certificates_read(text: str) -> list[x509.Certificate]:
    """The certificates of a PEM text. Raises CertificateProblem."""
    try:
        return x509.load_pem_x509_certificates(text.strip().encode())
    except _UNREADABLE:
        raise CertificateProblem("This is no certificate in PEM form.") from None


def request_read(text: str) -> x509.CertificateSigningRequest:
    """A PKCS#10 request: PEM, also with odd line ends, or bare base64 of its DER (D27). Raises CertificateProblem."""
    if len(text) > MAX_PEM:
        raise CertificateProblem(f"The request is longer than {MAX_PEM} characters.")
    try:
        if "-----BEGIN" in text:
            return x509.load_pem_x509_csr("\n".join(text.strip().splitlines()).encode() + b"\n")
        return x509.load_der_x509_csr(base64.b64decode("".join(text.split()), validate=True))
    except _UNREADABLE:
        raise CertificateProblem("This is no PKCS#10 request.") from None


def request_judge(request: x509.CertificateSigningRequest, *, names: set[str], organisation: str) -> None:
    """Raise CertificateProblem unless the request is its key's own, strong, and for one of `names` (A02, A20).

    Extensions that it asks for are not looked at: they are ours to give.
    """
    key_judge(request.public_key())
    try:
        if isinstance(request.signature_hash_algorithm, _WEAK):
            raise CertificateProblem("The request is signed with a weak hash.")
        if not request.is_signature_valid:
            raise CertificateProblem("The request is not signed with its own key.")
    except (UnsupportedAlgorithm, ValueError):
        raise CertificateProblem("The request is signed in an unknown way.") from None
    if common_name(request) not in names:
        raise CertificateProblem("The common name is neither the serial number nor the identity of this charger.")
    if organisation_name(request) != organisation:
        raise CertificateProblem(f"The organisation is not {organisation!r}.")


def key_judge(key: object) -> None:
    """Raise CertificateProblem unless the key is RSA of 2048 bits or more, or EC of 224 bits or more."""
    if isinstance(key, rsa.RSAPublicKey):
        if not 2048 <= key.key_size <= LARGEST_RSA:
            raise CertificateProblem(f"An RSA key of {key.key_size} bits is not taken: 2048 to {LARGEST_RSA} are.")
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.key_size < 224:
            raise CertificateProblem(f"An EC key of {key.curve.key_size} bits is too weak: 224 is the least.")
    else:
        raise CertificateProblem("The key is neither RSA nor EC.")


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def is_in_time(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether `now` lies within its life."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_for_clients(certificate: x509.Certificate) -> bool:
    """Whether it may be shown by a TLS client: no CA, and its use, where told, includes clientAuth."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        if constraints.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    except (ValueError, UnsupportedAlgorithm):
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage


def presented_read(value: str) -> Presented | None:
    """What a TLS layer says of a client certificate; None for nothing or nonsense.

    PEM, plain or percent-encoded (nginx: `$ssl_client_escaped_cert`), base64 of the DER, percent-encoded
    (Traefik), or a SHA-256 fingerprint in hexadecimal, with or without colons.
    """
    if "," in value:
        # What servers make of a header that was sent twice: one of the two came from outside.
        return None
    text = unquote(value).strip()
    digits = text.replace(":", "").lower()
    if len(digits) == 64 and set(digits) <= set("0123456789abcdef"):
        return Presented(digits)
    try:
        if "-----BEGIN" in text:
            # Some proxies fold the lines into one with spaces or tabs.
            head, _, rest = text.partition("-----BEGIN CERTIFICATE-----")
            body = rest.partition("-----END CERTIFICATE-----")[0]
            if head.strip():
                return None
        else:
            body = text.partition(",")[0]
        der = base64.b64decode("".join(body.split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
    except _UNREADABLE:
        return None
    return Presented(hashlib.sha256(der).hexdigest(), certificate)


def root_judge(text: str, now: datetime) -> None:
    """Raise CertificateProblem unless `text` is one root or CA certificate that a charger can install."""
    found = certificates_read(text)
    if len(found) != 1:
        raise CertificateProblem("Give exactly one certificate.")
    if len(text) > MAX_PEM:
        raise CertificateProblem(f"The certificate is longer than {MAX_PEM} characters.")
    key_judge(found[0].public_key())
    if not is_in_time(found[0], now):
        raise CertificateProblem("The certificate is not valid now.")
    try:
        is_ca = found[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError, UnsupportedAlgorithm):
        is_ca = found[0].issuer == found[0].subject
    if not is_ca:
        raise CertificateProblem("This is no certificate of an authority, so it cannot be a root.")


def firmware_judge(certificate_pem: str, signature: str, sha256: str, now: datetime) -> None:
    """Raise CertificateProblem unless `signature` (base64) is that of the file with this SHA-256 (hexadecimal).

    RSA-PSS or ECDSA, as the whitepaper has it; the older RSA padding is taken too.
    """
    found = certificates_read(certificate_pem)
    if len(found) != 1:
        raise CertificateProblem("Give exactly one signing certificate.")
    if not is_in_time(found[0], now):
        raise CertificateProblem("The signing certificate is not valid now.")
    key = found[0].public_key()
    key_judge(key)
    try:
        digest, raw = bytes.fromhex(sha256), base64.b64decode(signature, validate=True)
    except ValueError:
        raise CertificateProblem("The SHA-256 is hexadecimal, the signature base64.") from None
    if len(digest) != 32 or not _verifies(key, raw, digest):
        raise CertificateProblem("The signature does not belong to this firmware and certificate.")


def _verifies(key: CertificateIssuerPublicKeyTypes | object, signature: bytes, digest: bytes) -> bool:
    hashed = utils.Prehashed(hashes.SHA256())
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(hashed))
            return True
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
        for scheme in (pss, padding.PKCS1v15()):
            try:
                key.verify(signature, digest, scheme, hashed)
            except InvalidSignature:
                continue
            return True
    except (InvalidSignature, ValueError):
        pass
    return False


def pem(certificate: x509.Certificate) -> str:
    """The certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()


def lifetime(days: int, now: datetime | None = None) -> tuple[datetime, datetime]:
    """From an hour ago, because clocks of chargers are slow, until `days` from now."""
    start = (now or datetime.now(UTC)).replace(microsecond=0)
    return start - timedelta(hours=1), start + timedelta(days=days)
