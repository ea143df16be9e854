"""GetInstalledCertificateIds: the root certificates that the charger has (CSMS.md 2.2; TC_075, TC_076).

NotFound is an answer, not a refusal: it has none.
"""

from collections.abc import Sequence

from chargepoints.choices import Category, CommandStatus
from chargepoints.reports import Answer
from chargepoints.services.certificates import installed_record
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"certificateType": given["type"]}


def _judge(payload: Payload) -> tuple[CommandStatus, str]:
    word = str(payload["status"])
    count = len(payload.get("certificateHashData") or ())
    return CommandStatus.ACCEPTED, f"{word}, {count} certificate{'' if count == 1 else 's'}"


def _apply(answers: Sequence[Answer]) -> None:
    installed_record(answers=answers)


OUT = Outgoing("certificate_ids", "GetInstalledCertificateIds", _build, Category.SECURITY, _judge, _apply)
