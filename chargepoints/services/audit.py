"""What is done with the audit log is on record too."""

from collections.abc import Mapping

from django.db import transaction

from chargepoints.permissions import Person
from chargepoints.selectors.audit import audit_scopes
from hub.audit.records import Actor, audit_record


@transaction.atomic
def audit_export_record(*, actor: Actor, person: Person, form: str, filters: Mapping[str, object]) -> None:
    """Record that the person takes the log away: one entry for each organisation whose log they read."""
    for organisation, place in audit_scopes(person):
        audit_record(actor=actor, act="audit_exported", obj=organisation, place=place, after={"form": form, **filters})
