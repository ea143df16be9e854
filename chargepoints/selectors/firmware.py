"""The library of firmware, who runs what, and which chargers take signed updates."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from chargepoints.action_choices import BatchState
from chargepoints.choices import KEPT_COMMAND_STATUSES, OPEN_COMMAND_STATUSES, CommandStatus, Effect
from chargepoints.models import (
    ChargePoint,
    Command,
    CommandBatch,
    ConfigurationItem,
    FirmwareFile,
    FirmwareVersion,
    SecurityEvent,
)
from chargepoints.permissions import Person, charge_points_for, firmware_for, organisations_of
from hub.teams.choices import Right
from hub.teams.models import Organisation

FIRMWARE_KINDS = ("firmware", "signed_firmware")
UPDATES_SHOWN, VERSIONS_SHOWN = 20, 50
# Answering one of these well needs OCPP 1.6's security extension, and so do these settings.
_SECURITY_KINDS = (
    *("extended_trigger", "install_certificate", "certificate_ids", "delete_certificate", "certificate_signed"),
    *("log_upload", "signed_firmware"),
)
_SECURITY_KEYS = ("SecurityProfile", "AdditionalRootCertificateCheck", "CertificateStoreMaxLength", "CpoName")
_SIGNED_PROFILE = 2


@dataclass(frozen=True, slots=True)
class FirmwareUse:
    """A file with how many of the chargers that a person sees it fits, and how many of these run its version."""

    file: FirmwareFile
    fits: int
    runs: int


def firmware_listed(person: Person, *, archived: bool = False) -> list[FirmwareUse]:
    """The library, the newest first: two queries."""
    return firmware_uses(person, list(firmware_for(person, archived=archived).select_related("organisation")))


def firmware_uses(person: Person, files: Sequence[FirmwareFile]) -> list[FirmwareUse]:
    """These files with their use: one query."""
    told = (
        charge_points_for(person)
        .order_by()
        .values_list("site__team__organisation", "vendor", "model", "firmware")
        .annotate(Count("pk"))
    )
    kinds = list(told) if files else []
    uses = []
    for file in files:
        fitting = [
            (version, count)
            for organisation, vendor, model, version, count in kinds
            if organisation == file.organisation_id and file.fits(vendor, model)
        ]
        runs = sum(count for version, count in fitting if same_version(version, file.version))
        uses.append(FirmwareUse(file, sum(count for _, count in fitting), runs))
    return uses


def same_version(told: str, expected: str) -> bool:
    """Whether a charger tells this version; OCPP 1.6 cuts it to 50 characters."""
    return bool(told) and told.strip().casefold()[:50] == expected.strip().casefold()[:50]


def firmware_makes(person: Person) -> list[tuple[str, str, int]]:
    """Vendor, model and number of the chargers that a person may change, for suggesting them."""
    known = charge_points_for(person, Right.EDIT).exclude(model="").order_by("vendor", "model")
    return list(known.values_list("vendor", "model").annotate(Count("pk")))


def firmware_organisations(person: Person) -> QuerySet[Organisation]:
    """The organisations for which a person may add firmware."""
    return organisations_of(person, Right.EDIT).order_by("name")


def firmware_offered(charge_point: ChargePoint) -> list[FirmwareFile]:
    """Every file of the charger's operator, those that fit it first, the newest first. `site.team` must be loaded."""
    files = FirmwareFile.objects.filter(
        organisation=charge_point.site.team.organisation_id, archived_at__isnull=True
    ).order_by("-uploaded_at")
    return sorted(files, key=lambda file: not file.fits(charge_point.vendor, charge_point.model))


def firmware_in_use(firmware: FirmwareFile) -> str:
    """What still needs the file, in words; empty when nothing does."""
    waves = CommandBatch.objects.filter(
        firmware=firmware, state__in=[BatchState.SCHEDULED, BatchState.RUNNING, BatchState.HALTED]
    ).count()
    commands = Command.objects.filter(
        Q(status__in=[*OPEN_COMMAND_STATUSES, *KEPT_COMMAND_STATUSES]) | Q(effect=Effect.AWAITED),
        kind__in=FIRMWARE_KINDS,
        parameters__firmware=str(firmware.pk),
    ).count()
    said = [f"{waves} wave{'' if waves == 1 else 's'}"] if waves else []
    said += [f"{commands} update{'' if commands == 1 else 's'}"] if commands else []
    return " and ".join(said)


def firmware_signed_taken(charge_point: ChargePoint) -> bool:
    """Whether the charger takes signed updates, as far as can be known: it has shown the security extension.

    Its newest signed update decides where there was one. `connection` must be loaded.
    """
    mine = Command.objects.filter(charge_point=charge_point)
    last = mine.filter(kind="signed_firmware", answered_at__isnull=False).order_by("-created_at").first()
    if last is not None and last.status == CommandStatus.FAILED:
        return False
    profile = max(charge_point.security_profile or 0, charge_point.connection.security_profile or 0)
    return (
        profile >= _SIGNED_PROFILE
        or mine.filter(kind__in=_SECURITY_KINDS, status=CommandStatus.ACCEPTED).exists()
        or SecurityEvent.objects.filter(charge_point=charge_point).exists()
        or ConfigurationItem.objects.filter(charge_point=charge_point, key__in=_SECURITY_KEYS).exists()
    )


def firmware_updates(charge_point: ChargePoint) -> list[Command]:
    """The newest updates that the charger was asked for."""
    found = Command.objects.filter(charge_point=charge_point, kind__in=FIRMWARE_KINDS).select_related("author")
    return list(found.order_by("-created_at")[:UPDATES_SHOWN])


def firmware_history(charge_point: ChargePoint) -> list[FirmwareVersion]:
    """The versions that the charger has told, the present one first."""
    return list(FirmwareVersion.objects.filter(charge_point=charge_point).order_by("-since", "-pk")[:VERSIONS_SHOWN])


def firmware_recent(firmware: FirmwareFile, person: Person) -> list[Command]:
    """The newest updates with this file, of the chargers that a person sees."""
    found = Command.objects.filter(
        charge_point__in=charge_points_for(person), kind__in=FIRMWARE_KINDS, parameters__firmware=str(firmware.pk)
    )
    return list(found.select_related("charge_point__site", "author").order_by("-created_at")[:UPDATES_SHOWN])
