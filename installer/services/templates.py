"""Templates of jobs: made, changed, put away. Jobs keep what they took from one."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Organisation
from installer.models import JobTemplate

EDITABLE = ("name", "instructions", "checks", "configuration", "energy_s")


@transaction.atomic
def job_template_create(*, actor: Actor, organisation: Organisation, fields: Mapping[str, object]) -> JobTemplate:
    """A new template; `fields` are EDITABLE. Raises ValidationError, for a name that is taken too."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    made = JobTemplate(organisation=organisation, **_known(fields))
    made.full_clean()
    made.save(force_insert=True)
    audit_record(actor=actor, act="created", obj=made, place=made.place, after=facts_of(made, *EDITABLE))
    return made


@transaction.atomic
def job_template_edit(*, actor: Actor, template: JobTemplate, fields: Mapping[str, object]) -> JobTemplate:
    """Change a template; jobs that were made from it stay as they are. Raises ValidationError."""
    Organisation.objects.select_for_update().get(pk=template.organisation_id)
    found = JobTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    if found.archived_at is not None:
        raise ValidationError("Somebody has archived this template meanwhile.")
    before = facts_of(found, *EDITABLE)
    for name, value in _known(fields).items():
        setattr(found, name, value)
    found.full_clean()
    found.save()
    audit_record(
        actor=actor, act="edited", obj=found, place=found.place, before=before, after=facts_of(found, *EDITABLE)
    )
    return found


@transaction.atomic
def job_template_archive(*, actor: Actor, template: JobTemplate) -> bool:
    """Put a template away, so that no new job uses it; False when that was so already."""
    found = JobTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    if found.archived_at is not None:
        return False
    found.archived_at = timezone.now()
    found.save(update_fields=["archived_at"])
    audit_record(actor=actor, act="archived", obj=found, place=found.place)
    return True


def _known(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name in EDITABLE}
