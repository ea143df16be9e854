"""Which chargers a firmware file is for."""

from django.db.models import Q, QuerySet

from chargepoints.models import ChargePoint, FirmwareFile, Site
from chargepoints.permissions import Person, charge_points_for
from hub.teams.models import Team


def wave_candidates(person: Person, file: FirmwareFile) -> QuerySet[ChargePoint]:
    """Charge points of the file's operator that it fits and that do not tell its version; of all that `person` sees."""
    found = charge_points_for(person).filter(site__team__organisation=file.organisation_id)
    if file.vendor:
        found = found.filter(vendor__iexact=file.vendor)
    if file.charge_point_models:
        models = Q()
        for model in file.charge_point_models:
            models |= Q(model__iexact=model)
        found = found.filter(models)
    return found.exclude(firmware=file.version)


def wave_places(candidates: QuerySet[ChargePoint]) -> tuple[list[Site], list[Team]]:
    """The sites and teams that a wave can be narrowed down to, by name: one query."""
    inside = Site.objects.filter(pk__in=candidates.order_by().values("site")).select_related("team").order_by("name")
    sites = list(inside)
    teams = {site.team_id: site.team for site in sites}
    return sites, sorted(teams.values(), key=lambda team: (team.name, team.pk))


def misfit(charge_point: ChargePoint, file: FirmwareFile) -> str:
    """Why a file is not for this charger (now), in one sentence; empty when it is."""
    models = {model.casefold() for model in file.charge_point_models}
    if file.archived_at is not None:
        return f"The file {file.name} was archived."
    if file.vendor and charge_point.vendor.casefold() != file.vendor.casefold():
        return f"It is made by {charge_point.vendor or 'somebody unknown'}, and the file is for {file.vendor}."
    if models and charge_point.model.casefold() not in models:
        return f"It is a {charge_point.model or 'charger of unknown model'}, and the file is not for it."
    if charge_point.firmware == file.version:
        return f"It has {file.version} already."
    return ""
