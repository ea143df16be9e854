"""What the installer says of a charge point: its identity, and which connector hangs where."""

from collections.abc import Mapping

from django.core.validators import RegexValidator
from django.db import transaction

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint
from chargepoints.models.charge_point import IDENTITY_PATTERN
from chargepoints.services.identities import identity_change
from chargepoints.services.locks import charges_refuse
from hub.audit.records import Actor, audit_record
from installer.exceptions import EditConflict
from installer.models import JobChargePoint
from installer.services.testing import test_forget

IDENTITY_WORDS = "Use up to 48 letters, digits and * - _ = + | @ . and no spaces."
_identity = RegexValidator(IDENTITY_PATTERN, IDENTITY_WORDS)


@transaction.atomic
def identity_place(
    *, actor: Actor, row: JobChargePoint, identity: str, seen: str | None = None
) -> Mapping[str, object]:
    """Give the charge point the identity that was typed, trimmed and checked; one that is taken becomes a claim.

    `seen`: what stood there when it was typed; None: whatever. Raises EditConflict, ActionRefused while a charge
    runs, ValidationError for what is no identity. The password of another identity is of no use: the charger brings
    its own (`services.pairing`).
    """
    wanted = identity.strip()
    if wanted:
        _identity(wanted)
    charge_point = row.charge_point
    present = charge_point.identity or charge_point.wanted_identity
    if seen is not None and seen.strip().lower() != present.lower() and wanted.lower() != present.lower():
        raise EditConflict("identity", wanted, present)
    if wanted != present:
        identity_change(actor=actor, charge_point=charge_point, identity=wanted, password=None)
        test_forget(row=row)
    now = ChargePoint.objects.get(pk=charge_point.pk)
    return {"identity": now.identity or now.wanted_identity, "is_taken": bool(now.wanted_identity)}


@transaction.atomic
def connector_place(*, actor: Actor, row: JobChargePoint, number: str, seen: str | None = None) -> Mapping[str, object]:
    """Keep which connector of the charge point this is (seeds/001); empty: not said. Raises as `identity_place`."""
    present = str(row.connector_number or "")
    if seen is not None and seen.strip() not in {present, number.strip()}:
        raise EditConflict("connector", number, present)
    chosen = int(number) if number.strip().isdecimal() and len(number) < 4 else None
    if number.strip() and (chosen is None or not 0 < chosen < 256):
        raise ActionRefused("A connector has a number from 1 to 255.")
    charges_refuse(charge_point=row.charge_point, what="its connectors cannot be changed now")
    if row.connector_number != chosen:
        before, row.connector_number = row.connector_number, chosen
        row.save(update_fields=["connector_number"])
        audit_record(
            actor=actor,
            act="edited",
            obj=row.charge_point,
            place=row.charge_point.place,
            before={"connector": before},
            after={"connector": chosen},
        )
    return {"connector": chosen}
