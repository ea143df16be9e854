"""Client certificates at the handshake (security profile 3): where they come from, and whose they are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from chargepoints import authority
from chargepoints.certificates import (
    CertificateProblem,
    Presented,
    certificates_read,
    common_name,
    is_for_clients,
    is_in_time,
    is_signed_by,
    organisation_name,
    presented_read,
)
from chargepoints.choices import IssuedState
from chargepoints.selectors.admission import Admission, Issued


def presented(scope: Mapping[str, Any], header: str) -> Presented | None:
    """The client certificate of an encrypted handshake: from the server's own TLS, or from the proxy's `header`.

    `header` is empty when no proxy is trusted. Sent twice it is nobody's word: one of the two came from outside.
    """
    chain = ((scope.get("extensions") or {}).get("tls") or {}).get("client_cert_chain") or ()
    if chain:
        return presented_read(str(chain[0]))
    wanted = header.lower().encode()
    values = [value for name, value in scope.get("headers", []) if wanted and name.lower() == wanted]
    return presented_read(values[0].decode("latin-1")) if len(values) == 1 else None


def certificate_name(shown: Presented, known: Admission, issued: Issued | None) -> str | None:
    """The common name by which the certificate belongs to this charge point; None when it does not.

    Either we issued it to this charge point, and it is neither revoked nor expired, or our authority signed it for
    the registered serial number and the operator's name (A00.FR.702 and following).
    """
    if issued is not None:
        return _name_of_ours(known, issued)
    certificate, issuer = shown.certificate, authority.authority()
    if certificate is None or issuer is None or not settings.CA_ORGANISATION:
        return None
    name = common_name(certificate)
    is_its_own = bool(name) and name in {known.serial, known.identity}
    is_good = (
        is_its_own
        and organisation_name(certificate) == settings.CA_ORGANISATION
        and is_in_time(certificate, datetime.now(UTC))
        and is_for_clients(certificate)
        and is_signed_by(certificate, issuer)
    )
    return name if is_good else None


def _name_of_ours(known: Admission, issued: Issued) -> str | None:
    now = datetime.now(UTC)
    is_good = (
        issued.charge_point_id == known.charge_point_id
        # Signed and about to be sent once more is as good as sent.
        and issued.state in {IssuedState.REQUESTED, IssuedState.SENT, IssuedState.ACCEPTED}
        and issued.not_after is not None
        and issued.not_after > now
    )
    if not is_good:
        return None
    try:
        return common_name(certificates_read(issued.chain)[0])
    except (CertificateProblem, IndexError):
        return None
