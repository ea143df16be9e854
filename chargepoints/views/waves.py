"""Firmware waves: an update for every charger that a file fits and that does not have it."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from chargepoints.actions import ACTIONS
from chargepoints.forms.actions import ActionForm
from chargepoints.forms.batches import WAVE, WaveFilterForm, WaveForm
from chargepoints.models import ChargePoint, FirmwareFile
from chargepoints.permissions import charge_points_for, firmware_for
from chargepoints.selectors.waves import misfit, wave_candidates, wave_places
from chargepoints.views.batch_plans import Plan, planned
from hub.http import HtmxHttpRequest


@require_http_methods(["GET", "HEAD", "POST"])
def wave_new(request: HtmxHttpRequest, pk: UUID) -> HttpResponse:
    """The preview of a wave with this file; `site` and `team` narrow it down. A POST begins it."""
    file: FirmwareFile = get_object_or_404(firmware_for(request.user), pk=pk)
    action = ACTIONS["firmware"]
    if not charge_points_for(request.user, action.right).filter(site__team__organisation=file.organisation_id).exists():
        raise PermissionDenied
    site, team = WaveFilterForm(request.POST if request.method == "POST" else request.GET).chosen()
    fitting = wave_candidates(request.user, file)
    sites, teams = wave_places(fitting)
    chosen = fitting.filter(**{"site": site} if site else {}, **{"site__team": team} if team else {})

    def form(point: ChargePoint, given: QueryDict, is_sent: bool) -> ActionForm:
        data = given if is_sent or "retries" in given else None
        return WaveForm(data, charge_point=point, firmware_id=str(file.pk))

    plan = Plan(
        action=action,
        title=f"Update firmware to {file.version}",
        template="chargepoints/batches/wave.html",
        chosen=chosen,
        usual=WAVE,
        form=form,
        firmware=file,
        misfit=lambda point: misfit(point, file),
        more={"file": file, "sites": sites, "teams": teams, "site": site, "team": team},
    )
    return planned(request, plan)
