"""ChangeConfiguration of AuthorizationKey: a new password, as the hexadecimal text of its bytes (WP3; TC_073).

It is made when it is sent and stored only as what checks it; `redaction` keeps it out of the log.
"""

from collections.abc import Sequence

from chargepoints.choices import Category, CommandStatus
from chargepoints.reports import Answer
from chargepoints.services.credentials import passwords_answered
from ocpp_gateway.outgoing import Outgoing, Payload


def _build(given: Payload) -> Payload:
    return {"key": "AuthorizationKey", "value": given["password"]}


def _judge(payload: Payload) -> tuple[CommandStatus, str]:
    word = str(payload["status"])
    return (CommandStatus.ACCEPTED if word in {"Accepted", "RebootRequired"} else CommandStatus.REJECTED), word


def _apply(answers: Sequence[Answer]) -> None:
    passwords_answered(answers=answers)


OUT = Outgoing("rotate_password", "ChangeConfiguration", _build, Category.SECURITY, _judge, _apply)
