"""GetDiagnostics: an upload that is followed by its status messages (CSMS.md 2.2; TC_045)."""

from chargepoints.choices import CommandStatus
from ocpp_gateway.outgoing import Outgoing, Payload
from ocpp_gateway.values import text

_OPTIONAL = {"retries": "retries", "retry_interval": "retryInterval", "start": "startTime", "stop": "stopTime"}


def _build(given: Payload) -> Payload:
    optional = {name: given[ours] for ours, name in _OPTIONAL.items() if given.get(ours) is not None}
    return {"location": given["location"], **optional}


def _judge(answer: Payload) -> tuple[CommandStatus, str]:
    # Without a file there may be nothing to upload, or no way to the host (QUIRKS 7.8): the status will tell.
    return CommandStatus.ACCEPTED, text(answer.get("fileName")) or "Accepted, no file named"


OUT = Outgoing("diagnostics", "GetDiagnostics", _build, judge=_judge)
