"""What the installer changes: sent by the page's script under a key of its own, or by a plain form."""

import uuid

from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from installer.rendering.page import Fault, job_view
from installer.services.edits import DONE, WRONG, Answer, Edit, edit_apply
from installer.views.public.gate import AWAY, LinkRequest, by_link, page, see_other

KEY = "Idempotency-Key"
NOT_A_KEY = "The change has no key of its own. Load the page again."
LATER = "It could not be stored just now. It is sent again."
TRY_AGAIN = "It could not be stored just now. Go back and try again."
# Where the sentence stands, and which of its texts was typed, by kind of edit.
TYPED = {"identity": "value", "connector": "value", "note": "text", "skip": "reason"}
# Where the sentence stands, when it is not named as the edit.
BESIDE = {"photo-removed": "photo"}


@by_link
@require_POST
def job_edits(request: LinkRequest, token: str) -> HttpResponse:
    """Apply one edit once. JSON for the script; a plain form is led back to its charge point, or told beside the field.

    The same key again gets the same answer, marked as a replay.
    """
    fields = {name: str(value) for name, value in request.POST.items()}
    edit = Edit(fields.pop("kind", ""), number_of(fields.pop("row", "")), fields)
    told = request.headers.get(KEY)
    key = str(uuid.uuid4()) if told is None else key_of(told)
    try:
        answer = _answer(request, key, edit)
    except OperationalError:
        return away(told, LATER)
    return plain_answer(request, token, edit, answer) if told is None else json_answer(answer)


def _answer(request: LinkRequest, key: str, edit: Edit) -> Answer:
    if not key:
        return Answer(WRONG, {"error": NOT_A_KEY})
    return edit_apply(link=request.link, actor=request.actor, key=key, edit=edit)


def away(told: str | None, say: str) -> HttpResponse:
    """For a dead-lock, or a database that is away: nothing is stored, so the same may come again."""
    headers = {"Retry-After": "5"}
    if told is None:
        return HttpResponse(f"{TRY_AGAIN}\n", "text/plain", AWAY, headers=headers)
    return JsonResponse({"error": say}, status=AWAY, headers=headers)


def json_answer(answer: Answer) -> HttpResponse:
    """For the page's script."""
    response = JsonResponse(dict(answer.body), status=answer.http_status)
    if answer.is_replay:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def plain_answer(request: LinkRequest, token: str, edit: Edit, answer: Answer) -> HttpResponse:
    """For a browser without script: back to the charge point, or the page with the sentence beside its field."""
    if answer.http_status == DONE:
        return see_other("job_page", token, anchor=f"row-{edit.row_id}")
    typed = edit.fields.get(TYPED.get(edit.kind, ""), "").replace("\x00", "")
    fault = Fault(edit.row_id, BESIDE.get(edit.kind, edit.kind), str(answer.body.get("error", "")), typed)
    request.link.job.refresh_from_db()
    view = job_view(request.link.job, token, fault=fault)
    is_beside = view.is_workable and any(row.faults for row in view.rows)
    context = {"view": view, "link": request.link, "refused": True, "fault": None if is_beside else fault}
    return page("job", context, answer.http_status)


def number_of(text: str) -> int:
    """The number of a row; 0, which none has, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def key_of(told: str) -> str:
    """A UUID in one spelling; empty for what is none."""
    try:
        return str(uuid.UUID(told.strip())) if len(told) <= 64 else ""
    except ValueError:
        return ""
