"""DeleteCertificate: a root certificate goes; its hashes exactly as the charger told them (CSMS.md 2.2; TC_076)."""

from collections.abc import Sequence

from chargepoints.choices import Category
from chargepoints.reports import Answer
from chargepoints.services.certificates import installed_deleted
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {
        "certificateHashData": {
            "hashAlgorithm": given["hash_algorithm"],
            "issuerNameHash": given["issuer_name_hash"],
            "issuerKeyHash": given["issuer_key_hash"],
            "serialNumber": given["serial_number"],
        }
    }


def _apply(answers: Sequence[Answer]) -> None:
    installed_deleted(answers=answers)


OUT = Outgoing("delete_certificate", "DeleteCertificate", _build, Category.SECURITY, apply=_apply)
