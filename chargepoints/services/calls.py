"""Parameters that name addresses, times and whole messages, checked before they are queued."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command
from chargepoints.moments import moment_read, moment_write
from chargepoints.services.configuration import SECRET_KEY

# (OCPP subprotocol, action, payload) -> what is wrong with the payload in words, empty when it is sound.
PayloadCheck = Callable[[str, str, dict[str, object]], str]
# OCPP subprotocol -> by action, a payload to begin with.
PayloadExamples = Callable[[str], Mapping[str, dict[str, object]]]
_checks: list[PayloadCheck] = []
_examples: list[PayloadExamples] = []
_SCHEMES = frozenset({"http", "https", "ftp", "ftps", "sftp"})
_NOT_NEGATIVE = frozenset({"connectorId", "stackLevel"})
_NO_SETTING = "This is the charger's password. Change it with a new password, not as a setting."
_DEFAULT_VERSION = "ocpp1.6"


def payload_check_register(check: PayloadCheck, examples: PayloadExamples) -> None:
    """Tell how payloads are checked: the gateway knows the schemas, and this layer does not know the gateway."""
    _checks[:], _examples[:] = [check], [examples]


def call_examples(charge_point: ChargePoint) -> Mapping[str, dict[str, object]]:
    """The messages that can be sent to a charge point in its OCPP version, each with a payload to begin with."""
    return next((known(_version(charge_point)) for known in _examples), {})


def call_problem(charge_point: ChargePoint, action: str, payload: object) -> str:
    """Why a message cannot be sent, in a sentence that names the field; empty when it can."""
    if not isinstance(payload, dict):
        return "The payload is a JSON object."
    if action == "ChangeConfiguration" and str(payload.get("key")).strip().lower() == SECRET_KEY:
        return _NO_SETTING
    for check in _checks:
        if problem := check(_version(charge_point), action, payload):
            return problem
    return _unkeepable(payload)


def _version(charge_point: ChargePoint) -> str:
    return charge_point.connection.subprotocol or _DEFAULT_VERSION


def call_bind(*, command: Command) -> None:
    """Check `{"action": str, "payload": object}` against the schema of the message; raises ActionRefused."""
    action, payload = command.parameters.get("action"), command.parameters.get("payload")
    if not isinstance(action, str) or not action:
        raise ActionRefused("Name the OCPP message.", field="action")
    if problem := call_problem(command.charge_point, action, payload):
        raise ActionRefused(problem, field="" if problem == _NO_SETTING else "payload")
    # Nothing else that was given may be taken for what the services of a message note beside it.
    command.parameters = {"action": action, "payload": payload}


def _unkeepable(value: object, name: str = "") -> str:
    """What the schemas of OCPP 1.6 allow and nobody can store, in words; empty when there is nothing."""
    match value:
        case dict():
            return next(filter(None, (_unkeepable(held, str(key)) for key, held in value.items())), "")
        case list():
            return next(filter(None, (_unkeepable(held, name) for held in value)), "")
        case str() if "\x00" in value:
            return f"{name}: a text has no zero character."
        case int() if not -(2**31) <= value < 2**31:
            return f"{name}: whole numbers have 32 bits in OCPP."
        case int() if value < 0 and name in _NOT_NEGATIVE:
            return f"{name} is a number from 0."
    return ""


def diagnostics_bind(*, command: Command) -> None:
    """Check `{"own": True or "location": URL, "retries"?, "retry_interval"?: s, "start"?, "stop"?: ISO 8601}`.

    `own` is an address of ours, made when it is sent.
    """
    if not own_upload(command):
        location_bind(command)
    _retries(command)
    times = {name: _time(command, name) for name in ("start", "stop")}
    if times["start"] and times["stop"] and times["start"] >= times["stop"]:
        raise ActionRefused("The diagnostics' start is not before their end.", field="start")


def own_upload(command: Command) -> bool:
    """Whether the file shall come to us; then no other address counts."""
    if not command.parameters.get("own"):
        command.parameters.pop("own", None)
        return False
    command.parameters.pop("location", None)
    command.parameters["own"] = True
    return True


def retrieval_bind(command: Command) -> None:
    """Check `{"retrieve_at"?: ISO 8601, "retries"?, "retry_interval"?: s}`; now by default."""
    _retries(command)
    if not _time(command, "retrieve_at"):
        command.parameters["retrieve_at"] = moment_write(timezone.now())


def data_transfer_bind(*, command: Command) -> None:
    """Check `{"vendor_id": str, "message_id"?: str, "data"?: str}`."""
    given = command.parameters
    if not 0 < len(str(given.get("vendor_id") or "")) <= 255:
        raise ActionRefused("A vendor has a name of 1 to 255 characters.", field="vendor_id")
    if len(str(given.get("message_id") or "")) > 50:
        raise ActionRefused("The name of a vendor's message has at most 50 characters.", field="message_id")
    if not isinstance(given.get("data", ""), str):
        raise ActionRefused("The data of a vendor's message are text.", field="data")


def location_bind(command: Command) -> None:
    """Check the address to fetch from or to send to; raises ActionRefused."""
    location = str(command.parameters.get("location") or "").strip()
    try:
        parts = urlsplit(location)
        good = parts.scheme.lower() in _SCHEMES and bool(parts.hostname) and not set(location) & set(" \t\r\n")
    except ValueError:
        good = False
    if not good:
        raise ActionRefused(
            "The address begins with https, http, sftp, ftps or ftp, and names a host.", field="location"
        )
    command.parameters["location"] = location


def _retries(command: Command) -> None:
    for name in ("retries", "retry_interval"):
        value = command.parameters.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ActionRefused("Retries and their interval are numbers, not below 0.", field=name)


def _time(command: Command, name: str) -> str:
    given = command.parameters.get(name)
    if given in {None, ""}:
        command.parameters.pop(name, None)
        return ""
    at = moment_read(given)
    if at is None:
        raise ActionRefused("A time is written like 2030-01-31T12:00:00Z.", field=name)
    command.parameters[name] = text = moment_write(at)
    return text
