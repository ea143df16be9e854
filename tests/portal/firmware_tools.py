"""Firmware for tests: files in the library, and the pages that show them."""

import hashlib
from collections.abc import Iterator

from django.urls import reverse

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, FirmwareFile, FirmwareVersion
from chargepoints.services.firmware import firmware_create
from chargepoints.services.firmware_store import FirmwareDraft
from hub.audit.records import HUB
from hub.teams.models import Organisation
from tests import factories

MODEL = "DC150"


def firmware_made(
    of: Organisation,
    version: str = "6.0.0",
    content: bytes = b"",
    *,
    models: tuple[str, ...] = (MODEL,),
    **fields: object,
) -> FirmwareFile:
    """A file in the library, its bytes on the disk."""
    draft = FirmwareDraft()
    draft.write(content or f"version={version}\n".encode())
    draft.finish()
    given = {"name": f"dc150-{version}.bin", "vendor": "", "charge_point_models": list(models), "version": version}
    return firmware_create(actor=HUB, organisation=of, draft=draft, fields=given | fields)


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def firmware_urls(charge_point: ChargePoint) -> Iterator[str]:
    """The library, a file with an update that went through all its steps, and the form."""
    file = FirmwareFile.objects.first() or firmware_made(charge_point.site.team.organisation)
    now = factories.now()
    told = ("Downloading", "Downloaded", "Installing", "Installed")
    if not charge_point.commands.filter(kind="firmware").exists():
        Command.objects.create(
            charge_point=charge_point,
            kind="firmware",
            parameters={"firmware": str(file.pk), "version": file.version},
            status=CommandStatus.ACCEPTED,
            effect=Effect.SEEN,
            effect_text=f"Booted with {file.version}",
            progress=[[now.isoformat(), word] for word in told],
            author_name="Alice",
            created_at=now,
            sent_at=now,
            answered_at=now,
            effect_at=now,
            expires_at=now,
        )
        for version in ("5.2.0", file.version):
            FirmwareVersion.objects.create(charge_point=charge_point, version=version, since=factories.now())
    yield from (reverse("firmware_files"), reverse("firmware_files") + "?archived=1", reverse("firmware_new"))
    yield from (reverse(name, args=[file.pk]) for name in ("firmware_file", "firmware_archive"))
