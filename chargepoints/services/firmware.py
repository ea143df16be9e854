"""The library of firmware: files are added, put away and brought back. Who may is the caller's."""

import re
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from chargepoints.certificates import CertificateProblem, firmware_judge
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import FirmwareFile
from chargepoints.selectors.firmware import firmware_in_use
from chargepoints.services.firmware_store import FirmwareDraft, firmware_path
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Organisation

FACTS = ("name", "vendor", "charge_point_models", "version", "size", "sha256", "note", "is_signed")
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 100


def plain_name(name: str) -> str:
    """A file's name as every charger can ask for it: letters, digits, point, dash and underscore."""
    plain = _ODD.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip("._") or "firmware"
    return plain[-LONGEST_NAME:]


def firmware_create(
    *, actor: Actor, organisation: Organisation, draft: FirmwareDraft, fields: dict[str, object]
) -> FirmwareFile:
    """Add a finished upload to the library, on record; `fields` are those of FirmwareFile that a person gives.

    Raises ChangeRefused, and keeps nothing, for a file that is there already and a signature that does not belong.
    """
    made = FirmwareFile(
        pk=uuid4(),
        organisation=organisation,
        size=draft.size,
        sha256=draft.sha256,
        uploaded_by_name=actor.name[:160],
        **fields,
    )
    made.name = plain_name(made.name)
    try:
        with transaction.atomic():
            _refuse_twice(made)
            _refuse_unsigned(made)
            made.save(force_insert=True)
            audit_record(actor=actor, act="uploaded", obj=made, place=made.place, after=facts_of(made, *FACTS))
            draft.keep(made.pk)
    except (ChangeRefused, IntegrityError):
        draft.drop()
        firmware_path(made.pk).unlink(missing_ok=True)
        raise
    return made


def _refuse_twice(made: FirmwareFile) -> None:
    Organisation.objects.select_for_update().get(pk=made.organisation_id)
    same = FirmwareFile.objects.filter(organisation=made.organisation_id, sha256=made.sha256).first()
    if same is None:
        return
    where = "among the archived ones: restore it" if same.archived_at else "in the library"
    raise ChangeRefused(f"The same file is stored already, as {same} ({same.name}), {where}.")


def _refuse_unsigned(made: FirmwareFile) -> None:
    if not made.signature and not made.certificate:
        return
    if not made.is_signed:
        raise ChangeRefused("A signature needs its certificate, and the other way round. Give both or none.")
    try:
        firmware_judge(made.certificate, made.signature, made.sha256, timezone.now())
    except CertificateProblem as problem:
        raise ChangeRefused(str(problem)) from None


@transaction.atomic
def firmware_archive(*, actor: Actor, firmware: FirmwareFile, reason: str = "") -> None:
    """Take a file out of what is offered. Raises ChangeRefused while a wave or an update needs it."""
    stored = FirmwareFile.objects.select_for_update().get(pk=firmware.pk)
    if used := firmware_in_use(stored):
        raise ChangeRefused(f"{used[0].upper()}{used[1:]} still need it. It can be archived when they have ended.")
    if stored.archived_at is None:
        stored.archived_at = timezone.now()
        stored.save(update_fields=["archived_at"])
        audit_record(actor=actor, act="archived", obj=stored, place=stored.place, reason=reason)


@transaction.atomic
def firmware_restore(*, actor: Actor, firmware: FirmwareFile) -> None:
    """Offer an archived file again."""
    stored = FirmwareFile.objects.select_for_update().get(pk=firmware.pk)
    if stored.archived_at is not None:
        stored.archived_at = None
        stored.save(update_fields=["archived_at"])
        audit_record(actor=actor, act="restored", obj=stored, place=stored.place)
