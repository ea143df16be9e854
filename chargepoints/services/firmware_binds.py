"""Updates of firmware: what they need is checked before they are queued, and the signed one is chosen by itself."""

import secrets
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chargepoints.certificates import CertificateProblem, firmware_judge
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Command, FirmwareFile
from chargepoints.moments import moment_read
from chargepoints.selectors.firmware import firmware_signed_taken
from chargepoints.services.calls import location_bind, retrieval_bind
from chargepoints.services.firmware_store import firmware_path

# What a charger tells of a job is followed for seven days from when it was sent (`jobs.JOB_WINDOW`).
AHEAD_AT_MOST = timedelta(days=6)
_OURS = ("firmware", "any_model", "retrieve_at", "retries", "retry_interval")


def firmware_bind(*, command: Command) -> None:
    """Check `{"firmware": id}` or `{"location": URL}`, with `{"retrieve_at"?, "retries"?, "retry_interval"?: s}`.

    A file must fit vendor and model, or `"any_model": True` says to use it all the same. One that is signed becomes
    the command `signed_firmware` where the charger takes that. `before` is the version that the charger has now.
    Raises ActionRefused.
    """
    given = command.parameters
    if given.get("firmware"):
        file = _file_bind(command)
        if file.is_signed and firmware_signed_taken(command.charge_point):
            _signed(command, file)
    else:
        location_bind(command)
        retrieval_bind(command)
        _near(command)
    command.parameters["before"] = command.charge_point.firmware


def signed_file_bind(*, command: Command) -> None:
    """The same for a signed update of a file that is stored here. Raises ActionRefused."""
    file = _file_bind(command)
    if not file.is_signed:
        raise ActionRefused(f"{file} has no signature. Choose Update firmware: it is sent unsigned.")
    _signed(command, file)
    command.parameters["before"] = command.charge_point.firmware


def _file_bind(command: Command) -> FirmwareFile:
    given, charge_point = command.parameters, command.charge_point
    file = _file(command)
    if not given.get("any_model") and not file.fits(charge_point.vendor, charge_point.model):
        make = f"{charge_point.vendor} {charge_point.model}".strip() or "a charger that has not told its model"
        raise ActionRefused(
            f"{file} is not made for this model, {make}. Say that you use it all the same, or choose another."
        )
    command.parameters = {name: given[name] for name in _OURS if given.get(name) is not None}
    command.parameters |= {"version": file.version, "name": file.name}
    retrieval_bind(command)
    _near(command)
    return file


def _file(command: Command) -> FirmwareFile:
    """The file, if it belongs to the charger's operator and its bytes are there."""
    try:
        pk = UUID(str(command.parameters["firmware"]))
    except ValueError:
        raise ActionRefused("Choose a firmware file.") from None
    organisation = command.charge_point.site.team.organisation_id
    file = FirmwareFile.objects.filter(pk=pk, organisation=organisation, archived_at__isnull=True).first()
    if file is None:
        raise ActionRefused("This firmware file is not in the library any more. Choose another.")
    if not firmware_path(file.pk).is_file():
        raise ActionRefused("The bytes of this file are missing on the server. Upload it anew.")
    return file


def _signed(command: Command, file: FirmwareFile) -> None:
    try:
        firmware_judge(file.certificate, file.signature, file.sha256, timezone.now())
    except CertificateProblem as problem:
        raise ActionRefused(f"{file} cannot be sent signed: {problem}") from None
    command.kind = "signed_firmware"
    command.request_id = secrets.randbelow(2**31 - 1) + 1
    command.parameters["request_id"] = command.request_id


def _near(command: Command) -> None:
    at = moment_read(command.parameters.get("retrieve_at"))
    if at is not None and at > timezone.now() + AHEAD_AT_MOST:
        raise ActionRefused(f"A charger can be told a time up to {AHEAD_AT_MOST.days} days ahead.")
