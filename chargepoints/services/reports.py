"""What is taken away of reports is on record."""

from collections.abc import Mapping

from django.db import transaction

from chargepoints.selectors.reports import Scope
from hub.audit.records import Actor, Place, audit_record


@transaction.atomic
def report_export_record(*, actor: Actor, scope: Scope, form: str, filters: Mapping[str, object]) -> None:
    """Record that a report is taken away: one entry for each organisation whose figures are in it."""
    for organisation in sorted({site.team.organisation for site in scope.sites}, key=lambda each: each.pk):
        place = Place(organisation.pk)
        audit_record(actor=actor, act="report_exported", obj=organisation, place=place, after={"form": form, **filters})
