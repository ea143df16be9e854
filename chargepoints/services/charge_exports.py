"""Taking charges away as a file is on record."""

from collections.abc import Mapping

from django.db import transaction

from chargepoints.permissions import Person, organisations_of
from hub.audit.records import Actor, Place, audit_record
from hub.teams.choices import Right


@transaction.atomic
def charges_export_record(*, actor: Actor, person: Person, form: str, filters: Mapping[str, object]) -> None:
    """Record that the person takes charges away: one entry for each organisation whose charges they see."""
    for organisation in organisations_of(person, Right.VIEW).order_by("pk"):
        audit_record(
            actor=actor,
            act="charges_exported",
            obj=organisation,
            place=Place(organisation.pk),
            after={"form": form, **filters},
        )
