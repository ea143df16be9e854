"""The page before a batch: which chargers, which not and why, what is asked; and the batch that comes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from chargepoints.action import Action
from chargepoints.exceptions import ActionRefused
from chargepoints.forms.actions import ActionForm
from chargepoints.forms.batches import TYPED_ABOVE, PaceForm
from chargepoints.models import ChargePoint, FirmwareFile
from chargepoints.pacing import Pace
from chargepoints.rendering.batches import NAMED, left_out
from chargepoints.selectors.batches import time_zone_of
from chargepoints.selectors.bulk import Preview, bulk_preview
from chargepoints.services.batches import MOST_ROWS, batch_create
from hub.http import HtmxHttpRequest, remote_address

CONFLICT, INVALID = 409, 422
OTHERS_NOW = "Other chargers match now than when this page was made. Look at them, and send it again."
TOO_MANY = f"At most {MOST_ROWS:,} chargers at once. Narrow the filters."
Context = dict[str, object]


@dataclass(frozen=True)
class Plan:
    """What a batch would be: of which action, for which chargers, and how its page looks.

    `form` makes the action's own form from a charger, from what was given, and from whether it was sent.
    """

    action: Action
    title: str
    template: str
    chosen: QuerySet[ChargePoint]
    usual: Pace
    form: Callable[[ChargePoint, QueryDict, bool], ActionForm]
    hidden: Sequence[tuple[str, str]] = ()
    firmware: FirmwareFile | None = None
    misfit: Callable[[ChargePoint], str] | None = None
    more: Context = field(default_factory=dict)


def planned(request: HtmxHttpRequest, plan: Plan) -> HttpResponse:
    """The page with its preview; for htmx only the preview. A POST makes the batch and goes to its page."""
    zone = time_zone_of(request.user)
    is_sent = request.method == "POST"
    given = request.POST if is_sent else request.GET
    with timezone.override(zone):
        pacing = PaceForm(given, usual=plan.usual, can_wait=plan.action.can_wait, zone=zone)
        preview = bulk_preview(request.user, plan.chosen, plan.action, pacing.pace(), plan.misfit)
        form = _form(plan, preview, given, is_sent)
        refusal, status = "", 200
        if is_sent and form is not None:
            refusal, status = _refusal(pacing, form, preview)
            if not refusal and status == 200:
                try:
                    return _made(request, plan, preview, pacing, form)
                except ActionRefused as reason:
                    refusal, status = str(reason), CONFLICT
        elif is_sent:
            status = INVALID
        return _page(request, plan, preview, pacing, form, refusal, status, zone)


def _form(plan: Plan, preview: Preview, given: QueryDict, is_sent: bool) -> ActionForm | None:
    """The action's own form, by the charger with the most connectors of those that it goes to."""
    points = ChargePoint.objects.filter(pk__in=[target.pk for target in preview.going])
    most = Coalesce(Max("connectors__number"), 0)
    point = points.annotate(most=most).prefetch_related("connectors").order_by("-most", "pk").first()
    return plan.form(point, given, is_sent) if point is not None else None


def _refusal(pacing: PaceForm, form: ActionForm, preview: Preview) -> tuple[str, int]:
    is_good = form.is_valid()
    if not pacing.is_bound or not pacing.is_valid() or not is_good:
        return "", INVALID
    if preview.total > MOST_ROWS:
        return TOO_MANY, CONFLICT
    if pacing.cleaned_data["seen"] != preview.digest:
        return OTHERS_NOW, CONFLICT
    if len(preview.going) > TYPED_ABOVE and pacing.cleaned_data["count"] != preview.total:
        pacing.add_error("count", f"Type {preview.total}, the number of chosen chargers.")
        return "", INVALID
    return "", 200


def _made(request: HtmxHttpRequest, plan: Plan, preview: Preview, pacing: PaceForm, form: ActionForm) -> HttpResponse:
    assert request.user.is_authenticated
    assert preview.organisation is not None
    batch = batch_create(
        organisation=preview.organisation,
        kind=plan.action.kind,
        parameters=form.parameters(),
        charge_points=[target.pk for target in preview.going],
        left_out={target.pk: target.why for target in preview.left_out},
        pace=pacing.pace(),
        author=request.user,
        author_address=remote_address(request),
        reason=form.cleaned_data["reason"],
        firmware=plan.firmware,
    )
    number = len(preview.going)
    messages.success(request, f"{plan.title}: begun for {number} charger{'' if number == 1 else 's'}.")
    return redirect("batch", pk=batch.pk)


def _page(
    request: HtmxHttpRequest,
    plan: Plan,
    preview: Preview,
    pacing: PaceForm,
    form: ActionForm | None,
    refusal: str,
    status: int,
    zone: str,
) -> HttpResponse:
    context: Context = {
        "section": "chargers",
        "plan": plan,
        "action": plan.action,
        "preview": preview,
        "named": preview.going[:NAMED],
        "unnamed": max(len(preview.going) - NAMED, 0),
        "left_out": left_out(preview.left_out),
        "pacing": pacing,
        "form": form,
        "fields": [form[name] for name in form.fields if name not in ActionForm.base_fields] if form else [],
        "refusal": refusal or (TOO_MANY if preview.total > MOST_ROWS else ""),
        "is_typed": len(preview.going) > TYPED_ABOVE,
        "zone": zone,
        "here": request.path,
        **plan.more,
    }
    is_part = request.htmx and request.method != "POST" and not request.htmx.history_restore_request
    name = "chargepoints/batches/_preview.html" if is_part else plan.template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
