"""GetLocalListVersion: -1 for no local list at all, 0 for an empty one (CSMS.md 2.2; TC_042)."""

from collections.abc import Sequence

from chargepoints.choices import Category, CommandStatus
from chargepoints.reports import Answer
from chargepoints.services.local_lists import local_list_versions_told
from ocpp_gateway.outgoing import Outgoing, Payload

_WORDS = {-1: "Not supported by this charger", 0: "The list is empty"}


def _build(_: Payload) -> Payload:
    return {}


def _judge(answer: Payload) -> tuple[CommandStatus, str]:
    version = int(answer["listVersion"])
    return CommandStatus.ACCEPTED, _WORDS.get(version, f"Version {version}")


def _apply(answers: Sequence[Answer]) -> None:
    local_list_versions_told(answers=answers)


OUT = Outgoing("local_list_version", "GetLocalListVersion", _build, Category.SECURITY, _judge, _apply)
