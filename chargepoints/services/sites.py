"""Sites: made, changed, archived and restored. Who may is the caller's; what the facts allow is decided here."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from chargepoints.exceptions import ChangeRefused
from chargepoints.models import ChargePoint, Site
from chargepoints.services.changes import changed
from hub.audit.records import Actor, audit_record, facts_of
from hub.teams.models import Team

SITE_FIELDS = (
    *("team", "name", "address", "city", "time_zone", "phone"),
    *("power_limit_w", "notes", "latitude", "longitude"),
)
NAMED = 5


@transaction.atomic
def site_create(*, actor: Actor, team: Team, fields: Mapping[str, object]) -> Site:
    """A new site of a team; `fields` are those of SITE_FIELDS. Raises ValidationError by field."""
    site = Site(team=team)
    _fill(site, fields)
    _save(site)
    audit_record(actor=actor, act="created", obj=site, place=site.place, after=facts_of(site, *SITE_FIELDS))
    return site


@transaction.atomic
def site_edit(*, actor: Actor, site: Site, fields: Mapping[str, object]) -> Site:
    """Change a site; `fields` are some of SITE_FIELDS. Raises ValidationError by field.

    A team of another organisation is refused: what happened on a site belongs to its organisation.
    """
    stored = _locked(site)
    before = facts_of(stored, *SITE_FIELDS)
    organisation = stored.team.organisation_id
    _fill(stored, fields)
    if stored.team.organisation_id != organisation:
        raise ChangeRefused("A site stays in its organisation. Choose one of its teams.")
    _save(stored)
    after = facts_of(stored, *SITE_FIELDS)
    if audit_record(actor=actor, act="edited", obj=stored, place=stored.place, before=before, after=after):
        changed(ChargePoint.objects.filter(site=stored).values_list("pk", flat=True), "row", "head")
    return stored


@transaction.atomic
def site_archive(*, actor: Actor, site: Site, reason: str = "") -> Site:
    """Put a site away. Raises ChangeRefused while it has charge points that are not archived, and names them."""
    stored = _locked(site)
    names = list(
        ChargePoint.objects.filter(site=stored, archived_at__isnull=True)
        .order_by("name")
        .values_list("name", flat=True)
    )
    if names:
        raise ChangeRefused(left_words(names))
    if stored.archived_at is None:
        stored.archived_at = timezone.now()
        stored.save(update_fields=["archived_at"])
        audit_record(actor=actor, act="archived", obj=stored, place=stored.place, reason=reason)
    return stored


@transaction.atomic
def site_restore(*, actor: Actor, site: Site) -> Site:
    """Take a site back from the archive. Raises ChangeRefused when its team has another one of that name by now."""
    stored = _locked(site)
    if stored.archived_at is None:
        return stored
    if Site.objects.filter(team=stored.team, name=stored.name, archived_at__isnull=True).exists():
        raise ChangeRefused(f"{stored.team} has another site called {stored.name} by now. Rename one of the two first.")
    stored.archived_at = None
    stored.save(update_fields=["archived_at"])
    audit_record(actor=actor, act="restored", obj=stored, place=stored.place)
    return stored


def left_words(names: list[str]) -> str:
    """Why a site with these charge points cannot be archived."""
    shown = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    what = "a charge point" if len(names) == 1 else f"{len(names)} charge points"
    return f"It still has {what}: {shown}{more}. Archive them or move them to another site first."


def _locked(site: Site) -> Site:
    """The row as it is now, and nobody puts a charge point there until the end of the transaction."""
    return Site.objects.select_for_update(of=("self",)).select_related("team__organisation").get(pk=site.pk)


def _fill(site: Site, fields: Mapping[str, object]) -> None:
    for name in SITE_FIELDS:
        if name in fields:
            setattr(site, name, fields[name])
    site.full_clean(validate_constraints=False)


def _save(site: Site) -> None:
    """The constraint decides, so that two at once cannot both have the name."""
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError as taken:
        message = f"{site.team} has a site of that name already. Choose another name."
        raise ValidationError({"name": message}) from taken
