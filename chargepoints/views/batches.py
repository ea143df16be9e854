"""Commands for many chargers: their list, one of them, its results as a file, and stopping it or letting it go on."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.exceptions import ActionRefused
from chargepoints.forms.batches import BatchListForm
from chargepoints.models import CommandBatch
from chargepoints.permissions import batches_for
from chargepoints.rendering.batches import batch_line, batch_title, pace_words, parameters_told, results_csv, row_lines
from chargepoints.selectors.batches import (
    batch_again,
    batch_counts,
    batch_is_theirs,
    batch_rows_all,
    batch_rows_for,
    batch_rows_page,
    batches_page,
    time_zone_of,
)
from chargepoints.services.batches import batch_resume, batch_retry, batch_stop
from chargepoints.views import bulk, waves
from chargepoints.views.sites import dialog, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed
from hub.spreadsheets import CSV_TYPE

CONFLICT = 409
NOT_ALL_THEIRS = "This bulk action has chargers that you may not send this to. Ask whoever began it."


@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """Every batch with a charger that the person may see, the newest first; `before` is the cursor of the page."""
    before, _, _ = BatchListForm(request.GET).asked()
    found, following = batches_page(request.user, before)
    counts = batch_counts(request.user, found)
    context = {
        "section": "chargers",
        "lines": [batch_line(batch, counts[batch.pk]) for batch in found],
        "is_moving": any(batch.ended_at is None for batch in found),
        "is_later_page": bool(before),
        "next_page": following,
        "zone": time_zone_of(request.user),
    }
    return render(request, "chargepoints/batches/list.html", context)


@require_safe
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One batch: progress, and each charger; `state` filters them, `after` is the position before the page."""
    found = _get(request, pk)
    _, state, after = BatchListForm(request.GET).asked()
    if state and state not in BatchRowState.values:
        raise Http404
    rows, following = batch_rows_page(batch_rows_for(request.user, found), state, after)
    counts = batch_counts(request.user, [found])[found.pk]
    zone = time_zone_of(request.user)
    may_act = batch_is_theirs(request.user, found)
    again = batch_again(found).count() if may_act else 0
    context = {
        "section": "chargers",
        "line": batch_line(found, counts),
        "batch": found,
        "pace": pace_words(found),
        "told": parameters_told(found),
        "rows": row_lines(found, rows, zone),
        "state": state,
        "is_later_page": bool(after),
        "next_page": following,
        "may_act": may_act,
        "may_stop": found.state in {BatchState.SCHEDULED, BatchState.RUNNING, BatchState.HALTED},
        "again": again if found.state in {BatchState.RUNNING, BatchState.STOPPED, BatchState.FINISHED} else 0,
        "zone": zone,
    }
    return render(request, "chargepoints/batches/page.html", context)


@require_safe
def batch_results(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The chargers of a batch and what became of each, as a CSV file, streamed."""
    found = _get(request, pk)
    _, state, _ = BatchListForm(request.GET).asked()
    pages = batch_rows_all(batch_rows_for(request.user, found), state)
    return StreamingHttpResponse(
        streamed(request, results_csv(found, pages, time_zone_of(request.user))),
        content_type=CSV_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="bulk-{found.kind}-{found.created_at:%Y-%m-%d-%H%M}.csv"',
            "Cache-Control": "no-store",
        },
    )


@require_POST
def batch_stopping(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begin nothing more; what was sent is followed to its end."""

    def stop(found: CommandBatch) -> str:
        stopped, going = batch_stop(batch=found, actor=Actor.asking(request))
        return f"Stopped. Not sent to {stopped}; {going} that had begun {'is' if going == 1 else 'are'} followed on."

    return _act(request, pk, stop)


@require_POST
def batch_retrying(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Try again what has failed."""

    def again(found: CommandBatch) -> str:
        number = batch_retry(batch=found, actor=Actor.asking(request))
        return f"{number} charger{'' if number == 1 else 's'} will be tried again."

    return _act(request, pk, again)


@require_http_methods(["GET", "HEAD", "POST"])
def batch_resuming(request: HtmxHttpRequest, pk: UUID) -> HttpResponse:
    """The dialog that asks why a halted batch may go on; a POST lets it."""
    found = _theirs(request, pk)
    reason, refusal = request.POST.get("reason", "")[:200], ""
    if request.method == "POST":
        try:
            batch_resume(batch=found, actor=Actor.asking(request), reason=reason)
        except ActionRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, "It goes on.")
            return to(request, "batch", found.pk)
    title = batch_title(found)
    context = {"section": "chargers", "batch": found, "title": "Go on", "reason": reason, "refusal": refusal}
    context |= {"back": reverse("batch", args=[pk]), "back_name": title, "batch_title": title}
    return dialog(request, "chargepoints/batches/_resume.html", context, status=CONFLICT if refusal else 200)


def _get(request: HttpRequest, pk: UUID) -> CommandBatch:
    found: CommandBatch = get_object_or_404(batches_for(request.user).select_related("firmware", "author"), pk=pk)
    return found


def _theirs(request: HttpRequest, pk: UUID) -> CommandBatch:
    """The batch if the person may see it. Raises PermissionDenied when it has chargers that they may not command."""
    found = _get(request, pk)
    if not batch_is_theirs(request.user, found):
        raise PermissionDenied(NOT_ALL_THEIRS)
    return found


def _act(request: HttpRequest, pk: UUID, act: Callable[[CommandBatch], str]) -> HttpResponse:
    found = _theirs(request, pk)
    try:
        messages.success(request, act(found))
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("batch", pk=found.pk)


urlpatterns: list[URLPattern] = [
    path("batches/", batches, name="batches"),
    path("batches/new/", bulk.batch_new, name="batch_new"),
    path("batches/<uuid:pk>/", batch, name="batch"),
    path("batches/<uuid:pk>/results.csv", batch_results, name="batch_results"),
    path("batches/<uuid:pk>/stop/", batch_stopping, name="batch_stop"),
    path("batches/<uuid:pk>/retry/", batch_retrying, name="batch_retry"),
    path("batches/<uuid:pk>/resume/", batch_resuming, name="batch_resume"),
    path("firmware/<uuid:pk>/wave/", waves.wave_new, name="firmware_wave"),
]
