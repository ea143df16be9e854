"""Where a client certificate may come from, and what is read of it."""

from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from chargepoints.certificates import fingerprint, presented_read
from ocpp_gateway.auth import hello
from tests.security.tools import HEADER, base64_of, certificate_of, key, pem

ONE, OTHER = certificate_of(key()), certificate_of(key(), "S-2")
NAME = HEADER.lower().encode()


def scope(*headers: tuple[bytes, str], scheme: str = "wss", chain: tuple[str, ...] = ()) -> dict[str, object]:
    """An ASGI scope."""
    found: dict[str, object] = {
        "path": "/ocpp/NORD-1",
        "scheme": scheme,
        "headers": [(name, value.encode()) for name, value in headers],
    }
    return found | ({"extensions": {"tls": {"client_cert_chain": list(chain)}}} if chain else {})


def shown(asked: dict[str, object], *, trust_proxy: bool = True) -> str:
    """The fingerprint of the certificate that counts; empty for none."""
    found = hello(asked, trust_proxy=trust_proxy, certificate_header=HEADER).certificate
    return found.fingerprint if found else ""


def test_from_the_servers_own_tls() -> None:
    """It comes before any header, and needs no proxy."""
    asked = scope((NAME, quote(pem(OTHER))), chain=(pem(ONE), pem(OTHER)))
    assert shown(asked) == shown(asked, trust_proxy=False) == fingerprint(ONE)


def test_from_the_proxy() -> None:
    asked = scope((NAME, quote(pem(ONE))))
    assert shown(asked) == fingerprint(ONE)
    assert shown(asked, trust_proxy=False) == ""
    assert shown(scope((NAME, quote(pem(ONE))), scheme="ws")) == ""
    assert shown(scope((NAME, quote(pem(ONE))), (b"x-forwarded-proto", "https"), scheme="ws")) == fingerprint(ONE)


def test_a_header_that_comes_twice_is_nobodys_word() -> None:
    """Servers keep both, or join them with a comma."""
    both = [quote(pem(ONE), safe=""), quote(pem(OTHER), safe="")]
    assert shown(scope(*((NAME, value) for value in both))) == ""
    for joint in (",", ", "):
        assert shown(scope((NAME, joint.join(both)))) == ""


@pytest.mark.parametrize(
    "value",
    ["", " ", "(null)", "-", "x" * 64, "0" * 63, "%00", "%ff%fe", quote(pem(ONE))[:-80], "A" * 100_000, "{}"],
)
def test_nonsense(value: str) -> None:
    assert presented_read(value) is None


def test_chain_of_traefik() -> None:
    """The first is the charger's own."""
    chain = ",".join(base64_of(each.public_bytes(Encoding.DER)) for each in (ONE, OTHER))
    found = presented_read(quote(chain, safe=""))
    assert found is not None
    assert found.fingerprint == fingerprint(ONE)
