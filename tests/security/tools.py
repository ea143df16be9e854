"""Keys, requests and certificates for tests, and stations that come through a TLS proxy."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.factories import PASSWORD
from tests.stage import Server
from tests.station import Frame, Refused, Station

ORGANISATION = "Nordlys Charging"
HEADER = "X-Client-Cert"
TLS = {"X-Forwarded-Proto": "https"}
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def key() -> ec.EllipticCurvePrivateKey:
    """A new key that is strong enough."""
    return ec.generate_private_key(ec.SECP256R1())


def name(common: str, organisation: str = ORGANISATION) -> x509.Name:
    """A subject; without a common name if that is empty."""
    named = [x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else []
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), *named])


def request_of(
    secret: Any, common: str = "S-1", organisation: str = ORGANISATION, *, digest: Any = None, greedy: bool = False
) -> str:
    """A PKCS#10 request as PEM; a greedy one wants to be an authority."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(common, organisation))
    if greedy:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(secret, digest or hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def certificate_of(
    secret: Key,
    common: str = "S-1",
    organisation: str = ORGANISATION,
    *,
    issuer: x509.Certificate | None = None,
    by: Any = None,
    ca: bool = False,
    days: int = 30,
) -> x509.Certificate:
    """A certificate; self-signed unless `issuer` and its key `by` are given, expired for negative days."""
    now = datetime.now(UTC)
    subject = name(common, organisation)
    builder = x509.CertificateBuilder(
        issuer.subject if issuer else subject,
        subject,
        secret.public_key(),
        x509.random_serial_number(),
        now - timedelta(days=60),
        now + timedelta(days=days),
    )
    return builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True).sign(
        by or secret, hashes.SHA256()
    )


def pem(certificate: x509.Certificate) -> str:
    """As PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()


def through_proxy(
    server: Server,
    identity: str = "NORD-1",
    *,
    certificate: x509.Certificate | None = None,
    password: Frame | None = None,
    header: str = "",
) -> Station:
    """A station whose TLS ended at the proxy, with the client certificate handed over as nginx does."""
    shown = header or (quote(pem(certificate), safe="") if certificate else "")
    headers = TLS | ({HEADER: shown} if shown else {})
    return Station(server.ocpp_url, identity, password, headers=headers)


def plain(server: Server, identity: str = "NORD-1", password: Frame | None = PASSWORD) -> Station:
    """A station without TLS."""
    return Station(server.ocpp_url, identity, password)


async def refused(station: Station) -> Refused:
    """The refusal that `station` gets."""
    with pytest.raises(Refused) as caught:
        await station.__aenter__()
    return caught.value


def base64_of(raw: bytes) -> str:
    """As base64 text."""
    return base64.b64encode(raw).decode()
