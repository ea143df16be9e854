"""What is done with a job on its page: notes, completing, activating, archiving."""

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from chargepoints.exceptions import ActionRefused
from chargepoints.views.sites import CONFLICT, INVALID, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from installer.choices import Side
from installer.exceptions import EditConflict
from installer.forms.jobs import CompleteForm, NoteForm
from installer.selectors.jobs import inactive_at
from installer.selectors.problems import problems_of
from installer.services.jobs import job_activate, job_archive, job_complete
from installer.services.notes import note_save
from installer.views.desk.shared import base_of, job_dialog, job_get, job_row_get


@require_http_methods(["GET", "HEAD", "POST"])
def job_note(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The operator's note on a charge point of a job (`pk` is that of its row)."""
    row = job_row_get(request.user, pk)
    note = row.notes.filter(side=Side.OPERATOR).first()
    text = note.text if note else ""
    form = NoteForm(posted(request), initial={"text": text, "seen": text})
    theirs, refusal, status = "", "", 200
    if request.method == "POST":
        status = INVALID
        if form.is_valid():
            try:
                note_save(
                    actor=Actor.asking(request),
                    row=row,
                    text=form.cleaned_data["text"],
                    seen=form.cleaned_data["seen"],
                )
            except EditConflict as conflict:
                theirs, refusal, status = conflict.theirs, str(conflict), CONFLICT
            except ActionRefused as refused:
                refusal, status = str(refused), CONFLICT
            else:
                return to(request, "job", row.job_id)
    more = {"row": row, "form": form, "theirs": theirs, "refusal": refusal}
    return job_dialog(request, row.job, "_note", "Note", status=status, **more)


@require_http_methods(["GET", "HEAD", "POST"])
def job_finish(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The dialog that says what is still wrong; a POST completes the job."""
    found = job_get(request.user, pk, Right.EDIT)
    form = CompleteForm(posted(request), initial={"activate": found.activate_when_complete})
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            done = job_complete(
                actor=Actor.asking(request), job=found, activate=form.cleaned_data["activate"], base=base_of(request)
            )
        except ActionRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"{found} is completed. {_activated(done.activated)}")
            return to(request, "job", pk)
    more = {"form": form, "refusal": refusal, "problems": problems_of(found), "inactive": inactive_at(found)}
    return job_dialog(request, found, "_finish", "Complete", status=CONFLICT if refusal else 200, **more)


@require_http_methods(["GET", "HEAD", "POST"])
def job_activating(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks first; a POST activates what completing has left inactive."""
    found = job_get(request.user, pk, Right.EDIT)
    refusal = ""
    if request.method == "POST":
        try:
            count = job_activate(actor=Actor.asking(request), job=found)
        except ActionRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, _activated(count))
            return to(request, "job", pk)
    more = {"refusal": refusal, "inactive": inactive_at(found)}
    return job_dialog(request, found, "_activate", "Activate", status=CONFLICT if refusal else 200, **more)


@require_http_methods(["GET", "HEAD", "POST"])
def job_put_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks first; a POST archives the job, and its links let nobody in."""
    found = job_get(request.user, pk, Right.EDIT)
    if request.method == "POST":
        job_archive(actor=Actor.asking(request), job=found)
        messages.success(request, f"{found} was archived. It stands under Archived in the list of jobs.")
        return to(request, "jobs")
    return job_dialog(request, found, "_archive", "Archive")


def _activated(count: int) -> str:
    return f"{count} charge point{'' if count == 1 else 's'} became active." if count else "Nothing was inactive."
