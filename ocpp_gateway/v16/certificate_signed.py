"""CertificateSigned: the charger's new client certificate, leaf first, no root (CSMS.md 2.2; TC_074, TC_077)."""

from collections.abc import Sequence

from chargepoints.choices import Category
from chargepoints.reports import Answer
from chargepoints.services.certificates import certificates_answered
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"certificateChain": given["chain"]}


def _apply(answers: Sequence[Answer]) -> None:
    certificates_answered(answers=answers)


OUT = Outgoing("certificate_signed", "CertificateSigned", _build, Category.SECURITY, apply=_apply)
