"""From chosen chargers on the overview to a batch."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods

from chargepoints.forms.actions import ActionForm
from chargepoints.forms.batches import SelectionForm, bulk_action_form, usual_pace
from chargepoints.models import ChargePoint
from chargepoints.permissions import charge_points_for
from chargepoints.selectors.bulk import bulk_chosen
from chargepoints.views.batch_plans import Plan, planned
from hub.http import HtmxHttpRequest


@require_http_methods(["GET", "HEAD", "POST"])
def batch_new(request: HtmxHttpRequest) -> HttpResponse:
    """The preview of `kind` for the chargers `cp`, or with `all` for all that match the overview's filters."""
    asked = SelectionForm(request.POST if request.method == "POST" else request.GET)
    wanted = asked.action()
    if wanted is None:
        raise Http404
    if not charge_points_for(request.user, wanted.right).exists():
        raise PermissionDenied

    def form(point: ChargePoint, given: QueryDict, is_sent: bool) -> ActionForm:
        return bulk_action_form(wanted, point, given, is_sent=is_sent)

    plan = Plan(
        action=wanted,
        title=wanted.label,
        template="chargepoints/batches/new.html",
        chosen=bulk_chosen(request.user, asked.ids(), asked.everything()),
        usual=usual_pace(wanted),
        form=form,
        hidden=asked.told(),
    )
    return planned(request, plan)
