"""What the security commands need: their parameters checked, and made ready, before they are queued."""

import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from django.utils import timezone

from chargepoints.actions import EXTENDED_TRIGGERS
from chargepoints.certificates import MAX_CHAIN, CertificateProblem, certificates_read, firmware_judge, root_judge
from chargepoints.choices import OPEN_COMMAND_STATUSES
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, InstalledCertificate
from chargepoints.services.calls import own_upload
from chargepoints.services.firmware_binds import signed_file_bind

CENTRAL_ROOT = "CentralSystemRootCertificate"
ROOT_TYPES = (CENTRAL_ROOT, "ManufacturerRootCertificate")
LOG_TYPES = ("SecurityLog", "DiagnosticsLog")
SCHEMES = frozenset({"https", "http", "ftp", "ftps", "sftp"})


def security_bind(*, command: Command) -> None:
    """Check the parameters of a security command and complete them. Raises ActionRefused with a sentence.

    extended_trigger {"message", "connector"?}, rotate_password {}, certificate_signed {"chain"},
    install_certificate {"type", "certificate"}, certificate_ids {"type"}, delete_certificate {"certificate": pk},
    log_upload {"type", "own": True or "location", "retries"?, "retry_interval"?, "oldest"?, "latest"?},
    signed_firmware {"location", "signature", "certificate", "sha256", "retrieve_at"?, "install_at"?, "retries"?,
    "retry_interval"?}, or as in `firmware_binds`: times are ISO 8601, certificates PEM, the signature base64,
    intervals seconds.
    """
    check = _CHECKS.get(command.kind)
    if check is not None:
        try:
            check(command)
        except CertificateProblem as problem:
            raise ActionRefused(str(problem), field="certificate") from None


def _extended_trigger(command: Command) -> None:
    if command.parameters.get("message") not in EXTENDED_TRIGGERS:
        raise ActionRefused("This message cannot be asked for.", field="message")


def _rotate_password(command: Command) -> None:
    charge_point = ChargePoint.objects.select_for_update().get(pk=command.charge_point_id)
    waiting = Command.objects.filter(
        charge_point=charge_point, kind="rotate_password", status__in=OPEN_COMMAND_STATUSES
    ).exists()
    if waiting:
        raise ActionRefused("A new password is on its way already.")
    if charge_point.next_password_hmac:
        # A second one would make the first unknown, and the charger may have it.
        raise ActionRefused(
            "It is not known yet whether the charger took the last new password. Its next login tells: reboot it."
        )
    # The password is made when it is sent, and is in no row.
    command.parameters = {}


def _certificate_signed(command: Command) -> None:
    chain = str(command.parameters.get("chain", ""))
    if len(chain) > MAX_CHAIN:
        raise ActionRefused(f"The chain is longer than {MAX_CHAIN} characters.", field="chain")
    if any(found.issuer == found.subject for found in certificates_read(chain)):
        raise ActionRefused("The chain goes without its root.", field="chain")


def _install_certificate(command: Command) -> None:
    _one_of(command, ROOT_TYPES)
    root_judge(str(command.parameters.get("certificate", "")), timezone.now())


def _certificate_ids(command: Command) -> None:
    _one_of(command, ROOT_TYPES)


def _delete_certificate(command: Command) -> None:
    installed = InstalledCertificate.objects.filter(charge_point=command.charge_point_id)
    found = installed.filter(pk=_whole(command.parameters.get("certificate"))).first()
    if found is None:
        raise ActionRefused("The charger has not listed this certificate.")
    if found.type == CENTRAL_ROOT and not installed.filter(type=CENTRAL_ROOT).exclude(pk=found.pk).exists():
        raise ActionRefused("This is its last root certificate of a central system: it could not connect any more.")
    command.parameters |= {
        "hash_algorithm": found.hash_algorithm,
        "issuer_name_hash": found.issuer_name_hash,
        "issuer_key_hash": found.issuer_key_hash,
        "serial_number": found.serial_number,
    }


def _log_upload(command: Command) -> None:
    _one_of(command, LOG_TYPES)
    if not own_upload(command):
        _address(command)
    _job(command)
    for name in ("oldest", "latest"):
        _moment(command, name)


def _signed_firmware(command: Command) -> None:
    if command.parameters.get("firmware"):
        signed_file_bind(command=command)
        return
    _address(command)
    _job(command)
    given = command.parameters
    given["before"] = command.charge_point.firmware
    certificate, signature = str(given.get("certificate", "")), str(given.get("signature", ""))
    firmware_judge(certificate, signature, str(given.get("sha256", "")), timezone.now())
    if len(signature) > 800 or len(certificate) > 5500:
        raise ActionRefused("OCPP takes a signature of 800 and a certificate of 5500 characters at most.")
    given["retrieve_at"] = given.get("retrieve_at") or timezone.now().isoformat()
    for name in ("retrieve_at", "install_at"):
        _moment(command, name)


_CHECKS: dict[str, Callable[[Command], None]] = {
    "extended_trigger": _extended_trigger,
    "rotate_password": _rotate_password,
    "certificate_signed": _certificate_signed,
    "install_certificate": _install_certificate,
    "certificate_ids": _certificate_ids,
    "delete_certificate": _delete_certificate,
    "log_upload": _log_upload,
    "signed_firmware": _signed_firmware,
}


def _address(command: Command) -> None:
    """An address to fetch from or send to."""
    location = str(command.parameters.get("location", ""))
    try:
        parts = urlsplit(location)
        host, has_password = parts.hostname, "@" in parts.netloc
    except ValueError:
        raise ActionRefused("This is no address.", field="location") from None
    if parts.scheme not in SCHEMES or not host or len(location) > 512 or not location.isprintable() or " " in location:
        raise ActionRefused(
            f"The address starts with one of {', '.join(sorted(SCHEMES))} and has a host.", field="location"
        )
    if has_password:
        raise ActionRefused("An address with a user or a password in it would be kept in the log. Use one without.")


def _job(command: Command) -> None:
    """A long job: retries, and an id that its status messages carry."""
    for name in ("retries", "retry_interval"):
        if command.parameters.get(name) is not None and _whole(command.parameters[name]) < 0:
            raise ActionRefused("Retries and their interval are whole numbers from 0.", field="retries")
    command.request_id = secrets.randbelow(2**31 - 1) + 1
    command.parameters["request_id"] = command.request_id


def _one_of(command: Command, allowed: tuple[str, ...]) -> None:
    if command.parameters.get("type") not in allowed:
        raise ActionRefused(f"The type is one of {', '.join(allowed)}.", field="type")


def _moment(command: Command, name: str) -> None:
    """Check a time and write it as OCPP does."""
    value = command.parameters.get(name)
    if value is None:
        return
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ActionRefused("A time is written as 2026-01-31T12:00:00Z.", field=name) from None
    if moment.tzinfo is None:
        raise ActionRefused("A time needs its zone, such as Z.", field=name)
    command.parameters[name] = moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
